// Counts are those of the rows whatever happens: a process that is killed, a batch that fails, a database from before.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { ada, done, fail, finish, start, value } from "../../run-store.fixture.suite.ts";
import { SqliteConnection } from "../connection.ts";
import { migrate, migrations } from "../migrate.ts";
import { openSqliteStore } from "../sqlite-run-store.ts";
import { appending, creation, kept, newRun, unexpected, withFolders, writerOn } from "../sqlite-store.fixture.suite.ts";
import { counted, recount } from "./recount.suite.ts";

const folders = withFolders();

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
  const db = new SqliteConnection(file, "read");
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
  const db = new SqliteConnection(":memory:", "create");
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
