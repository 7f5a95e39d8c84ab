// What the figures of this adapter stand on: counts that are those of the rows whatever happens, and indexes for every read.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { hourMs } from "../../../kernel/run-figures.ts";
import { ada, done, fail, finish, idle, start, value, waitFor } from "../../run-store.fixture.suite.ts";
import { Connection } from "../connection.ts";
import { migrate, migrations } from "../migrate.ts";
import { openSqliteStore } from "../sqlite-run-store.ts";
import {
  appending,
  creation,
  kept,
  newRun,
  unexpected,
  withBench,
  withFolders,
  writerOn,
} from "../sqlite-store.fixture.suite.ts";
import { listWaits, newestRunsSql, scheduledQuery, waitsForSql, waitsSql } from "./lists.ts";
import { counted, recount } from "./recount.suite.ts";
import { needsQueries, newestSql, statisticsQuery } from "./statistics.ts";

const folders = withFolders();
const bench = withBench();

test("counts are those of the rows after kill -9", async () => {
  const file = join(folders.next(), "state.db");
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "recount.suite.ts"), file], {
    stdout: "pipe",
    stderr: "inherit",
  });
  let said = "";
  for await (const chunk of child.stdout) {
    said += new TextDecoder().decode(chunk);
    if (said.split("\n").length > 12) break;
  }
  child.kill("SIGKILL");
  await child.exited;
  // What is in the log belongs to the database: opening it takes it over.
  await (await openSqliteStore({ file, onFatal: unexpected })).close();
  const db = new Connection(file, "read");
  expect(db.rows<{ n: number }>("SELECT count(*) AS n FROM runs")[0]?.n).toBeGreaterThanOrEqual(550);
  expect(counted(db)).toEqual(recount(db));
  db.close();
});

test("a verb that fails in a batch counts nothing, the others count", () => {
  const { db, writer } = writerOn(folders.next());
  const broken = ["createRun", { by: ada, run: { ...newRun("r3"), input: { no: "bytes" } }, now: start }];
  const reply = writer.run([...creation("r1"), ...appending("r1", [finish()]), ...broken, ...creation("r2")]);
  expect(reply.failures).toHaveLength(1);
  expect(db.rows("SELECT id FROM runs ORDER BY id")).toEqual([{ id: "r1" }, { id: "r2" }]);
  expect(counted(db)).toEqual(recount(db));
  kept(writer.run(appending("r2", [fail()])));
  expect(counted(db)).toEqual(recount(db));
  writer.close();
});

test("an older database gets the figures of the runs in it", () => {
  const db = new Connection(":memory:", "create");
  migrate(db, migrations.slice(0, 2));
  const insert =
    db.compile(`INSERT INTO runs (id, workflow, version, status, ready, epoch, flags, priority, created_at, due_at,
    ended_at, by_kind, by_id, last_event, input) VALUES (?, ?, 'v', ?, ?, 0, 0, 0, ?, 0, ?, 'user', 'a', 0, x'00')`);
  for (let i = 0; i < 300; i++) {
    const status = ["completed", "failed", "queued", "waiting"][i % 4] ?? "";
    const createdAt = start + i * 100_000;
    insert.run(`r${i}`, `w${i % 3}`, status, i % 8 === 2 ? 1 : 0, createdAt, i % 4 < 2 ? createdAt + i ** 3 : null);
  }
  migrate(db);
  expect(counted(db)).toEqual(recount(db));
  db.close();
});

test("every read goes by an index", () => {
  const { db } = bench.on;
  const plan = (sql: string, values: readonly (string | number)[] = []): string =>
    db
      .rows<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...values)
      .map(({ detail }) => detail)
      .join("\n");
  const access = { workflows: ["billing/*", "order", "*x"] };
  const range = { workflows: ["billing/*"] };
  const asked = [{}, { access, approvals: access }, { access: range, approvals: range }];
  for (const p of asked.map((each) => ({ failedSince: 1, ...each }))) {
    const { failed, blocked, approvals } = needsQueries(p);
    expect(plan(failed.sql, failed.values)).toContain("USING COVERING INDEX runs_failed (ended_at>?");
    expect(plan(blocked.sql, blocked.values)).toContain("USING COVERING INDEX runs_blocked");
    expect(plan(approvals.sql, approvals.values)).toMatch(/USING COVERING INDEX tokens_(open|by_status) \(kind=\?/);
  }
  const interval = { from: 0, to: 24 * hourMs };
  for (const p of [interval, { ...interval, each: true }, { ...interval, access }]) {
    const { sql, values } = statisticsQuery(p);
    expect(plan(sql, values)).toContain("USING PRIMARY KEY (hour>? AND hour<?)");
  }
  const one = statisticsQuery({ ...interval, workflow: "order" });
  expect(plan(one.sql, one.values)).toContain("USING PRIMARY KEY (hour=? AND workflow=?)");
  expect(plan(newestSql, ["w"])).toContain("USING COVERING INDEX runs_by_workflow (workflow=?)");
  expect(plan(newestRunsSql, ["w", 1, "r", 9])).toMatch(/SEARCH runs USING INDEX runs_by_workflow.*$/);
  const scheduled = scheduledQuery({ ...interval, limit: 9, access });
  expect(plan(scheduled.sql, scheduled.values)).not.toMatch(/SCAN|TEMP B-TREE/);
  expect(plan(waitsSql, ["", -1, 9])).toContain("USING INDEX waits_for_events ((ref,no)>(?,?))");
  expect(plan(waitsForSql, ["paid", -1, 9])).toContain("USING INDEX waits_for_events (ref=? AND no>?)");
  for (const sql of [waitsSql, waitsForSql]) expect(plan(sql, ["", -1, 9])).not.toContain("TEMP B-TREE");
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

test("a change of many runs costs few rows", () => {
  const { db, writer } = writerOn(folders.next());
  const before = db.rows<{ n: number }>("SELECT total_changes() AS n")[0]?.n ?? 0;
  const batch = Array.from({ length: 200 }, (_, i) => [
    ...creation(`r${i}`, { input: value(i) }),
    ...appending(`r${i}`, [done(0, i), finish()]),
  ]).flat();
  kept(writer.run(batch));
  const after = db.rows<{ n: number }>("SELECT total_changes() AS n")[0]?.n ?? 0;
  // Each run: itself, its step, its end. Figures: created, ended, and how many are completed now.
  expect(after - before).toBe(200 * 3 + 3);
  writer.close();
});
