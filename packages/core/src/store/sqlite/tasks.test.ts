// Tasks in SQLite: the shared suite has their meaning; here is what only this adapter could get wrong.
import { expect, test } from "bun:test";
import { listTasks } from "./tasks.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("open tasks are found by an index of their own, however many other waits there are", () => {
  const { t } = bench.on;
  const plan = t.db.rows<{ detail: string }>(
    "EXPLAIN QUERY PLAN SELECT * FROM waits INDEXED BY waits_of_tasks WHERE kind = 'task' AND no > 0 ORDER BY no LIMIT 10",
  );
  expect(plan.map(({ detail }) => detail).join()).toContain("waits_of_tasks (no>?)");
  expect(listTasks(t.db, { limit: 10 })).toEqual([]);
});
