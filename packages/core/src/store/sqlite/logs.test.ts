import { expect, test } from "bun:test";
import { log } from "../run-store.fixture.suite.ts";
import { insertLogSql } from "./logs.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("lines are numbered in each run by themselves", () => {
  bench.on.hot("r1");
  bench.on.hot("r2");
  bench.on.append("r1", log("a"), log("b"));
  bench.on.append("r2", log("c"));
  bench.on.append("r1", log("d"));
  expect(bench.on.column("SELECT run || line || message FROM run_logs ORDER BY run, line")).toEqual([
    "r11a",
    "r12b",
    "r13d",
    "r21c",
  ]);
});

test("a line is compared with those of its key only, however many the run has", () => {
  const plan = bench.on.db.query(`EXPLAIN QUERY PLAN ${insertLogSql}`).all() as { detail: string }[];
  expect(plan.map(({ detail }) => detail).join("\n")).toContain("run_logs_by_key (run=? AND key=?)");
});
