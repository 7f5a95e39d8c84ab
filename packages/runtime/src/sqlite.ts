// SQLite, as every runtime's provider offers it: one driver interface, and above it a cache of statements and transactions.

import { failureOf } from "./failure.ts";

export type SqliteValue = null | number | bigint | string | Uint8Array;
export type SqliteRow = Readonly<Record<string, SqliteValue>>;

export interface SqliteStatement {
  /** `changes` are the rows of this statement. */
  run(...values: readonly SqliteValue[]): { readonly changes: number; readonly lastInsertRowid: bigint };
  get(...values: readonly SqliteValue[]): SqliteRow | undefined;
  all(...values: readonly SqliteValue[]): readonly SqliteRow[];
}

export interface SqliteOptions {
  readonly readonly?: boolean;
  /** Whether every integer comes as a bigint. Default false: as numbers, exact up to 2^53. */
  readonly bigints?: boolean;
  /** Statements kept prepared, the one used longest ago is let go first. Default 256. */
  readonly statementsMax?: number;
}

export interface SqliteDatabase {
  /** The statement of this text, prepared once. Whatever SQLite refuses fails with `RuntimeFailure`. */
  prepare(sql: string): SqliteStatement;
  /** Any number of statements without results. */
  exec(sql: string): void;
  /** Commits what `body` did, or takes it back when it throws. Within another it is a savepoint of that. Not for async code. */
  transaction<T>(body: () => T): T;
  /** `pragma("journal_mode = wal")`: the first value of its first row. */
  pragma(text: string): SqliteValue | undefined;
  close(): void;
}

export interface SqliteProvider {
  /** Of the library itself, such as `3.51.0`. */
  readonly libraryVersion: string;
  /** `:memory:` for one in memory. */
  open(path: string, options?: SqliteOptions): SqliteDatabase;
}

/** A connection as the platform has it. */
export interface SqliteDriver {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): void;
  close(): void;
}

const statementsMaxDefault = 256;

/** What is the same over every driver. */
export class CachedDatabase implements SqliteDatabase {
  readonly #driver: SqliteDriver;
  readonly #statementsMax: number;
  readonly #statements = new Map<string, SqliteStatement>();
  #depth = 0;

  constructor(driver: SqliteDriver, options: SqliteOptions) {
    this.#driver = driver;
    this.#statementsMax = options.statementsMax ?? statementsMaxDefault;
  }

  prepare(sql: string): SqliteStatement {
    const kept = this.#statements.get(sql);
    if (kept !== undefined) {
      this.#statements.delete(sql);
      this.#statements.set(sql, kept);
      return kept;
    }
    const made = guardedStatement(sqlite(() => this.#driver.prepare(sql)));
    this.#statements.set(sql, made);
    const [oldest] = this.#statements.keys();
    if (this.#statements.size > this.#statementsMax && oldest !== undefined) this.#statements.delete(oldest);
    return made;
  }

  exec(sql: string): void {
    sqlite(() => this.#driver.exec(sql));
  }

  transaction<T>(body: () => T): T {
    const inner = this.#depth > 0;
    const name = `nested_${this.#depth}`;
    this.exec(inner ? `SAVEPOINT ${name}` : "BEGIN IMMEDIATE");
    this.#depth++;
    try {
      const result = body();
      this.exec(inner ? `RELEASE ${name}` : "COMMIT");
      return result;
    } catch (error) {
      this.#rollBack(inner ? `ROLLBACK TO ${name}; RELEASE ${name}` : "ROLLBACK", error);
      throw error;
    } finally {
      this.#depth--;
    }
  }

  /** SQLite may have rolled back by itself (a full disk); what went wrong first is what counts. */
  #rollBack(sql: string, reason: unknown): void {
    try {
      this.exec(sql);
    } catch (error) {
      if (reason instanceof Error && reason.cause === undefined) reason.cause = error;
    }
  }

  pragma(text: string): SqliteValue | undefined {
    const row = sqlite(() => this.#driver.prepare(`PRAGMA ${text}`)).get();
    return row === undefined ? undefined : Object.values(row)[0];
  }

  close(): void {
    this.#statements.clear();
    sqlite(() => this.#driver.close());
  }
}

function sqlite<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw failureOf(error, "SQLite");
  }
}

function guardedStatement(statement: SqliteStatement): SqliteStatement {
  return {
    run: (...values) => sqlite(() => statement.run(...values)),
    get: (...values) => sqlite(() => statement.get(...values)),
    all: (...values) => sqlite(() => statement.all(...values)),
  };
}
