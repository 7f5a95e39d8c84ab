// Deleting: ended runs with everything that belongs to them, old events, state past its time to live.
import { isFinalStatus, type RunStatus } from "@sluice/protocol";
import type { Connection } from "./connection.ts";
import type { RunStore } from "../../kernel/run-store.ts";
import { blobOwners } from "./blob-refs.ts";
import { runFlags, type Run } from "./run-row.ts";
import { lazily } from "./statement.ts";
import type { Tables } from "./tables.ts";

type Params<Verb extends keyof RunStore> = Parameters<RunStore[Verb]>[0];

const oldRunsSql = `SELECT id FROM runs WHERE workflow = ?1 AND created_at < ?2 AND ended_at < ?2
  ORDER BY created_at, id LIMIT ?3`;
const newestKeptSql = `SELECT created_at AS createdAt, id FROM runs WHERE workflow = ? AND ended_at IS NOT NULL
  ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET ?`;
const beyondSql = `SELECT id FROM runs WHERE workflow = ? AND ended_at IS NOT NULL AND (created_at, id) <= (?, ?)
  ORDER BY created_at, id LIMIT ?`;

/** Deletes those of the runs that have ended. */
export function deleteRuns(t: Tables, p: Params<"deleteRuns">): { deleted: string[] } {
  return { deleted: p.runs.filter((id) => deleteRun(t, id)) };
}

function deleteRun(t: Tables, id: string): boolean {
  const run = t.runs.get(id);
  if (run === undefined || !isFinalStatus(run.status satisfies RunStatus)) return false;
  const tags = has(run, runFlags.tags) ? t.runs.recordOf(run).tags : [];
  t.journal.deleteAll(id);
  if (has(run, runFlags.waits)) t.waits.deleteAll(id);
  if (has(run, runFlags.tokens)) t.tokens.deleteOfRun(id);
  if (has(run, runFlags.consumed)) t.events.releaseAll(id);
  if (has(run, runFlags.logs)) t.logs.deleteAll(id);
  if (has(run, runFlags.blobs)) t.blobs.release(id);
  for (const key of t.state.keysOf(`run:${id}`)) deleteState(t, `run:${id}`, key);
  t.runs.delete(run, tags);
  return true;
}

function has(run: Run, flag: number): boolean {
  return (run.flags & flag) !== 0;
}

export function deleteState(t: Tables, scope: string, key: string): void {
  t.state.delete(scope, key);
  t.blobs.release(blobOwners.state(scope, key));
}

/** Finds what retention lets go. */
export class Retention {
  readonly #old;
  readonly #newestKept;
  readonly #beyond;

  constructor(db: Connection) {
    this.#old = lazily<{ id: string }>(db, oldRunsSql);
    this.#newestKept = lazily<{ createdAt: number; id: string }>(db, newestKeptSql);
    this.#beyond = lazily<{ id: string }>(db, beyondSql);
  }

  /** Ended runs of a workflow that ended before a time or are beyond the newest `keep`, oldest first. */
  find(p: Params<"purgeRuns">): readonly string[] {
    const found = p.endedBefore === undefined ? [] : this.#old().all(p.workflow, p.endedBefore, p.limit);
    if (p.keep !== undefined && found.length < p.limit) {
      const first = this.#newestKept().get(p.workflow, p.keep);
      if (first !== null) found.push(...this.#beyond().all(p.workflow, first.createdAt, first.id, p.limit));
    }
    return [...new Set(found.map((row) => row.id))].slice(0, p.limit);
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
  return { swept: events.length + expired.length };
}
