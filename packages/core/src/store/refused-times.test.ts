import { expect, test } from "bun:test";
import type { NewRun } from "../kernel/run-store.ts";
import { dueTimes, isLastOnly, turnedAway, wantedTimes } from "./refused-starts.ts";

const run = (id: string) => ({ id }) as NewRun;
const p = (overlap: "allow" | "skip" | "cancel" | "queue", more: object = {}) =>
  ({ runs: [run("a"), run("b"), run("c")], times: [1, 2, 3], overlap, ...more }) as unknown as Parameters<
    typeof dueTimes
  >[0];

test("of held times those count that still are held, of others all", () => {
  expect(dueTimes(p("allow"), () => false).map(({ time }) => time)).toEqual([1, 2, 3]);
  expect(dueTimes(p("allow", { held: true }), (time) => time === 2).map(({ run: { id } }) => id)).toEqual(["b"]);
  expect(dueTimes(p("allow", { held: true, times: undefined }), () => true)).toEqual([]);
});

test("overlap skip wants the last, and none while a run goes on; skip and cancel know one time only", () => {
  const due = dueTimes(p("skip"), () => true);
  expect(wantedTimes(p("skip"), due, false).map(({ time }) => time)).toEqual([3]);
  expect(wantedTimes(p("skip"), due, true)).toEqual([]);
  expect(wantedTimes(p("cancel"), due, true)).toHaveLength(3);
  expect((["allow", "queue", "skip", "cancel"] as const).map((overlap) => isLastOnly(p(overlap)))).toEqual([
    false,
    false,
    true,
    true,
  ]);
});

test("what is held is not skipped", () => {
  expect(turnedAway(p("allow"), 1, undefined)).toEqual({ skipped: 2 });
  const refused = { count: 2, retryAt: 9 };
  expect(turnedAway(p("allow"), 1, refused)).toEqual({ skipped: 0, refused });
});
