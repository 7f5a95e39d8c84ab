import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inTransaction, openToWrite, storageFailure } from "./database.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-logdb-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const schema = "CREATE TABLE IF NOT EXISTS t (x INTEGER) STRICT";

describe("a file of logs", () => {
  test("syncs every commit, and can be opened again", () => {
    const db = openToWrite(join(folder, "a.db"), schema);
    expect(db.sql<{ synchronous: number }>("PRAGMA synchronous").get()?.synchronous).toBe(2);
    expect(db.sql<{ journal_mode: string }>("PRAGMA journal_mode").get()?.journal_mode).toBe("wal");
    db.sql("INSERT INTO t VALUES (?)").run(1);
    db.close();
    const again = openToWrite(join(folder, "a.db"), schema);
    expect(again.sql<{ x: number }>("SELECT x FROM t").all()).toEqual([{ x: 1 }]);
    again.close();
  });

  test("takes all of a transaction or nothing", () => {
    const db = openToWrite(join(folder, "b.db"), schema);
    const work = (): void => {
      db.sql("INSERT INTO t VALUES (?)").run(1);
      throw new Error("half way");
    };
    expect(() => inTransaction(db, work)).toThrow("half way");
    expect(db.sql("SELECT x FROM t").all()).toEqual([]);
    db.close();
  });
});

test("a full disk is told apart from a broken one", () => {
  const thrown = (code: string): Error => Object.assign(new Error("no"), { code });
  expect(storageFailure(thrown("SQLITE_FULL")).code).toBe("disk_full");
  expect(storageFailure(thrown("ENOSPC")).code).toBe("disk_full");
  expect(storageFailure(thrown("SQLITE_IOERR")).code).toBe("store_failed");
});
