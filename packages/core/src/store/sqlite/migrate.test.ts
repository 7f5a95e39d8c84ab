import { expect, test } from "bun:test";
import { SqliteConnection } from "./connection.ts";
import { migrate, migrations, readSchemaVersion } from "./migrate.ts";

const names = (db: SqliteConnection) =>
  db
    .query("SELECT name FROM sqlite_schema ORDER BY name")
    .values()
    .map(([name]) => name);

test("an empty database gets every step, and is then left alone", () => {
  const db = new SqliteConnection(":memory:", "create");
  migrate(db);
  expect(readSchemaVersion(db)).toBe(migrations.length);
  const before = names(db);
  expect(before).toContain("entries");
  migrate(db);
  expect(names(db)).toEqual(before);
});

test("only the steps that are missing are applied, all of them or none", () => {
  const db = new SqliteConnection(":memory:", "create");
  migrate(db, ["CREATE TABLE a (x)"]);
  migrate(db, ["CREATE TABLE a (x)", "CREATE TABLE b (x)"]);
  expect([names(db), readSchemaVersion(db)]).toEqual([["a", "b"], 2]);
  const broken = ["-", "-", "CREATE TABLE c (x)", "CREATE TABLE a (x)"];
  expect(() => migrate(db, broken)).toThrow("already exists");
  expect([names(db), readSchemaVersion(db)]).toEqual([["a", "b"], 2]);
});

test("a newer database is refused", () => {
  const db = new SqliteConnection(":memory:", "create");
  db.run(`PRAGMA user_version = ${migrations.length + 1}`);
  expect(() => migrate(db)).toThrow("was written by a newer version");
});

test("a database of the first version gets all that came later, and keeps its runs", () => {
  const db = new SqliteConnection(":memory:", "create");
  migrate(db, migrations.slice(0, 1));
  const insert = `INSERT INTO runs (id, workflow, version, status, ready, epoch, flags, priority, created_at, due_at,
    by_kind, by_id, last_event, input) VALUES ('r1', 'order', 'v1', 'failed', 0, 1, 0, 0, 1, 1, 'user', 'ada', 0, x'c0')`;
  db.run(insert);
  migrate(db);
  expect(db.query("SELECT id FROM runs WHERE status = 'failed' AND status <> 'completed'").values()).toEqual([["r1"]]);
  const fresh = new SqliteConnection(":memory:", "create");
  migrate(fresh);
  expect(names(db)).toEqual(names(fresh));
  const instance = (of: SqliteConnection) => of.query("SELECT value FROM meta WHERE name = 'instance'").values();
  expect(instance(db)).not.toEqual(instance(fresh));
  expect(String(instance(db)[0])).toMatch(/^[0-9a-f]{32}$/);
});
