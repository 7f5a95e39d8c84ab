// When each task ran.
import { expect, test } from "bun:test";
import { Timeline } from "./timeline.ts";

function made(): Timeline {
  let now = 0;
  const timeline = new Timeline(() => now);
  for (const [at, what, id] of [
    [1, "started", "a"],
    [2, "started", "b"],
    [5, "ended", "a"],
    [6, "started", "c"],
    [8, "ended", "b"],
    [9, "ended", "c"],
  ] as const) {
    now = at;
    timeline[what](id);
  }
  return timeline;
}

test("as a trace tasks that overlap are in other lanes", () => {
  const { traceEvents } = made().trace() as {
    readonly traceEvents: readonly {
      readonly name: string;
      readonly tid: number;
      readonly ts: number;
      readonly dur: number;
      readonly ph: string;
    }[];
  };
  expect(traceEvents.map(({ name, tid, ts, dur, ph }) => [name, tid, ts, dur, ph])).toEqual([
    ["a", 1, 1000, 4000, "X"],
    ["b", 2, 2000, 6000, "X"],
    ["c", 1, 6000, 3000, "X"],
  ]);
});

test("a summary counts, and says when each ran", () => {
  const task = {
    status: "completed",
    cache: "miss",
    hash: "h",
    gives: "",
    durationMs: 4,
    savedMs: 0,
    exitCode: 0,
    why: null,
  } as const;
  const tasks = [
    { ...task, id: "a" },
    { ...task, id: "b", status: "failed" as const },
    { ...task, id: "h", cache: "hit" as const },
    { ...task, id: "s", status: "skipped" as const },
  ];
  const summary = made().summary({ id: "run_1", status: "failed", command: "sluice build", elapsedMs: 9, tasks });
  expect(summary).toMatchObject({
    id: "run_1",
    execution: { attempted: 3, cached: 1, failed: 1, success: 2, elapsedMs: 9, status: "failed" },
  });
  expect(summary).toMatchObject({
    tasks: [{ id: "a", startMs: 1, endMs: 5 }, { id: "b", startMs: 2, endMs: 8 }, { id: "h", startMs: null }, {}],
  });
});
