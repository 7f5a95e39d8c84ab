// For tests of pipes: rows from plain objects, and what comes out of a pipe as such.
import type { FieldValue } from "../../entry.ts";
import type { Row } from "../ast.ts";
import { MadeRow } from "../row.ts";
import type { Next, RunningPipe } from "./pipe.ts";

type Plain = Readonly<Record<string, FieldValue>>;

const rowOf = (plain: Plain): Row => new MadeRow(new Map(Object.entries(plain)));

/** Pushes rows until no more are wanted. */
export function through(rows: readonly Plain[], make: (next: Next) => RunningPipe): Record<string, FieldValue>[] {
  const out: Record<string, FieldValue>[] = [];
  const pipe = make((row) => {
    out.push(Object.fromEntries(row.names().map((name) => [name, row.get(name) ?? ""])));
    return true;
  });
  for (const row of rows) if (!pipe.push(rowOf(row))) break;
  pipe.end();
  return out;
}
