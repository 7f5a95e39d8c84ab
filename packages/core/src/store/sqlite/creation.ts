// How runs come into being: started, called by others, made by schedules, forked.
import { beforeLooseEnds, brokenLocks } from "../../kernel/loose-ends.ts";
import type { Actor, NewRun, RunStore } from "../../kernel/run-store.ts";
import type { Change } from "./change.ts";
import { readiness, runFlags, type Run } from "./run-row.ts";
import { runTimerSeqs } from "./waits.ts";

export interface Start {
  readonly by: Actor;
  readonly run: NewRun;
  readonly claim?: { readonly owner: string } | undefined;
  readonly now: number;
}

export type Inserted =
  | { readonly outcome: "created"; readonly run: Run; readonly delayed: boolean }
  | { readonly outcome: "existing" | "conflict" | "id_taken"; readonly id: string };

/** Adds a run with its timers, unless its key or its id is taken. */
export function insertRun(cx: Change, p: Start): Inserted {
  const { runs, waits, blobs } = cx.t;
  const { run } = p;
  if (run.key !== undefined) {
    const other = runs.byKey(run.workflow, run.key);
    if (other !== undefined) {
      return { outcome: other.inputHash === (run.inputHash ?? null) ? "existing" : "conflict", id: other.id };
    }
  }
  const delayed = run.dueAt > p.now;
  const held = run.serialKey !== undefined && runs.isHeld(run);
  const claimed = p.claim !== undefined && !delayed && !held;
  const ready = claimed || delayed ? readiness.no : held ? readiness.held : readiness.claimable;
  const timers = delayed || run.timeoutAt !== undefined;
  const flags = (timers ? runFlags.waits : 0) | (run.tags.length > 0 ? runFlags.tags : 0);
  let row: Run;
  try {
    row = runs.insert(run, {
      status: claimed ? "running" : "queued",
      reason: delayed ? "delayed" : null,
      ready,
      owner: claimed && p.claim !== undefined ? p.claim.owner : null,
      flags,
      by: p.by,
      now: p.now,
    });
  } catch (error) {
    if (isTaken(error)) return { outcome: "id_taken", id: run.id };
    throw error;
  }
  if (run.attributes !== undefined && run.attributes.length > 0) {
    cx.t.attributes.set(row, run.attributes);
    runs.mark(row, runFlags.attributes);
  }
  if (blobs.note(run.id, run.input)) runs.mark(row, runFlags.blobs);
  if (delayed) waits.put({ run: run.id, seq: runTimerSeqs.delay, kind: "delay", due: run.dueAt }, p.now);
  if (run.timeoutAt !== undefined) {
    waits.put({ run: run.id, seq: runTimerSeqs.timeout, kind: "timeout", due: run.timeoutAt }, p.now);
  }
  if (delayed) cx.addDue(run.dueAt);
  cx.addDue(run.timeoutAt);
  cx.holdLater(row);
  return { outcome: "created", run: row, delayed };
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "SQLITE_CONSTRAINT_PRIMARYKEY";
}

type ForkParams = Parameters<RunStore["forkRun"]>[0];

/** Adds a run with a copy of what had settled in another's journal before a given entry did. */
export function insertFork(cx: Change, p: ForkParams): Inserted | { readonly outcome: "not_found" } {
  const { runs, journal, events, blobs } = cx.t;
  const source = runs.get(p.from);
  if (source === undefined) return { outcome: "not_found" };
  const inserted = insertRun(cx, p);
  if (inserted.outcome !== "created") return inserted;
  const { run } = inserted;
  const boundary = p.before === undefined ? undefined : journal.get(source.id, p.before);
  const beforeOrd = boundary === undefined || boundary.ord === 0 ? Number.MAX_SAFE_INTEGER : boundary.ord;
  // The copy ends before a lock that the source holds at that point, or a token it waits for: they are not this run's.
  const loose = journal.loose(source.id);
  run.ord = journal.copy(source.id, run.id, beforeLooseEnds(loose, beforeOrd));
  // Only a retry leaves entries in another order than they were called in.
  const straight = source.attempt === 1 && runs.recordOf(source).forkedFrom === undefined;
  const locks = straight ? [] : brokenLocks(loose, journal.notIn(source.id, run.id));
  for (const { seq } of locks) journal.delete(run.id, seq);
  run.flags |= source.flags & (runFlags.consumed | runFlags.blobs);
  if ((source.flags & runFlags.consumed) !== 0) events.copyConsumed(source.id, run.id);
  if ((source.flags & runFlags.blobs) !== 0) blobs.copy(source.id, run.id);
  runs.save(run);
  return inserted;
}
