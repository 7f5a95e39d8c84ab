// A connection that really closes: statements that are left open would keep the file's locks until they are collected.
import { Database, type SQLQueryBindings, type Statement } from "bun:sqlite";

/** How long to wait for a lock that another program holds for a moment. */
const busyTimeoutMs = 5_000;

export class Connection extends Database {
  readonly #statements: { finalize(): void }[] = [];

  /** `create` makes the file when it is not there. */
  constructor(file: string, access: "read" | "write" | "create") {
    super(file, access === "read" ? { readonly: true } : { readwrite: true, create: access === "create" });
    this.run(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  }

  /** A statement that stays until the connection is closed. */
  compile<Row>(sql: string): Statement<Row, SQLQueryBindings[]> {
    const statement = this.prepare<Row, SQLQueryBindings[]>(sql);
    this.#statements.push(statement);
    return statement;
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
    for (const statement of this.#statements.splice(0)) statement.finalize();
    super.close();
  }
}
