// Pages of the keys of a scope, all or those somebody may see.
import type { RunStore, StateEntry } from "../../kernel/run-store.ts";
import type { Connection } from "./connection.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { beginningOf, endOf, fitsPatterns } from "./patterns.ts";
import { stateColumns, toStateEntry, type StateRow } from "./state.ts";

type Params = Parameters<RunStore["listState"]>[0];

/** By key. Each pattern is a range of the table's own order, and a page of each holds the page of all. */
export function listState(db: Connection, p: Params): { entries: StateEntry[]; next?: string } {
  const found = new Map<string, StateRow>();
  for (const pattern of p.keys ?? ["*"]) for (const row of rowsOf(db, p, pattern)) found.set(row.key, row);
  const rows = [...found.values()].toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  const entries = rows.slice(0, p.limit).map(toStateEntry);
  const last = entries.at(-1);
  return rows.length > p.limit && last !== undefined ? { entries, next: encodeCursor(last.key) } : { entries };
}

/** Up to one more than a page of the keys that fit one pattern. */
function rowsOf(db: Connection, p: Params, pattern: string): readonly StateRow[] {
  const after = p.cursor === undefined ? "" : decodeCursor(p.cursor);
  const prefix = p.prefix ?? "";
  const beginning = beginningOf(pattern);
  // With a plus a condition is no candidate for the range that is read: only the narrowest is to be.
  const fits = fitsPatterns("+key", [pattern]);
  const sql = `SELECT ${stateColumns} FROM state WHERE scope = ? AND key >= max(?, ?, ?) AND key < min(?, ?)
    AND +key > ? AND ${fits.sql} AND (expires_at IS NULL OR expires_at > ?) ORDER BY key LIMIT ?`;
  const range = [after, prefix, beginning, endOf(prefix), endOf(beginning), after];
  return db.rows<StateRow>(sql, p.scope, ...range, ...fits.values, p.now, p.limit + 1);
}
