// Lists for people go by indexes, in bounded pages.
import { expect, test } from "bun:test";
import { idle, waitFor } from "../../run-store.fixture.suite.ts";
import { withBench } from "../sqlite-store.fixture.suite.ts";
import { listWaits, newestRunsSql, scheduledQuery, waitsForSql, waitsSql } from "./lists.ts";

const bench = withBench();

function planOf(sql: string, values: readonly (string | number)[]): string {
  const rows = bench.on.db.rows<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...values);
  return rows.map(({ detail }) => detail).join("\n");
}

test("every list goes by an index, in its order", () => {
  const access = { workflows: ["billing/*", "order", "*x"] };
  const interval = { from: 0, to: 86_400_000 };
  expect(planOf(newestRunsSql, ["w", 1, "r", 9])).toMatch(/SEARCH runs USING INDEX runs_by_workflow.*$/);
  const scheduled = scheduledQuery({ ...interval, limit: 9, access });
  expect(planOf(scheduled.sql, scheduled.values)).not.toMatch(/SCAN|TEMP B-TREE/);
  expect(planOf(waitsSql, ["", -1, 9])).toContain("USING INDEX waits_for_events ((ref,no)>(?,?))");
  expect(planOf(waitsForSql, ["paid", -1, 9])).toContain("USING INDEX waits_for_events (ref=? AND no>?)");
  for (const sql of [waitsSql, waitsForSql]) expect(planOf(sql, ["", -1, 9])).not.toContain("TEMP B-TREE");
});

test("a page of waits does not look for what may be seen among all that may not", () => {
  const { on } = bench;
  for (let i = 0; i < 5_000; i++) {
    on.hot(`r${i}`, { workflow: i === 4_999 ? "seen" : "order" });
    on.append(`r${i}`, waitFor(0, "paid"), idle());
  }
  const p = { event: "paid", access: { workflows: ["seen"] }, limit: 9 };
  const first = listWaits(on.db, p);
  expect(first.waits).toEqual([]);
  expect(listWaits(on.db, { ...p, cursor: first.next }).waits).toMatchObject([{ run: "r4999" }]);
});
