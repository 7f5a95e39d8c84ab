// What follows from the tasks of a build: its longest way, its times, its share of hits.
import { describe, expect, test } from "bun:test";
import { criticalPath, hitRatio, timesOf } from "./words.ts";
import type { Build, Task } from "./words.ts";

function task(id: string, more: Partial<Task> = {}): Task {
  return {
    id,
    target: "build",
    status: "completed",
    worker: null,
    epoch: 1,
    package: id,
    folder: id,
    command: "x",
    dependencies: [],
    expectedMs: null,
    cache: "miss",
    hash: null,
    startedAt: null,
    endedAt: null,
    durationMs: 10,
    savedMs: null,
    exitCode: 0,
    why: null,
    reasons: null,
    ...more,
  };
}

describe("the critical path", () => {
  test("is the longest way, by what tasks took or took before", () => {
    const tasks = [
      task("a", { durationMs: 5 }),
      task("b", { durationMs: 30 }),
      task("c", { dependencies: ["a", "b"], durationMs: null, expectedMs: 7 }),
      task("d", { dependencies: ["a"], durationMs: 20 }),
    ];
    expect(criticalPath(tasks)).toEqual({ ids: new Set(["c", "b"]), ms: 37 });
  });

  test("passes over what came from the cache", () => {
    const tasks = [task("a", { cache: "hit", durationMs: 0, expectedMs: 900 }), task("b", { dependencies: ["a"] })];
    expect(criticalPath(tasks)).toEqual({ ids: new Set(["b"]), ms: 10 });
    expect(criticalPath([task("a", { cache: "hit" })])).toEqual({ ids: new Set(), ms: 0 });
  });
});

describe("the times", () => {
  test("are shares of the whole, of what was executed only, with how much went on at once", () => {
    const { bars, spanMs, atOnce } = timesOf(
      [
        task("late", { startedAt: 150, endedAt: 200 }),
        task("hit", { cache: "hit", startedAt: 100, endedAt: 900 }),
        task("early", { startedAt: 100, endedAt: 200 }),
        task("waits", { status: "queued", cache: null }),
      ],
      0,
    );
    expect(bars.map(({ task: { id }, from, width }) => [id, from, width])).toEqual([
      ["early", 0, 1],
      ["late", 0.5, 0.5],
    ]);
    expect([spanMs, atOnce]).toEqual([100, 1.5]);
  });

  test("go on with what is being executed, and are nothing where nothing was", () => {
    expect(timesOf([task("a", { startedAt: 100, cache: null })], 160).spanMs).toBe(60);
    expect(timesOf([task("a")], 0)).toEqual({ bars: [], spanMs: 0, atOnce: 0 });
  });
});

test("the share of hits is none where nothing could be one", () => {
  const build = (hits: number, executed: number): Build => ({ cache: { hits, executed, savedMs: 0 } }) as Build;
  expect([hitRatio(build(3, 1)), hitRatio(build(0, 0)), hitRatio({ cache: null } as Build)]).toEqual([
    0.75,
    null,
    null,
  ]);
});
