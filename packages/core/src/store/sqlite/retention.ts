// Deleting: ended runs with everything that belongs to them, old events, state past its time to live.
import { isFinalStatus, type RunStatus } from "@sluice/protocol";
import type { Connection } from "./connection.ts";
import { sees } from "../../kernel/patterns.ts";
import type { RetentionRecord, RunStore } from "../../kernel/run-store.ts";
import { blobOwners } from "./blob-refs.ts";
import { runFlags, type Run } from "./run-row.ts";
import { lazily } from "./statement.ts";
import { sweepStepCache } from "./step-cache.ts";
import type { Tables } from "./tables.ts";

type Params<Verb extends keyof RunStore> = Parameters<RunStore[Verb]>[0];

/** Both orders are that of the index runs_by_end. */
export const oldRunsSql = `SELECT id FROM runs WHERE workflow = ? AND ended_at < ? ORDER BY ended_at, id LIMIT ?`;
export const firstBeyondSql = `SELECT ended_at AS endedAt, id FROM runs WHERE workflow = ? AND ended_at IS NOT NULL
  ORDER BY ended_at DESC, id DESC LIMIT 1 OFFSET ?`;
export const beyondSql = `SELECT id FROM runs WHERE workflow = ? AND ended_at IS NOT NULL AND (ended_at, id) <= (?, ?)
  ORDER BY ended_at, id LIMIT ?`;
const putSql = `INSERT INTO retentions (workflow, age_ms, keep) VALUES (?, ?, ?)
  ON CONFLICT (workflow) DO UPDATE SET age_ms = excluded.age_ms, keep = excluded.keep`;
/** Steps from name to name in the index of runs by workflow instead of reading every run. */
export const listRetentionsSql = `WITH RECURSIVE names (workflow) AS (
    SELECT min(workflow) FROM runs
    UNION ALL SELECT (SELECT min(workflow) FROM runs WHERE workflow > names.workflow) FROM names
    WHERE names.workflow IS NOT NULL)
  SELECT workflow, age_ms AS ageMs, keep FROM names LEFT JOIN retentions USING (workflow)
  WHERE workflow IS NOT NULL ORDER BY workflow`;

export function listRetentions(db: Connection, p?: Params<"listRetentions">): readonly RetentionRecord[] {
  const rows = db.rows<RetentionRow>(listRetentionsSql);
  return rows.filter(({ workflow }) => sees(p?.access, workflow)).map(toRetention);
}

/** Deletes those of the runs that have ended. */
export function deleteRuns(t: Tables, p: Params<"deleteRuns">): { deleted: string[] } {
  return { deleted: p.runs.filter((id) => deleteRun(t, id)) };
}

function deleteRun(t: Tables, id: string): boolean {
  const run = t.runs.get(id);
  if (run === undefined || !isFinalStatus(run.status satisfies RunStatus)) return false;
  const tags = has(run, runFlags.tags) ? t.runs.recordOf(run).tags : [];
  const payloadKey = has(run, runFlags.sealed) ? t.runs.recordOf(run).payloadKey : undefined;
  t.journal.deleteAll(id);
  if (has(run, runFlags.attempts)) t.attempts.deleteAll(id);
  if (has(run, runFlags.waits)) t.waits.deleteAll(id);
  if (has(run, runFlags.tokens)) {
    t.tokens.deleteOfRun(id);
    t.comments.deleteOfRun(id);
  }
  if (has(run, runFlags.consumed)) t.events.releaseAll(id);
  if (has(run, runFlags.flow)) t.flowRows.deletePlace(id);
  if (has(run, runFlags.logs)) t.logs.deleteAll(id);
  if (has(run, runFlags.stream)) t.streams.deleteAll(id);
  if (has(run, runFlags.attributes)) t.attributes.deleteAll(id);
  if (has(run, runFlags.blobs)) t.blobs.release(id);
  for (const key of t.state.keysOf(`run:${id}`)) deleteState(t, `run:${id}`, key);
  t.state.forgetOnce(id);
  t.runs.delete(run, tags);
  if (payloadKey !== undefined) t.payloadKeys.release(payloadKey);
  return true;
}

function has(run: Run, flag: number): boolean {
  return (run.flags & flag) !== 0;
}

export function deleteState(t: Tables, scope: string, key: string): void {
  t.state.delete(scope, key);
  t.blobs.release(blobOwners.state(scope, key));
}

interface RetentionRow {
  readonly workflow: string;
  readonly ageMs: number | null;
  readonly keep: number | null;
}

function toRetention({ workflow, ageMs, keep }: RetentionRow): RetentionRecord {
  return { workflow, ...(ageMs === null ? {} : { ageMs }), ...(keep === null ? {} : { keep }) };
}

/** What is kept, and which runs are let go. */
export class Retention {
  readonly #put;
  readonly #old;
  readonly #firstBeyond;
  readonly #beyond;

  constructor(db: Connection) {
    this.#put = lazily(db, putSql);
    this.#old = lazily<{ id: string }>(db, oldRunsSql);
    this.#firstBeyond = lazily<{ endedAt: number; id: string }>(db, firstBeyondSql);
    this.#beyond = lazily<{ id: string }>(db, beyondSql);
  }

  put({ workflow, ageMs, keep }: RetentionRecord): void {
    this.#put().run(workflow, ageMs ?? null, keep ?? null);
  }

  /** Both reasons let go of those that ended first: the one that reaches further decides. */
  find(p: Params<"purgeRuns">): readonly string[] {
    const old = p.endedBefore === undefined ? [] : this.#old().all(p.workflow, p.endedBefore, p.limit);
    const first = p.keep === undefined ? null : this.#firstBeyond().get(p.workflow, p.keep);
    const beyond = first === null ? [] : this.#beyond().all(p.workflow, first.endedAt, first.id, p.limit);
    return (beyond.length > old.length ? beyond : old).map((row) => row.id);
  }
}

export function purgeRuns(t: Tables, p: Params<"purgeRuns">): { deleted: number } {
  return { deleted: t.retention.find(p).filter((id) => deleteRun(t, id)).length };
}

/** Deletes old events and expired state, at most `limit` of each. */
export function sweep(t: Tables, p: Params<"sweep">): { swept: number } {
  const events = t.events.deleteOld(p.eventsBefore, p.limit);
  for (const id of events) t.blobs.release(blobOwners.event(id));
  const expired = t.state.expired(p.now, p.limit);
  for (const { scope, key } of expired) deleteState(t, scope, key);
  const counts = p.figuresBefore === undefined ? 0 : t.tally.deleteOld(p.figuresBefore, p.limit);
  const flow = t.flowRows.sweep(p.now, p.limit);
  return { swept: events.length + expired.length + counts + flow + sweepStepCache(t, p) };
}
