import { expect, test } from "bun:test";
import { SqliteConnection } from "./connection.ts";
import { IdTakenError, isTaken } from "./id-taken.ts";

test("an id that is taken is told apart from what else a database refuses", () => {
  const db = new SqliteConnection(":memory:", "create");
  db.run("CREATE TABLE x (id TEXT NOT NULL PRIMARY KEY, other TEXT UNIQUE) WITHOUT ROWID");
  const thrownBy = (sql: string): unknown => {
    try {
      db.run(sql);
    } catch (error) {
      return error;
    }
    return undefined;
  };
  db.run("INSERT INTO x VALUES ('a', 'b')");
  expect(isTaken(thrownBy("INSERT INTO x VALUES ('a', 'c')"))).toBe(true);
  expect(isTaken(thrownBy("INSERT INTO x VALUES ('c', 'b')"))).toBe(false);
  expect(isTaken(thrownBy("INSERT INTO nowhere VALUES (1)"))).toBe(false);
  expect([isTaken(new IdTakenError("a")), isTaken(undefined)]).toEqual([true, false]);
  db.close();
});
