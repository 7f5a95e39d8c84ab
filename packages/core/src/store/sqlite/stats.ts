// Figures of the store: how many runs are in which state, what waits, how large it is.
import type { RunStatus } from "@sluice/protocol";
import type { RunStore, StoreStats } from "../../kernel/run-store.ts";
import type { Connection } from "./connection.ts";
import { heldByKind } from "../flow/held.ts";
import { fitsPatterns } from "./patterns.ts";
import type { Mutable } from "./run-row.ts";
import { visibleWorkflows } from "./visible-workflows.ts";

type BlockedLine = Parameters<typeof heldByKind>[0] extends Iterable<infer Line> ? Line : never;
const blockedSql = "SELECT line, blocked, waiting FROM flow_lines WHERE blocked IS NOT NULL";
const bytesSql = {
  sqlite: "SELECT page_count * page_size AS n FROM pragma_page_count(), pragma_page_size()",
  postgres: "SELECT pg_database_size(current_database()) AS n",
};

/** Figures of what somebody may see, the size of everything. Completed runs, the most by far, are what the others leave. */
export function stats(db: Connection, p: Parameters<RunStore["stats"]>[0]): StoreStats {
  const workflows = visibleWorkflows(db, p?.access);
  const values = workflows === undefined ? [] : [JSON.stringify(workflows)];
  // Of all indexes the one by workflow leads to the most rows: it is left out of the choice but where all of them count.
  const among = "workflow IN (SELECT value FROM json_each(?))";
  const shown = workflows === undefined ? "TRUE" : `+${among}`;
  const count = (sql: string, bound: readonly string[]): number => db.rows<{ n: number }>(sql, ...bound)[0]?.n ?? 0;
  const runs: Mutable<StoreStats["runs"]> = {};
  let others = 0;
  const byStatus = `SELECT status, count(*) AS n FROM runs WHERE status <> 'completed' AND ${shown} GROUP BY status`;
  for (const row of db.rows<{ status: RunStatus; n: number }>(byStatus, ...values)) {
    runs[row.status] = row.n;
    others += row.n;
  }
  const completed =
    count(`SELECT count(*) AS n FROM runs WHERE ${workflows === undefined ? "TRUE" : among}`, values) - others;
  if (completed > 0) runs.completed = completed;
  const waiting = workflows === undefined ? "waits" : "waits JOIN runs ON runs.id = waits.run";
  const named = p?.names === undefined ? { sql: "TRUE", values: [] } : fitsPatterns("name", p.names);
  return {
    runs,
    ready: count(`SELECT count(*) AS n FROM runs WHERE ready = 1 AND ${shown}`, values),
    timers: count(`SELECT count(*) AS n FROM ${waiting} WHERE due IS NOT NULL AND ${shown}`, values),
    events: count(`SELECT count(*) AS n FROM events WHERE ${named.sql}`, named.values),
    bytes: count(bytesSql[db.dialect], []),
    held: heldByKind(db.rows<BlockedLine>(blockedSql), p?.access),
  };
}
