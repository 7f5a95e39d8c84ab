import { expect, test } from "bun:test";
import { start } from "../../run-store.fixture.suite.ts";
import { withBench } from "../sqlite-store.fixture.suite.ts";

const bench = withBench();

test("a page of deliveries, and letting go of them, follow an index", () => {
  const { db, deliveries } = bench.on.t;
  const plan = (sql: string) =>
    db
      .rows<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
      .map(({ detail }) => detail)
      .join("\n");
  expect(plan("SELECT id FROM deliveries WHERE trigger_id = 'a' AND id < 'z' ORDER BY id DESC LIMIT 5")).toContain(
    "deliveries_by_trigger (trigger_id=? AND id<?)",
  );
  expect(plan("SELECT id FROM deliveries WHERE workflow = 'a' ORDER BY id DESC LIMIT 5")).toContain(
    "deliveries_by_workflow (workflow=?)",
  );
  expect(deliveries.sweep({ before: start, keep: 1, limit: 9 })).toBe(0);
});
