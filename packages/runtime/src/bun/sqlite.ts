// SQLite on Bun.

import { Database } from "bun:sqlite";
import { failureOf } from "../failure.ts";
import { CachedDatabase } from "../sqlite.ts";
import type { SqliteProvider, SqliteRow, SqliteStatement, SqliteValue } from "../sqlite.ts";

function statementOf(database: Database, sql: string): SqliteStatement {
  const statement = database.prepare<SqliteRow, SqliteValue[]>(sql);
  return {
    run: (...values) => {
      const { changes, lastInsertRowid } = statement.run(...values);
      return { changes, lastInsertRowid: BigInt(lastInsertRowid) };
    },
    get: (...values) => statement.get(...values) ?? undefined,
    all: (...values) => statement.all(...values),
  };
}

function versionOf(): string {
  const memory = new Database(":memory:");
  const { version } = memory.query("SELECT sqlite_version() AS version").get() as { readonly version: string };
  memory.close();
  return version;
}

/** SQLite on Bun. */
export function bunSqlite(): SqliteProvider {
  return {
    libraryVersion: versionOf(),
    open: (path, options = {}) => {
      try {
        const readonly = options.readonly === true;
        const database = new Database(path, {
          ...(readonly ? { readonly } : { readwrite: true, create: true }),
          safeIntegers: options.bigints === true,
        });
        const driver = {
          prepare: (sql: string) => statementOf(database, sql),
          exec: (sql: string) => void database.run(sql),
          close: () => database.close(),
        };
        return new CachedDatabase(driver, options);
      } catch (error) {
        throw failureOf(error, `opening ${path}`);
      }
    },
  };
}
