// SQLite: values, the cache of statements, transactions.

import { deepEqual, equal, ok, throws } from "node:assert/strict";
import type { SqliteDatabase, SqliteProvider } from "../sqlite.ts";
import type { Test } from "./case.suite.ts";
import { codeOf } from "./case.suite.ts";

function withTable(sqlite: SqliteProvider): SqliteDatabase {
  const database = sqlite.open(":memory:");
  database.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, v)");
  return database;
}

const countOf = (database: SqliteDatabase) => database.prepare("SELECT count(*) AS n FROM t").get()?.["n"];

export function sqliteCases(test: Test): void {
  test("sqlite: values come back as they went in", ({ runtime: { sqlite } }) => {
    const database = withTable(sqlite);
    const values = [null, 0, -5, 1.5, "", "naïve ✓", 2 ** 53 - 1];
    const insert = database.prepare("INSERT INTO t (v) VALUES (?)");
    const results = values.map((value) => insert.run(value));
    deepEqual(results.at(-1), { changes: 1, lastInsertRowid: BigInt(values.length) });
    deepEqual(
      database
        .prepare("SELECT v FROM t ORDER BY id")
        .all()
        .map(({ v }) => v),
      values,
    );
    insert.run(new Uint8Array([0, 255, 1]));
    const { v } = database.prepare("SELECT v FROM t WHERE id = ?").get(values.length + 1) ?? {};
    ok(v instanceof Uint8Array);
    deepEqual([...v], [0, 255, 1]);
    equal(database.prepare("SELECT v FROM t WHERE id = 99").get(), undefined);
    deepEqual(database.prepare("SELECT v FROM t WHERE id = 99").all(), []);
    deepEqual(database.prepare("UPDATE t SET v = 1 WHERE id < 4").run().changes, 3);
    database.close();
  });

  test("sqlite: text with a NUL is kept whole, or refused where the runtime would cut it", async ({
    runtime: { sqlite },
  }) => {
    const database = withTable(sqlite);
    const write = () => database.prepare("INSERT INTO t (v) VALUES (?)").run("a\0b");
    const code = await codeOf(write);
    if (code === undefined) equal(database.prepare("SELECT v FROM t").get()?.["v"], "a\0b");
    else deepEqual([code, countOf(database)], ["bad_argument", 0]);
    database.close();
  });

  test("sqlite: integers of 64 bits are exact where they were asked for", ({ runtime: { sqlite } }) => {
    const database = sqlite.open(":memory:", { bigints: true });
    database.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, v)");
    database.prepare("INSERT INTO t VALUES (?, ?)").run(1, 9223372036854775807n);
    deepEqual({ ...database.prepare("SELECT * FROM t").get() }, { id: 1n, v: 9223372036854775807n });
    database.close();
  });

  test("sqlite: the statement of a text is prepared once, within a limit", ({ runtime: { sqlite } }) => {
    const database = sqlite.open(":memory:", { statementsMax: 2 });
    const one = database.prepare("SELECT 1 AS v");
    const two = database.prepare("SELECT 2 AS v");
    equal(database.prepare("SELECT 1 AS v"), one);
    database.prepare("SELECT 3 AS v");
    equal(database.prepare("SELECT 1 AS v"), one);
    ok(database.prepare("SELECT 2 AS v") !== two, "the one used longest ago was let go");
    equal(two.get()?.["v"], 2);
    database.close();
  });

  test("sqlite: a transaction is all or nothing, and what throws passes through", ({ runtime: { sqlite } }) => {
    const database = withTable(sqlite);
    const insert = database.prepare("INSERT INTO t (v) VALUES (?)");
    equal(
      database.transaction(() => insert.run(1).changes),
      1,
    );
    const problem = new Error("mine");
    throws(
      () =>
        database.transaction(() => {
          insert.run(2);
          throw problem;
        }),
      problem,
    );
    equal(countOf(database), 1);
    for (let round = 0; round < 3; round++) database.transaction(() => void insert.run(round));
    equal(countOf(database), 4);
    database.close();
  });

  test("sqlite: a transaction within another can be taken back alone", ({ runtime: { sqlite } }) => {
    const database = withTable(sqlite);
    const insert = database.prepare("INSERT INTO t (v) VALUES (?)");
    database.transaction(() => {
      insert.run("outer");
      throws(() =>
        database.transaction(() => {
          insert.run("inner");
          database.transaction(() => void insert.run("innermost"));
          throw new Error("take back");
        }),
      );
      database.transaction(() => void insert.run("kept"));
    });
    deepEqual(
      database
        .prepare("SELECT v FROM t ORDER BY id")
        .all()
        .map(({ v }) => v),
      ["outer", "kept"],
    );
    database.close();
  });

  test("sqlite: a file outlives its connection, and one opened to read cannot write", async ({
    runtime: { sqlite },
    folder,
  }) => {
    const path = `${folder}/a.db`;
    const first = sqlite.open(path);
    equal(first.pragma("journal_mode = wal"), "wal");
    first.exec("CREATE TABLE t (v); INSERT INTO t VALUES ('kept'); INSERT INTO t VALUES ('too')");
    first.close();
    const reader = sqlite.open(path, { readonly: true });
    deepEqual(
      reader
        .prepare("SELECT v FROM t")
        .all()
        .map(({ v }) => v),
      ["kept", "too"],
    );
    equal(await codeOf(() => reader.prepare("INSERT INTO t VALUES (1)").run()), "io_failed");
    reader.close();
    equal(await codeOf(() => sqlite.open(`${folder}/none/a.db`)), "io_failed");
  });

  test("sqlite: what it refuses is a failure with its own words", async ({ runtime: { sqlite } }) => {
    const database = withTable(sqlite);
    equal(await codeOf(() => database.prepare("SELEC 1")), "io_failed");
    throws(() => database.prepare("SELECT * FROM none").all(), /no such table/);
    database.prepare("INSERT INTO t VALUES (1, 1)").run();
    throws(() => database.prepare("INSERT INTO t VALUES (1, 1)").run(), /UNIQUE/);
    equal(database.pragma("user_version"), 0);
    database.pragma("user_version = 7");
    equal(database.pragma("user_version"), 7);
    database.close();
    equal(await codeOf(() => database.prepare("SELECT 1").get()), "io_failed");
  });
}
