import { describe, expect, test } from "bun:test";
import { approval, done, fail, finish, idle, log, sleep, start, started, undoing } from "../run-store.fixture.suite.ts";
import { engineItself } from "../../kernel/inner-actor.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

describe("what a run costs in rows", () => {
  const bench = withBench();
  const rowsOf = (work: () => unknown): number => {
    const before = bench.on.changes;
    work();
    return bench.on.changes - before;
  };

  test("is one for its creation, one for each step and one for its end", () => {
    expect(rowsOf(() => bench.on.hot("r1"))).toBe(1);
    expect(rowsOf(() => bench.on.append("r1", done(0)))).toBe(1);
    expect(rowsOf(() => bench.on.append("r1", done(1), done(2)))).toBe(2);
    expect(rowsOf(() => bench.on.append("r1", done(3), finish()))).toBe(2);
  });

  test("grows by a wait and a note of it", () => {
    bench.on.hot("r1");
    expect(rowsOf(() => bench.on.append("r1", sleep(0, start + 100), idle("sleeping")))).toBe(3);
    bench.on.now = start + 100;
    expect(rowsOf(() => bench.on.verb("fireTimers", { by: engineItself, now: start + 100, limit: 9 }))).toBe(3);
    expect(rowsOf(() => bench.on.append("r1", finish()))).toBe(1);
  });
});

describe("append", () => {
  const bench = withBench();

  test("answers briefly when nobody else is concerned", () => {
    bench.on.hot("r1");
    expect(bench.on.append("r1", done(0))).toEqual({
      events: [{ event: "settle", seq: 0, ord: 1, status: "completed", at: start }],
      status: "running",
    });
    // The caller has the results of a run that ends: only its workflow is told.
    expect(bench.on.append("r1", finish("big"))).toEqual({ events: [], status: "completed", workflow: "order" });
  });

  test("leaves nothing of an undoing run's waits", () => {
    bench.on.hot("r1", { timeoutAt: start + 900 });
    bench.on.append("r1", started(0), done(0, 1, { undo: true }), sleep(1, start + 100), approval(2, "t1"));
    bench.on.append("r1", undoing());
    expect(bench.on.one("SELECT count(*) FROM waits")).toBe(0);
    bench.on.append("r1", log("bye"), fail());
    expect(bench.on.t.runs.get("r1")?.undos).toBe(1);
  });

  test("counts the steps with an undo once each", () => {
    bench.on.hot("r1");
    bench.on.append(
      "r1",
      started(0),
      started(0, 2),
      done(0, 1, { undo: true, attempt: 2 }),
      done(1, 1, { undo: true }),
    );
    expect(bench.on.t.runs.get("r1")?.undos).toBe(2);
  });
});
