// Reads of what was counted about runs, and counts of what somebody has to act on. Each reads an index, never a row of a run.
import type { RunStatus, RunStatusReason } from "@sluice/protocol";
import type { AccessFilter } from "../../../kernel/run-store.ts";
import {
  hourMs,
  hourOf,
  statisticsOf,
  type CountedRuns,
  type Needs,
  type RunFigures,
  type RunStatistics,
  type WorkflowCounts,
  type VersionRuns,
} from "../../../kernel/run-figures.ts";
import type { Connection } from "../connection.ts";
import { fitsPatterns, type Condition } from "../patterns.ts";
import type { Mutable } from "../run-row.ts";
import { readyCount } from "./tally.ts";

type Params<Verb extends keyof RunFigures> = Parameters<RunFigures[Verb]>[0];

const everything: Condition = { sql: "TRUE", values: [] };

export function shown(access: AccessFilter | undefined, column = "workflow"): Condition {
  return access === undefined ? everything : fitsPatterns(column, access.workflows);
}

/** The statement for counts by the hour. Of one workflow each hour is looked up; of several, all that is there is read. */
export function statisticsQuery(p: Params<"runStatistics">): {
  readonly sql: string;
  readonly values: readonly (string | number)[];
} {
  const [from, to] = [hourOf(p.from), Math.ceil(p.to / hourMs)];
  const seen = shown(p.access);
  const select = "SELECT workflow, hour, status, count, buckets FROM run_stats WHERE";
  if (p.workflow === undefined) {
    return { sql: `${select} hour >= ? AND hour < ? AND ${seen.sql}`, values: [from, to, ...seen.values] };
  }
  const hours = JSON.stringify(Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index));
  const sql = `${select} hour IN (SELECT value FROM json_each(?)) AND workflow = ? AND ${seen.sql}`;
  return { sql, values: [hours, p.workflow, ...seen.values] };
}

export function runStatistics(db: Connection, p: Params<"runStatistics">): readonly RunStatistics[] {
  const { sql, values } = statisticsQuery(p);
  type Row = Omit<CountedRuns, "buckets"> & { readonly buckets: string };
  const rows = db.rows<Row>(sql, ...values);
  return statisticsOf(
    rows.map((row) => ({ ...row, buckets: JSON.parse(row.buckets) as number[] })),
    p.each === true,
  );
}

export function countByWorkflow(db: Connection, p: Params<"countByWorkflow">): readonly WorkflowCounts[] {
  const seen = shown(p.access);
  const named = p.workflow === undefined ? everything : { sql: "workflow = ?", values: [p.workflow] };
  const sql = `SELECT workflow, status, count FROM run_counts WHERE count > 0 AND ${named.sql} AND ${seen.sql}
    ORDER BY workflow`;
  const found = new Map<string, Mutable<WorkflowCounts> & { readonly runs: Partial<Record<RunStatus, number>> }>();
  const newest = db.prepare<{ at: number | null }>(newestSql);
  type Row = { workflow: string; status: RunStatus | typeof readyCount; count: number };
  try {
    for (const { workflow, status, count } of db.rows<Row>(sql, ...named.values, ...seen.values)) {
      let counts = found.get(workflow);
      if (counts === undefined) {
        const lastAt = newest.get(workflow)?.at;
        counts = { workflow, runs: {}, ready: 0, ...(typeof lastAt === "number" ? { lastAt } : {}) };
        found.set(workflow, counts);
      }
      if (status === readyCount) counts.ready = count;
      else counts.runs[status] = count;
    }
  } finally {
    newest.finalize();
  }
  return [...found.values()];
}

export const newestSql = "SELECT max(created_at) AS at FROM runs WHERE workflow = ?";

/** The statements of `countNeeds`: failed runs, blocked runs, approvals. Their conditions are said as those of their indexes. */
export function needsQueries(p: Params<"countNeeds">): Readonly<Record<"failed" | "blocked" | "approvals", Condition>> {
  const seen = shown(p.access);
  const decided = shown(p.approvals);
  return {
    failed: {
      sql: `SELECT count(*) AS n FROM runs INDEXED BY runs_failed
        WHERE status IN ('failed', 'timedout') AND ended_at >= ${Math.floor(p.failedSince)}
        AND ${seen.sql}`,
      values: seen.values,
    },
    blocked: {
      sql: `SELECT reason, count(*) AS n FROM runs INDEXED BY runs_blocked WHERE blocked = 1 AND ${seen.sql} GROUP BY reason`,
      values: seen.values,
    },
    approvals: {
      sql: `SELECT count(*) AS n FROM tokens WHERE kind = 'approval' AND status = 'open' AND ${decided.sql}`,
      values: decided.values,
    },
  };
}

export function countNeeds(db: Connection, p: Params<"countNeeds">): Needs {
  const { failed, blocked, approvals } = needsQueries(p);
  // Where nothing may be seen there is nothing to look for: an index that a statement names must be of use to it.
  const rows = <Row>({ sql, values }: Condition, access: AccessFilter | undefined): readonly Row[] =>
    access?.workflows.length === 0 ? [] : db.rows<Row>(sql, ...values);
  const byReason = rows<{ reason: RunStatusReason; n: number }>(blocked, p.access);
  return {
    approvals: rows<{ n: number }>(approvals, p.approvals)[0]?.n ?? 0,
    failed: rows<{ n: number }>(failed, p.access)[0]?.n ?? 0,
    blocked: Object.fromEntries(byReason.map(({ reason, n }) => [reason, n])),
  };
}

/** Spells out the states so that the index of what has not completed serves. */
export function countByVersion(db: Connection, p: Params<"countByVersion">): VersionRuns[] {
  const seen = shown(p.access);
  const sql = `SELECT version, workflow, status, count(*) AS runs FROM runs WHERE status <> 'completed'
    AND status IN ('queued', 'running', 'waiting', 'paused', 'undoing') AND ${seen.sql}
    GROUP BY version, workflow, status ORDER BY version, workflow, status`;
  return db.rows(sql, ...seen.values);
}

export function countTimers(db: Connection, p: Params<"countTimers">): number {
  const seen = shown(p.access);
  const sql =
    p.access === undefined
      ? "SELECT count(*) AS n FROM waits WHERE due IS NOT NULL"
      : `SELECT count(*) AS n FROM (SELECT run FROM waits WHERE due IS NOT NULL LIMIT ${Math.floor(p.max)})
          CROSS JOIN runs ON runs.id = run WHERE ${seen.sql}`;
  return db.rows<{ n: number }>(sql, ...seen.values)[0]?.n ?? 0;
}
