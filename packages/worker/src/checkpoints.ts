// Exactly once in the user's own database: the result of a step is written in the transaction of its effect. Whoever executes the
// step again, after a crash between that commit and the journal's, finds the result and leaves the effect alone.
import { decodeValue, encodeValue, SluiceError } from "@sluice/protocol";
import type { PostgresDatabase, SqliteDatabase } from "@sluice/sdk";
import { CheckpointKeeping } from "./checkpoint-keeping.ts";
import type { CheckpointRow, CheckpointTable } from "./checkpoint-keeping.ts";
import type { WorkerClock } from "./clock.ts";
import type { PastRuns } from "./past-runs.ts";
import type { Redactor } from "./redactor.ts";

export interface CheckpointOptions {
  readonly clock: Pick<WorkerClock, "now">;
  readonly redactor: Redactor;
  readonly past: Pick<PastRuns, "of" | "passed">;
}

/** One step that is to take place in a database. */
export interface CheckpointedStep {
  /** The same whenever the step is executed again. */
  readonly key: string;
  /** Called with the connection inside the transaction. */
  readonly body: (tx: never) => unknown;
}

const sqlite = {
  create: `CREATE TABLE IF NOT EXISTS sluice_checkpoints (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL,
    at INTEGER NOT NULL) WITHOUT ROWID`,
  index: "CREATE INDEX IF NOT EXISTS sluice_checkpoints_at ON sluice_checkpoints (at)",
  get: "SELECT value FROM sluice_checkpoints WHERE key = ?",
  put: "INSERT INTO sluice_checkpoints (key, value, at) VALUES (?, ?, ?)",
  old: `SELECT json_group_array(json_object('key', key, 'at', at)) AS found FROM (SELECT key, at FROM sluice_checkpoints
    WHERE at < ? AND (at, key) > (?, ?) ORDER BY at, key LIMIT ?)`,
  delete: "DELETE FROM sluice_checkpoints WHERE key = ?",
} as const;

/** Values travel as hex: every driver has text. */
const postgres = {
  create: `CREATE TABLE IF NOT EXISTS sluice_checkpoints (key TEXT NOT NULL PRIMARY KEY, value BYTEA, at BIGINT NOT NULL)`,
  claim: "INSERT INTO sluice_checkpoints (key, at) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING RETURNING key",
  get: "SELECT encode(value, 'hex') AS value FROM sluice_checkpoints WHERE key = $1",
  put: "UPDATE sluice_checkpoints SET value = decode($2, 'hex') WHERE key = $1",
  old: `SELECT key, at::text AS at FROM sluice_checkpoints WHERE at < $1 AND (at, key) > ($2, $3) ORDER BY at, key LIMIT $4`,
  delete: "DELETE FROM sluice_checkpoints WHERE key = $1",
} as const;

/** What of a connection to PostgreSQL is used here. */
interface PostgresTx {
  unsafe(sql: string, params?: readonly unknown[]): PromiseLike<readonly Readonly<Record<string, unknown>>[]>;
}

/**
 * Codes (SQLSTATE) of two that make the same table at the same time: unique_violation, duplicate_table, and duplicate_object, since a
 * table comes with a type of its name.
 */
const madeMeanwhile = new Set(["23505", "42P07", "42710"]);

export class Checkpoints {
  readonly #options: CheckpointOptions;
  /** A connection to SQLite has one transaction at a time: who comes later waits. */
  readonly #turns = new WeakMap<object, Promise<unknown>>();
  readonly #prepared = new WeakSet();
  readonly #keeping: CheckpointKeeping;

  constructor(options: CheckpointOptions) {
    this.#options = options;
    this.#keeping = new CheckpointKeeping(options.past, options.clock);
  }

  /** The engine's answer to which runs are over. */
  passed(answer: Parameters<PastRuns["passed"]>[0]): void {
    this.#options.past.passed(answer);
  }

