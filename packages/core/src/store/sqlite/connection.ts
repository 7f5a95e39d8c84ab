// What the tables of the store need of a database, and a connection to SQLite that has it and really closes: statements that are
// left open would keep the file's locks until they are collected.
import { Database, type SQLQueryBindings, type Statement as SqliteStatement } from "bun:sqlite";

/** A statement whose calls return when it was executed. */
export interface Statement<Row = unknown> {
  get(...values: SQLQueryBindings[]): Row | null;
  all(...values: SQLQueryBindings[]): Row[];
  values(...values: SQLQueryBindings[]): unknown[][];
  /** Rows as they are asked for. */
  iterate(...values: SQLQueryBindings[]): Iterable<Row>;
  run(...values: SQLQueryBindings[]): { readonly changes: number };
  finalize(): void;
}

/** A database as the tables see it. Statements are in SQLite's words; what else executes them has its own ways to. */
export interface Connection {
  readonly dialect: "sqlite" | "postgres";
  readonly inTransaction: boolean;
  /** A statement that stays until the connection is closed. */
  compile<Row>(sql: string): Statement<Row>;
  /** A statement that is likely to be used again soon: the last ones stay compiled. Not to be held while others are asked for. */
  kept<Row>(sql: string): Statement<Row>;
  /** Executes a statement that is not worth keeping. */
  rows<Row>(sql: string, ...values: SQLQueryBindings[]): Row[];
  /** One that the caller finalizes. */
  prepare<Row>(sql: string): Statement<Row>;
  run(sql: string, values?: SQLQueryBindings[]): unknown;
  close(): void;
}

/** How long to wait for a lock that another program holds for a moment. */
const busyTimeoutMs = 5_000;

/** Statements of lists whose text depends on what is asked for. */
const keptStatementsMax = 32;

export class SqliteConnection extends Database implements Connection {
  readonly dialect = "sqlite";
  readonly #statements: { finalize(): void }[] = [];
  /** By their text, the one that was used last at the end. */
  readonly #kept = new Map<string, SqliteStatement<unknown, SQLQueryBindings[]>>();

  /** `create` makes the file when it is not there. */
  constructor(file: string, access: "read" | "write" | "create") {
    super(file, access === "read" ? { readonly: true } : { readwrite: true, create: access === "create" });
    this.run(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  }

  /** A statement that stays until the connection is closed. */
  compile<Row>(sql: string): SqliteStatement<Row, SQLQueryBindings[]> {
    const statement = this.prepare<Row, SQLQueryBindings[]>(sql);
    this.#statements.push(statement);
    return statement;
  }

  /** A statement that is likely to be used again soon: the last ones stay compiled. Not to be held while others are asked for. */
  kept<Row>(sql: string): SqliteStatement<Row, SQLQueryBindings[]> {
    const known = this.#kept.get(sql);
    const statement = known ?? this.prepare<Row, SQLQueryBindings[]>(sql);
    if (known !== undefined) this.#kept.delete(sql);
    else if (this.#kept.size >= keptStatementsMax) {
      const [oldest] = this.#kept;
      oldest?.[1].finalize();
      if (oldest !== undefined) this.#kept.delete(oldest[0]);
    }
    this.#kept.set(sql, statement);
    return statement as SqliteStatement<Row, SQLQueryBindings[]>;
  }

  /** Executes a statement that is not worth keeping. */
  rows<Row>(sql: string, ...values: SQLQueryBindings[]): Row[] {
    const statement = this.prepare<Row, SQLQueryBindings[]>(sql);
    try {
      return statement.all(...values);
    } finally {
      statement.finalize();
    }
  }

  /** Ends every statement and closes; the file is free when this returns. */
  override close(): void {
    for (const statement of [...this.#statements.splice(0), ...this.#kept.values()]) statement.finalize();
    this.#kept.clear();
    super.close();
  }
}
