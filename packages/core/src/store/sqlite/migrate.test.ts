import { expect, test } from "bun:test";
import { Connection } from "./connection.ts";
import { migrate, migrations, readSchemaVersion } from "./migrate.ts";

const names = (db: Connection) =>
  db
    .query("SELECT name FROM sqlite_schema ORDER BY name")
    .values()
    .map(([name]) => name);

test("an empty database gets every step, and is then left alone", () => {
  const db = new Connection(":memory:", "create");
  migrate(db);
  expect(readSchemaVersion(db)).toBe(migrations.length);
  const before = names(db);
  expect(before).toContain("entries");
  migrate(db);
  expect(names(db)).toEqual(before);
});

test("only the steps that are missing are applied, all of them or none", () => {
  const db = new Connection(":memory:", "create");
  migrate(db, ["CREATE TABLE a (x)"]);
  migrate(db, ["CREATE TABLE a (x)", "CREATE TABLE b (x)"]);
  expect([names(db), readSchemaVersion(db)]).toEqual([["a", "b"], 2]);
  const broken = ["-", "-", "CREATE TABLE c (x)", "CREATE TABLE a (x)"];
  expect(() => migrate(db, broken)).toThrow("already exists");
  expect([names(db), readSchemaVersion(db)]).toEqual([["a", "b"], 2]);
});

test("a newer database is refused", () => {
  const db = new Connection(":memory:", "create");
  db.run(`PRAGMA user_version = ${migrations.length + 1}`);
  expect(() => migrate(db)).toThrow("was written by a newer version");
});
