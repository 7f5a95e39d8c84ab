import { expect, test } from "bun:test";
import { ada, engine, start } from "../run-store.fixture.suite.ts";
import { Change } from "./change.ts";
import { insertRun } from "./creation.ts";
import { readiness } from "./run-row.ts";
import { newRun, withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();
const insert = (id: string, more: object = {}, claim = false) => {
  const cx = new Change(bench.on.t, start);
  const inserted = insertRun(cx, {
    by: ada,
    run: newRun(id, more),
    now: start,
    ...(claim ? { claim: { owner: engine } } : {}),
  });
  bench.on.t.runs.endVerb();
  return inserted;
};
const ready = (id: string) => bench.on.t.runs.get(id)?.ready;

test("a new run is claimable, held back by its serial key, or neither", () => {
  insert("r1", { serialKey: "s" });
  insert("r2", { serialKey: "s" });
  insert("r3", { dueAt: start + 1 });
  insert("r4", {}, true);
  expect(["r1", "r2", "r3", "r4"].map(ready)).toEqual([
    readiness.claimable,
    readiness.held,
    readiness.no,
    readiness.no,
  ]);
});

test("a run that was created earlier than those in line goes before them", () => {
  insert("r1", { serialKey: "s", createdAt: start + 10 });
  insert("r2", { serialKey: "s", createdAt: start + 5 });
  expect([ready("r1"), ready("r2")]).toEqual([readiness.held, readiness.claimable]);
});

test("a taken id or key leaves nothing of the new run", () => {
  insert("r1", { key: "k" });
  const before = bench.on.changes;
  expect(insert("r1", { timeoutAt: start + 5, tags: ["a"] })).toEqual({ outcome: "id_taken", id: "r1" });
  expect(insert("r2", { key: "k" })).toEqual({ outcome: "existing", id: "r1" });
  expect(insert("r2", { key: "k", inputHash: "other" })).toEqual({ outcome: "conflict", id: "r1" });
  expect(bench.on.changes).toBe(before);
});
