// A SQLite database of the user's own: statements as steps, and `ctx.transaction` for exactly once.
import { action, database, defineService } from "@sluice/sdk";
import type { SqliteDatabase } from "@sluice/sdk";
import { z } from "zod";

const busyTimeoutMs = 5_000;
const rowsMax = 10_000;

const statement = z.object({ sql: z.string().min(1), params: z.array(z.unknown()).default([]) });

/** What a parameter of a statement may be. */
export type SqliteValue = string | number | bigint | Uint8Array | null;

/** The connection that `ctx.transaction` hands over, whichever module made it. */
export interface SqliteConnection extends SqliteDatabase {
  /** Compiles a statement: `get` answers with its first row, `all` with every one, `run` executes it for its effect. */
  prepare(sql: string): {
    get(...params: SqliteValue[]): unknown;
    run(...params: SqliteValue[]): unknown;
    all(...params: SqliteValue[]): unknown[];
  };
  close(): void;
}

/** A file with a SQLite database, by `bun:sqlite`, or `node:sqlite` where there is no Bun. */
export const sqlite = defineService({
  id: "sqlite",
  name: "SQLite",
  version: "1.0.0",
  config: z.object({ file: z.string().min(1) }),
  setup: async ({ config, onStop, onHealth }) => {
    const db = await connect(config.file);
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA busy_timeout = ${busyTimeoutMs}; PRAGMA foreign_keys = ON`);
    // Transactions have a connection of their own: other statements stay out of them.
    const transactions = await connect(config.file);
    transactions.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}; PRAGMA foreign_keys = ON`);
    onStop(() => db.close());
    onStop(() => transactions.close());
    onHealth(() => db.prepare("SELECT 1").get());
    return {
      [database]: transactions,
      query: action({
        input: statement,
        run: ({ sql, params }) => {
          const rows = db.prepare(sql).all(...(params as SqliteValue[])) as Record<string, unknown>[];
          if (rows.length > rowsMax) throw new RangeError(`The query has more than ${rowsMax} rows: add a LIMIT.`);
          return rows.map((row) => ({ ...row }));
        },
      }),
      execute: action({
        input: statement,
        run: ({ sql, params }) => {
          const { changes } = db.prepare(sql).run(...(params as SqliteValue[])) as {
            readonly changes: number | bigint;
          };
          return { changes: Number(changes) };
        },
      }),
    };
  },
});

async function connect(file: string): Promise<SqliteConnection> {
  if ("Bun" in globalThis) {
    const { Database } = await import("bun:sqlite");
    return new Database(file, { create: true });
  }
  const { DatabaseSync } = await import("node:sqlite");
  return new DatabaseSync(file);
}
