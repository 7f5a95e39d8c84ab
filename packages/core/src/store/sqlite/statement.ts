// Statements that are compiled on first use and kept: the store has many, and a process uses few of them.
import type { Database, SQLQueryBindings, Statement } from "bun:sqlite";

type Bindings = SQLQueryBindings[];

/** Returns the compiled statement; compiles it when it is called for the first time. */
export function lazily<Row = unknown>(db: Database, sql: string): () => Statement<Row, Bindings> {
  let compiled: Statement<Row, Bindings> | undefined;
  return () => (compiled ??= db.prepare<Row, Bindings>(sql));
}

/** `?, ?, ?` for a list of values. */
export function marks(count: number): string {
  return Array.from({ length: count }, () => "?").join(", ");
}
