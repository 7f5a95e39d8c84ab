// Statements that are compiled on first use and kept: the store has many, and a process uses few of them.
import type { SQLQueryBindings, Statement } from "bun:sqlite";
import type { Connection } from "./connection.ts";

/** Returns the compiled statement; compiles it when it is called for the first time. */
export function lazily<Row = unknown>(db: Connection, sql: string): () => Statement<Row, SQLQueryBindings[]> {
  let compiled: Statement<Row, SQLQueryBindings[]> | undefined;
  return () => (compiled ??= db.compile<Row>(sql));
}

/** `?, ?, ?` for a list of values. */
export function marks(count: number): string {
  return Array.from({ length: count }, () => "?").join(", ");
}
