import { expect, test } from "bun:test";
import type { SqliteConnection } from "./connection.ts";
import { join } from "node:path";
import { openReader, openWriter, sqliteLimits } from "./database.ts";
import { withFolders } from "./sqlite-store.fixture.suite.ts";

const folders = withFolders();
const pragma = (db: SqliteConnection, name: string) => db.query(`PRAGMA ${name}`).values()[0]?.[0];

test("a commit is synced unless the durability is relaxed", () => {
  for (const [durability, synchronous] of [
    ["full", 2],
    ["relaxed", 1],
  ] as const) {
    const db = openWriter({ file: join(folders.next(), "state.db"), durability, limits: sqliteLimits });
    expect(pragma(db, "synchronous")).toBe(synchronous);
    expect(pragma(db, "journal_mode")).toBe("wal");
    expect(pragma(db, "auto_vacuum")).toBe(2);
    expect(pragma(db, "user_version")).toBeGreaterThan(0);
    expect(pragma(db, "journal_size_limit")).toBe(sqliteLimits.walKeptBytes);
    db.close();
  }
});

test("a reader sees what is committed and cannot write", () => {
  const settings = { file: join(folders.next(), "state.db"), durability: "full", limits: sqliteLimits } as const;
  const writer = openWriter(settings);
  const reader = openReader(settings);
  const versions = () => reader.query("SELECT version FROM versions").values();
  writer.run("BEGIN IMMEDIATE");
  writer.run("INSERT INTO versions VALUES ('v1', 1, x'00')");
  expect(versions()).toEqual([]);
  writer.run("COMMIT");
  expect(versions()).toEqual([["v1"]]);
  expect(() => reader.run("DELETE FROM versions")).toThrow("readonly");
  reader.close();
  writer.close();
});
