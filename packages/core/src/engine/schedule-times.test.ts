import { describe, expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import type { ScheduledRun } from "../kernel/run-figures.ts";
import { parseCron } from "./cron.ts";
import { scheduleTimes, type TimedSchedule, type TimesAsked } from "./schedule-times.ts";

const minute = 60_000;
const hour = 60 * minute;
/** Noon of a day. */
const noon = Date.UTC(2026, 5, 1, 12);

function schedule(id: string, cron: string, more: Partial<TimedSchedule["record"]> = {}, keptFrom = 0): TimedSchedule {
  const parsed = parseCron(cron, "UTC");
  if (!parsed.ok) throw new Error(parsed.message);
  const rule = { catchUp: "skip", catchUpMax: 1, overlap: "allow", jitterMs: 0, source: "code" } as const;
  const record = { id, workflow: "w", cron, timezone: "UTC", input: encodeValue(null), paused: false, ...rule };
  return {
    record: { ...record, createdAt: noon - 9 * hour, handledUntil: noon, ...more },
    cron: parsed.cron,
    keptFrom,
  };
}

function run(of: string, nominalAt: number, lateMs = 0): ScheduledRun {
  const id = `${of}@${(nominalAt - noon) / minute}`;
  return { run: id, schedule: of, workflow: "w", status: "completed", nominalAt, createdAt: nominalAt + lateMs };
}

/** `[schedule, minutes after noon, status]`. */
function times(p: Partial<TimesAsked>): readonly unknown[][] {
  const asked = {
    schedules: [],
    runs: [],
    from: noon - 3 * hour,
    to: noon + 3 * hour,
    graceMs: 5_000,
    limit: 100,
    ...p,
  };
  const found = scheduleTimes(asked);
  expect(found.more).toBe(false);
  return found.times.map(({ schedule: of, at, status }) => [of, (at - noon) / minute, status]);
}

describe("times of schedules", () => {
  test("past ones have runs, in time or late, or were missed; the coming ones follow", () => {
    const runs = [run("s", noon - 2 * hour, 4_000), run("s", noon, 7 * minute)];
    expect(times({ schedules: [schedule("s", "0 * * * *")], runs })).toEqual([
      ["s", -180, "missed"],
      ["s", -120, "completed"],
      ["s", -60, "missed"],
      ["s", 0, "caught_up"],
      ["s", 60, "coming"],
      ["s", 120, "coming"],
    ]);
    const [late] = scheduleTimes({
      schedules: [],
      runs: [run("s", noon, hour)],
      from: 0,
      to: noon + 1,
      graceMs: 1,
      limit: 1,
    }).times;
    expect(late).toMatchObject({ run: "s@0", runStatus: "completed", status: "caught_up" });
  });

  test("one that waits for a limit is held, not missed", () => {
    const waits = { ...schedule("s", "0 * * * *"), held: new Set([noon - hour]) };
    expect(times({ schedules: [waits], to: noon })).toEqual([
      ["s", -180, "missed"],
      ["s", -120, "missed"],
      ["s", -60, "held"],
    ]);
  });

  test("one that is paused has none to come, and none that went by since", () => {
    const paused = schedule("s", "0 * * * *", { paused: true, handledUntil: noon - 90 * minute });
    expect(times({ schedules: [paused] })).toEqual([
      ["s", -180, "missed"],
      ["s", -120, "missed"],
    ]);
  });

  test("nothing is said to be missed from before there was the schedule, its runs were deleted, or it had other times", () => {
    const young = schedule("young", "0 * * * *", { createdAt: noon - 2 * hour });
    expect(times({ schedules: [young], to: noon })).toEqual([["young", -60, "missed"]]);
    expect(times({ schedules: [schedule("s", "0 * * * *", {}, noon - 90 * minute)], to: noon })).toEqual([
      ["s", -60, "missed"],
    ]);
    const runs = [run("s", noon - 150 * minute), run("s", noon - 90 * minute), run("s", noon - hour)];
    expect(times({ schedules: [schedule("s", "0 * * * *")], runs, to: noon + 1 })).toEqual([
      ["s", -150, "completed"],
      ["s", -90, "completed"],
      ["s", -60, "completed"],
      ["s", 0, "missed"],
    ]);
  });

  test("several schedules are told together, also runs of those that are gone", () => {
    const schedules = [schedule("a", "0 * * * *"), schedule("b", "30 * * * *")];
    const runs = [run("gone", noon - 45 * minute), run("b", noon - 30 * minute)];
    expect(times({ schedules, runs, from: noon - hour, to: noon + hour + 1 })).toEqual([
      ["a", -60, "missed"],
      ["gone", -45, "completed"],
      ["b", -30, "completed"],
      ["a", 0, "missed"],
      ["b", 30, "coming"],
      ["a", 60, "coming"],
    ]);
  });

  test("past the limit there are more, and nothing is judged of which the runs are not known", () => {
    const asked = { from: noon - 3 * hour, to: noon + 99 * hour, graceMs: 5_000 };
    const often = [schedule("s", "* * * * * *")];
    const coming = scheduleTimes({ ...asked, schedules: often, runs: [], from: noon + 1, limit: 50 });
    expect(coming.more).toBe(true);
    expect(coming.times).toHaveLength(50);
    const runs = Array.from({ length: 4 }, (_, i) => run("s", noon - (9 - i) * minute));
    const cut = scheduleTimes({
      ...asked,
      schedules: [schedule("s", "* * * * *")],
      runs,
      from: noon - 9 * minute,
      limit: 3,
    });
    expect(cut.more).toBe(true);
    expect(cut.times.map(({ status }) => status)).toEqual(["completed", "completed", "completed"]);
  });
});
