// What `sluice schedule` prints of schedules.
import { expect, test } from "bun:test";
import { schedulesText } from "./schedule.ts";
import type { ScheduleView } from "./schedule.ts";

const report: ScheduleView = {
  id: "report:0",
  workflow: "report",
  cron: "* * * * *",
  timezone: "UTC",
  catchUp: "all",
  overlap: "allow",
  paused: true,
  nextAt: null,
  waiting: null,
};

test("a schedule says how many of its times wait for a limit", () => {
  const [, none, some] = schedulesText([report, { ...report, waiting: { count: 17, retryAt: 0 } }]);
  expect(none?.split(/ {2,}/)[5]).toBe("-");
  expect(some?.split(/ {2,}/)[5]).toBe("17");
  expect(schedulesText([])).toEqual(["No schedules."]);
});