  /** Executes the step in a transaction of the database, unless that has been done; the result either way. */
  async run(db: unknown, step: CheckpointedStep): Promise<unknown> {
    if (isPostgres(db)) {
      const result = await this.#inPostgres(db, step);
      this.#look(db, inPostgres(db));
      return result;
    }
    if (isSqlite(db)) {
      const result = await this.#inTurn(db, () => this.#inSqlite(db, step));
      this.#look(db, {
        old: (p) => this.#inTurn(db, async () => oldInSqlite(db, p)),
        delete: (keys) => this.#inTurn(db, async () => deleteInSqlite(db, keys)),
      });
      return result;
    }
    throw new SluiceError({
      code: "bad_request",
      message: "ctx.transaction got something that is no database.",
      hint: "Pass a connection of bun:sqlite, node:sqlite or better-sqlite3, Bun's SQL or postgres(), or a service that has one.",
    });
  }

  #inTurn<T>(db: object, work: () => Promise<T>): Promise<T> {
    const mine = (this.#turns.get(db) ?? Promise.resolve()).then(work);
    this.#turns.set(
      db,
      mine.catch(() => undefined),
    );
    return mine;
  }

  /** Beside the run, which has its result. */
  #look(db: object, table: CheckpointTable): void {
    this.#keeping.used(db, table).catch(() => {
      // What could not be deleted now is looked at again with a later step: until then it only takes space.
    });
  }

  async #inSqlite(db: SqliteDatabase, { key, body }: CheckpointedStep): Promise<unknown> {
    // From here on nobody else writes: two that execute the same step come one after the other.
    db.exec("BEGIN IMMEDIATE");
    try {
      db.exec(sqlite.create);
      db.exec(sqlite.index);
      const known = db.prepare(sqlite.get).get(key as never) as { readonly value: Uint8Array } | null | undefined;
      if (known !== null && known !== undefined) {
        db.exec("ROLLBACK");
        return decodeValue(new Uint8Array(known.value));
      }
      const bytes = this.#kept(await body(db as never));
      db.prepare(sqlite.put).run(...([key, bytes, this.#options.clock.now()] as never[]));
      db.exec("COMMIT");
      return decodeValue(bytes);
    } catch (error) {
      rollBack(db);
      throw error;
    }
  }

  async #inPostgres(db: PostgresDatabase, { key, body }: CheckpointedStep): Promise<unknown> {
    await this.#prepare(db);
    const bytes = await db.begin(async (connection: never) => {
      const tx = connection as PostgresTx;
      // Another that executes the same step waits here until this one has committed, or takes its place when it has not.
      const claimed = await tx.unsafe(postgres.claim, [key, this.#options.clock.now()]);
      if (claimed.length === 0) {
        const [known] = await tx.unsafe(postgres.get, [key]);
        return fromHex((known?.["value"] as string | undefined) ?? "");
      }
      const kept = this.#kept(await body(connection));
      await tx.unsafe(postgres.put, [key, toHex(kept)]);
      return kept;
    });
    return decodeValue(bytes as Uint8Array);
  }

  async #prepare(db: PostgresDatabase): Promise<void> {
    if (this.#prepared.has(db)) return;
    try {
      await (db as unknown as PostgresTx).unsafe(postgres.create);
    } catch (error) {
      const { code, errno } = error as { readonly code?: unknown; readonly errno?: unknown };
      if (!madeMeanwhile.has(String(code)) && !madeMeanwhile.has(String(errno))) throw error;
    }
    this.#prepared.add(db);
  }

  /** As the journal will have it. */
  #kept(result: unknown): Uint8Array {
    return this.#options.redactor.bytes(encodeValue(result));
  }
}

type Old = Parameters<CheckpointTable["old"]>[0];

function oldInSqlite(db: SqliteDatabase, { before, after, limit }: Old): readonly CheckpointRow[] {
  const row = db.prepare(sqlite.old).get(...([before, after.at, after.key, limit] as never[])) as {
    readonly found: string;
  };
  return JSON.parse(row.found) as readonly CheckpointRow[];
}

function deleteInSqlite(db: SqliteDatabase, keys: readonly string[]): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    const statement = db.prepare(sqlite.delete);
    for (const key of keys) statement.run(key as never);
    db.exec("COMMIT");
  } catch (error) {
    rollBack(db);
    throw error;
  }
}

function inPostgres(db: PostgresDatabase): CheckpointTable {
  const outside = db as unknown as PostgresTx;
  return {
    async old({ before, after, limit }) {
      const rows = await outside.unsafe(postgres.old, [before, after.at, after.key, limit]);
      return rows.map(({ key, at }) => ({ key: String(key), at: Number(at) }));
    },
    async delete(keys) {
      await db.begin(async (connection: never) => {
        for (const key of keys) await (connection as PostgresTx).unsafe(postgres.delete, [key]);
      });
    },
  };
}

/** A failed statement may have ended the transaction by itself. */
function rollBack(db: SqliteDatabase): void {
  try {
    db.exec("ROLLBACK");
  } catch {
    // There is nothing left to take back, and the first failure is the one that counts.
  }
}

function isSqlite(db: unknown): db is SqliteDatabase & object {
  return has(db, "prepare") && has(db, "exec");
}

function isPostgres(db: unknown): db is PostgresDatabase & object {
  return has(db, "begin") && has(db, "unsafe");
}

function has(db: unknown, method: string): boolean {
  const holder = (typeof db === "object" && db !== null) || typeof db === "function";
  return holder && typeof (db as unknown as Readonly<Record<string, unknown>>)[method] === "function";
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
