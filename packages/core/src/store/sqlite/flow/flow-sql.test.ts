// Whatever is asked while runs begin and end goes by a key or an index, in its order: with 100,000 runs as with ten.
import { expect, test } from "bun:test";
import { withBench } from "../sqlite-store.fixture.suite.ts";
import { flowSql } from "./flow-sql.ts";

const bench = withBench();

/** Those that only people and the cleaning ask, and tables of one row for each queue or workflow. */
const seldom = new Set(["openLines", "queues", "queueWorkflows", "sweep", "sweepGates"]);

test("every statement goes by a key or an index", () => {
  for (const [name, sql] of Object.entries(flowSql)) {
    if (seldom.has(name) || /^(?:INSERT (?:OR \w+ )?INTO \w+ \([^)]*\)\s+VALUES)/.test(sql)) continue;
    const values = Array.from({ length: (sql.match(/\?/g) ?? []).length }, () => "1");
    const plan = bench.on.db.rows<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...values);
    const details = plan.map(({ detail }) => detail).join("; ");
    expect({ name, plan: details.replaceAll("SCAN CONSTANT ROW", "") }).toEqual({
      name,
      plan: expect.not.stringMatching(/SCAN(?! flow_shares USING INDEX| flow_gates USING COVERING INDEX)|TEMP B-TREE/),
    });
  }
});

test("the first of a share or of those a gate has blocked is found by its index", () => {
  const planOf = (sql: string, ...values: string[]): string =>
    bench.on.db
      .rows<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...values)
      .map(({ detail }) => detail)
      .join("; ");
  expect(planOf(flowSql.firstOpen, "s")).toContain("flow_lines_open (share=?)");
  expect(planOf(flowSql.firstBlocked, "g")).toContain("flow_lines_blocked (blocked=?)");
  expect(planOf(flowSql.firstShare)).toContain("flow_shares_by_turn");
  expect(planOf(flowSql.firstIn, "l")).toContain("flow_places_by_line (line=?)");
});
