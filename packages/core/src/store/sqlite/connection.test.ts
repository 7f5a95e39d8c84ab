import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { SqliteConnection } from "./connection.ts";
import { lazily } from "./statement.ts";
import { withFolders } from "./sqlite-store.fixture.suite.ts";

const folders = withFolders();

test("a closed file is free at once, however many statements were in use", () => {
  const file = join(folders.next(), "a.db");
  const db = new SqliteConnection(file, "create");
  db.run("PRAGMA journal_mode = WAL");
  db.run("CREATE TABLE a (x)");
  const insert = lazily(db, "INSERT INTO a VALUES (?)");
  for (let i = 0; i < 50; i++) insert().run(i);
  lazily(db, "SELECT x FROM a")().get();
  for (let i = 0; i < 50; i++) expect(db.rows<{ n: number }>(`SELECT ${i} AS n`)).toEqual([{ n: i }]);
  expect(existsSync(`${file}-wal`)).toBe(true);
  db.close();
  // The last connection to go moves the log into the file and removes it.
  expect(existsSync(`${file}-wal`)).toBe(false);
});

test("a file is made only when that was asked for, and read-only means so", () => {
  const file = join(folders.next(), "a.db");
  expect(() => new SqliteConnection(file, "write")).toThrow("unable to open");
  expect(() => new SqliteConnection(file, "read")).toThrow("unable to open");
  const db = new SqliteConnection(file, "create");
  db.run("CREATE TABLE a (x)");
  db.close();
  const reader = new SqliteConnection(file, "read");
  expect(() => reader.run("INSERT INTO a VALUES (1)")).toThrow("readonly");
  reader.close();
});

test("statements that are kept are compiled once, the last of them only, and end with the connection", () => {
  const file = join(folders.next(), "kept.db");
  const db = new SqliteConnection(file, "create");
  const first = db.kept<{ n: number }>("SELECT 1 AS n");
  expect(db.kept("SELECT 1 AS n")).toBe(first);
  expect(first.all()).toEqual([{ n: 1 }]);
  for (let i = 2; i < 50; i++) expect(db.kept<{ n: number }>(`SELECT ${i} AS n`).all()).toEqual([{ n: i }]);
  expect(() => first.all()).toThrow();
  const last = db.kept("SELECT 49 AS n");
  db.close();
  expect(() => last.all()).toThrow();
});
