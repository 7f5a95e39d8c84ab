// Rows from one database to another, in pages, going on where a copy was broken off.
import { afterEach, expect, test } from "bun:test";
import { SqliteConnection } from "../sqlite/connection.ts";
import { migrate } from "../sqlite/migrate.ts";
import { contentOf, copyTable, tablesOf } from "./copy.ts";

const opened: SqliteConnection[] = [];
afterEach(() => {
  for (const db of opened.splice(0)) db.close();
});

function database(): SqliteConnection {
  const db = new SqliteConnection(":memory:", "create");
  migrate(db);
  opened.push(db);
  return db;
}

function withState(count: number): SqliteConnection {
  const db = database();
  const insert = db.kept("INSERT INTO state (scope, key, value, version, expires_at) VALUES (?, ?, ?, ?, ?)");
  for (let n = 0; n < count; n++)
    insert.run(n % 2 === 0 ? "global" : "a\u0000b", `k${n}`, new Uint8Array([n & 255]), n, null);
  return db;
}

function tableOf(db: SqliteConnection, name: string) {
  const table = tablesOf(db).find((each) => each.name === name);
  if (table === undefined) throw new Error(`there is no table ${name}`);
  return table;
}

test("every table is copied with all its rows, in pages, and the two are the same", () => {
  const [from, to] = [withState(1_203), database()];
  const pages: number[] = [];
  for (const table of tablesOf(from))
    copyTable(from, to, { table, copied: (rows) => void (table.name === "state" && pages.push(rows)) });
  expect(pages).toEqual([500, 500, 203]);
  for (const table of tablesOf(from))
    expect([table.name, contentOf(to, table)]).toEqual([table.name, contentOf(from, table)]);
  expect(contentOf(to, tableOf(to, "state")).rows).toBe(1_203);
  expect(to.rows("SELECT value FROM meta")).toEqual(from.rows("SELECT value FROM meta"));
});

test("a copy that was broken off goes on behind the last row that is there", () => {
  const [from, to] = [withState(1_000), database()];
  const table = tableOf(from, "state");
  const broken = () =>
    copyTable(from, to, {
      table,
      copied: () => {
        throw new Error("power cut");
      },
    });
  expect(broken).toThrow("power cut");
  expect(contentOf(to, table).rows).toBe(500);
  const rest: number[] = [];
  copyTable(from, to, { table, copied: (rows) => void rest.push(rows) });
  expect(rest).toEqual([500]);
  expect(contentOf(to, table)).toEqual(contentOf(from, table));
});

test("a row that differs in one byte, or in its kind, shows", () => {
  const [one, other] = [withState(3), withState(3)];
  const table = tableOf(one, "state");
  expect(contentOf(one, table)).toEqual(contentOf(other, table));
  other.run("UPDATE state SET value = x'07' WHERE key = 'k1'");
  expect(contentOf(one, table).sha256).not.toBe(contentOf(other, table).sha256);
  other.run("UPDATE state SET value = x'01', expires_at = 0 WHERE key = 'k1'");
  expect(contentOf(one, table).sha256).not.toBe(contentOf(other, table).sha256);
});
