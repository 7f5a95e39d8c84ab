// Statements that are compiled on first use and kept: the store has many, and a process uses few of them.
import type { Connection, Statement } from "./connection.ts";

/** Returns the compiled statement; compiles it when it is called for the first time. */
export function lazily<Row = unknown>(db: Connection, sql: string): () => Statement<Row> {
  let compiled: Statement<Row> | undefined;
  return () => (compiled ??= db.compile<Row>(sql));
}

/** `?, ?, ?` for a list of values. */
export function marks(count: number): string {
  return Array.from({ length: count }, () => "?").join(", ");
}
