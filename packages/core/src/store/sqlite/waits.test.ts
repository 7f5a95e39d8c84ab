import { expect, test } from "bun:test";
import { start } from "../run-store.fixture.suite.ts";
import { runTimerSeqs, WaitTable } from "./waits.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("who waited first is served first, also after a restart", () => {
  const before = bench.on.t.waits;
  before.put({ run: "r9", seq: 0, kind: "lock", ref: "l" }, start);
  before.put({ run: "r5", seq: 0, kind: "lock", ref: "l" }, start);
  const after = new WaitTable(bench.on.db);
  after.put({ run: "r1", seq: 0, kind: "lock", ref: "l" }, start + 1);
  expect(after.on("l", "lock").map(({ run }) => run)).toEqual(["r9", "r5", "r1"]);
  expect(after.oldestOn("l", "lock")?.run).toBe("r9");
  expect(after.oldestOn("l", "child")).toBeUndefined();
});

test("what is due at the same time comes in the order in which it was asked for", () => {
  const { waits } = bench.on.t;
  for (const run of ["b", "c", "a"]) waits.put({ run, seq: 0, kind: "sleep", due: start + 1 }, start);
  waits.put({ run: "d", seq: 0, kind: "sleep", due: start }, start);
  expect(waits.due(start + 1, 9).map(({ run }) => run)).toEqual(["d", "b", "c", "a"]);
  expect(waits.due(start + 1, 2).map(({ run }) => run)).toEqual(["d", "b"]);
  expect(waits.count("a")).toBe(1);
  waits.put({ run: "a", seq: runTimerSeqs.timeout, kind: "timeout", due: start + 9 }, start);
  expect(waits.count("a")).toBe(1);
  expect(waits.count("nobody")).toBe(0);
});
