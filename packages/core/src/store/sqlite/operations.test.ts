import { expect, test } from "bun:test";
import { ada, done, fail, failed, start, started, undoing, undone } from "../run-store.fixture.suite.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("a retry counts the undos that are left", () => {
  bench.on.hot("r1");
  bench.on.append("r1", started(0), done(0, 1, { undo: true }), started(1), done(1, 1, { undo: true }), failed(2));
  bench.on.append("r1", undoing(), undone(1), fail(2));
  expect(bench.on.t.runs.get("r1")?.undos).toBe(2);
  bench.on.verb("retryRun", { by: ada, run: "r1", now: start });
  expect(bench.on.t.runs.get("r1")).toMatchObject({ undos: 1, generation: 1 });
});

test("a retry whose cause was an undone step takes it out once", () => {
  bench.on.hot("r1");
  bench.on.append("r1", started(0), failed(0, "no", { undo: true }), undoing(), undone(0), fail(0));
  bench.on.verb("retryRun", { by: ada, run: "r1", now: start });
  expect(bench.on.one("SELECT count(*) FROM entries")).toBe(0);
  expect(bench.on.column("SELECT ready FROM runs")).toEqual([1]);
});
