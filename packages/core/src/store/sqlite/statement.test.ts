import { expect, test } from "bun:test";
import { SqliteConnection } from "./connection.ts";
import { lazily, marks } from "./statement.ts";

test("a statement is compiled when it is first used, and then kept", () => {
  const db = new SqliteConnection(":memory:", "create");
  const broken = lazily(db, "SELECT * FROM nowhere");
  expect(() => broken()).toThrow("no such table");
  const one = lazily<{ one: number }>(db, "SELECT 1 AS one");
  expect(one()).toBe(one());
  expect(one().get()).toEqual({ one: 1 });
});

test("marks stand for a list of values, an empty one too", () => {
  expect([marks(0), marks(1), marks(3)]).toEqual(["", "?", "?, ?, ?"]);
  const db = new SqliteConnection(":memory:", "create");
  expect(db.query(`SELECT 1 AS n WHERE 5 IN (${marks(0)})`).all()).toEqual([]);
});
