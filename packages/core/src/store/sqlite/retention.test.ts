import { expect, test } from "bun:test";
import { engineItself } from "../../kernel/inner-actor.ts";
import { ada, approval, done, finish, log, sleep, start, waitFor } from "../run-store.fixture.suite.ts";
import { beyondSql, firstBeyondSql, listRetentionsSql, oldRunsSql } from "./retention.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();
const tables = ["runs", "run_tags", "run_logs", "entries", "waits", "consumed", "tokens"];
const rows = () => Object.fromEntries(tables.map((table) => [table, bench.on.one(`SELECT count(*) FROM ${table}`)]));

test("nothing of a deleted run is left in any table", () => {
  bench.on.hot("r1", { tags: ["a", "b"], timeoutAt: start + 5 });
  bench.on.verb("emitEvent", { by: ada, name: "go", payload: new Uint8Array([1]), now: start });
  bench.on.append("r1", done(0), sleep(1, start + 9), waitFor(2, "go"), approval(3, "t1"), log("x"), finish());
  expect(rows()).toMatchObject({ runs: 1, run_tags: 2, run_logs: 1, consumed: 1, tokens: 1 });
  bench.on.verb("deleteRuns", { by: ada, runs: ["r1"], now: start });
  expect(rows()).toEqual(Object.fromEntries(tables.map((table) => [table, 0])));
});

test("a run that is both too old and too many is counted once", () => {
  for (const id of ["r1", "r2", "r3"]) {
    bench.on.hot(id);
    bench.on.append(id, finish());
    bench.on.now++;
  }
  const purge = { by: engineItself, workflow: "order", endedBefore: start + 100, keep: 1, limit: 2 };
  expect(bench.on.verb("purgeRuns", purge)).toEqual({ deleted: 2 });
  expect(bench.on.verb("purgeRuns", purge)).toEqual({ deleted: 1 });
});

test("what is let go is found in the index of ends, and the workflows by stepping from name to name", () => {
  const plan = (sql: string) =>
    (bench.on.db.query(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]).map(({ detail }) => detail);
  for (const sql of [oldRunsSql, firstBeyondSql, beyondSql]) {
    expect(plan(sql).join()).toContain("runs_by_end");
    expect(plan(sql).join()).not.toContain("TEMP B-TREE");
  }
  const steps = plan(listRetentionsSql).join();
  expect(steps).not.toContain("SCAN runs");
  expect(steps.match(/SEARCH runs USING COVERING INDEX runs_by_workflow/g)).toHaveLength(2);
});
