// Counts for people are read from indexes: they take as long with a million runs as with a few.
import { expect, test } from "bun:test";
import { hourMs } from "../../../kernel/run-figures.ts";
import { withBench } from "../sqlite-store.fixture.suite.ts";
import { countNeeds, needsQueries, newestSql, statisticsQuery } from "./statistics.ts";

const bench = withBench();

function planOf(sql: string, values: readonly (string | number)[]): string {
  const rows = bench.on.db.rows<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...values);
  return rows.map(({ detail }) => detail).join("\n");
}

test("every read goes by an index", () => {
  const access = { workflows: ["billing/*", "order", "*x"] };
  const range = { workflows: ["billing/*"] };
  const asked = [{}, { access, approvals: access }, { access: range, approvals: range }];
  for (const p of asked.map((each) => ({ failedSince: 1, ...each }))) {
    const { failed, blocked, approvals } = needsQueries(p);
    expect(planOf(failed.sql, failed.values)).toContain("USING COVERING INDEX runs_failed (ended_at>?");
    expect(planOf(blocked.sql, blocked.values)).toContain("USING COVERING INDEX runs_blocked");
    expect(planOf(approvals.sql, approvals.values)).toMatch(/USING COVERING INDEX tokens_(open|by_status) \(kind=\?/);
  }
  const interval = { from: 0, to: 24 * hourMs };
  for (const p of [interval, { ...interval, each: true }, { ...interval, access }]) {
    const { sql, values } = statisticsQuery(p);
    expect(planOf(sql, values)).toContain("USING PRIMARY KEY (hour>? AND hour<?)");
  }
  const one = statisticsQuery({ ...interval, workflow: "order" });
  expect(planOf(one.sql, one.values)).toContain("USING PRIMARY KEY (hour=? AND workflow=?)");
  expect(planOf(newestSql, ["w"])).toContain("USING COVERING INDEX runs_by_workflow (workflow=?)");
});

test("who may see nothing is told so without a look", () => {
  const none = { workflows: [] };
  const nothing = { approvals: 0, failed: 0, blocked: {} };
  expect(countNeeds(bench.on.db, { failedSince: 0, access: none, approvals: none })).toEqual(nothing);
});
