// What operators do to runs: pause, resume, retry, fork, move, delete.
import type { RunStatusReason } from "@sluice/protocol";
import { planRetry } from "../../kernel/retry-plan.ts";
import type { Actor, CreateOutcome, NewRun } from "../../kernel/run-store.ts";
import type { Change } from "./change.ts";
import { addTimeout, createRun, delayRun } from "./create.ts";
import { childOf, dropWait, dropWaits, unblock } from "./finish.ts";
import { copySettled, looseEntries, placeOf, redoEntries, removeEntries } from "./journal.ts";
import { releaseKeys } from "./payload-keys/payload-keys.ts";
import { becomePaused } from "./ownership.ts";
import type { EntryRow, RunRow } from "./rows.ts";
import { isFinal } from "./runs.ts";
import { leaveMemory, requeue } from "./settle.ts";
import { reopenToken } from "./tokens.ts";

/** False when the run is not in a state that allows it; so do the others here. */
export function pauseRun(change: Change, run: RunRow): boolean {
  const { record } = run;
  if (isFinal(run) || record.blocked || record.outcome !== undefined || record.cancel !== undefined) return false;
  if (record.owner !== undefined) {
    if (!run.pause) change.tell(run, { event: "pause" });
    run.pause = true;
    return true;
  }
  if (record.status === "paused") return true;
  dropWaits(change, run, (wait) => wait.kind === "delay");
  change.tables.runs.setReady(run, false);
  becomePaused(run);
  return true;
}

export function resumeRun(change: Change, run: RunRow): boolean {
  const { record } = run;
  if (record.owner !== undefined) {
    const wanted = run.pause;
    run.pause = false;
    return wanted;
  }
  if (record.status !== "paused" && !record.blocked) return false;
  unblock(run);
  // One that was paused before its start keeps its delay.
  if (record.startedAt === undefined && record.dueAt > change.now) delayRun(change, run);
  else requeue(change, run);
  return true;
}

/** Makes every run that is blocked for one of the reasons ready again. */
export function unblockRuns(
  change: Change,
  p: {
    readonly reasons: readonly RunStatusReason[];
    readonly workflow?: string | undefined;
    readonly version?: string | undefined;
  },
): void {
  for (const run of change.tables.runs.all()) {
    const { blocked, reason, version, workflow } = run.record;
    if (!blocked || reason === undefined || !p.reasons.includes(reason)) continue;
    if (p.workflow !== undefined && p.workflow !== workflow) continue;
    if (p.version !== undefined && p.version !== version) continue;
    resumeRun(change, run);
    change.touch(run);
  }
}

/** Makes a run that failed, was ended early or is blocked ready to run again on what its journal keeps. */
export function retryRun(
  change: Change,
  run: RunRow,
  p: { readonly version?: string | undefined; readonly timeoutAt?: number | undefined },
): boolean {
  const { record } = run;
  const ended = isFinal(run);
  if (record.status === "completed" || !(ended || record.blocked)) return false;
  takeBack(change, run, ended);
  record.output = undefined;
  record.error = undefined;
  record.cause = undefined;
  record.cancel = undefined;
  record.outcome = undefined;
  record.endedAt = undefined;
  record.blocked = false;
  record.crashes = 0;
  record.attempt++;
  record.version = p.version ?? record.version;
  if (p.timeoutAt !== undefined) {
    record.timeoutAt = p.timeoutAt;
    addTimeout(change, run);
  }
  leaveMemory(run);
  if (ended) change.tables.runs.beginSerial(run);
  requeue(change, run);
  change.tables.runs.holdLater(run);
  return true;
}

/** Takes out of a journal what a retry has to do anew, and opens again what is to be done again in its place. */
function takeBack(change: Change, run: RunRow, ended: boolean): void {
  const { record } = run;
  const failures = run.settled.filter(({ entry }) => entry.seq >= 0 && entry.status === "failed");
  const failed = record.status === "failed" ? failures.at(-1) : undefined;
  const entries = [...run.entries.values()].map((row) => {
    const { seq, kind, status, place } = row.entry;
    return { seq, kind, status, at: placeOf(row), again: place !== undefined };
  });
  const plan = planRetry({ entries, loose: looseEntries(run), cause: record.cause ?? failed?.entry.seq, ended });
  for (const seq of plan.reopened) reopenToken(run, seq, change.now);
  const removed = rowsOf(run, plan.removed);
  const again = rowsOf(run, plan.again);
  for (const row of [...removed, ...again]) dropOf(change, row);
  if (plan.removed.some((seq) => seq < 0)) record.generation++;
  redoEntries(run, again);
  removeEntries(run, removed);
}

function rowsOf(run: RunRow, seqs: readonly number[]): ReadonlySet<EntryRow> {
  return new Set(seqs.flatMap((seq) => run.entries.get(seq) ?? []));
}

/** Drops what hangs on an entry: its child, its wait, its tokens. */
function dropOf(change: Change, row: EntryRow): void {
  const child = childOf(change, row);
  // One with a key is found by the call that is made again; any other would be made a second time.
  if (child !== undefined && child.record.key === undefined) change.orphans.push(child);
  if (row.wait !== undefined) dropWait(change, row.wait);
  for (const token of row.run.tokens) if (token.record.seq === row.entry.seq) change.tables.tokens.delete(token);
}

/** Creates a run that begins with what had settled in another one before one of its entries did. */
export function forkRun(
  change: Change,
  source: RunRow,
  p: { readonly by: Actor; readonly before?: number | undefined; readonly run: NewRun },
): CreateOutcome {
  const boundary = p.before === undefined ? undefined : source.entries.get(p.before);
  const before = boundary === undefined ? 0 : placeOf(boundary);
  const beforeOrd = before > 0 ? before : Number.POSITIVE_INFINITY;
  return createRun(change, { by: p.by, run: p.run }, (row) => copySettled(source, row, beforeOrd));
}

/** With an epoch only while that incarnation owns the run, otherwise only while none does. */
export function moveRun(run: RunRow, p: { readonly version: string; readonly epoch?: number | undefined }): boolean {
  const { epoch, owner } = run.record;
  const allowed = p.epoch === undefined ? owner === undefined : owner !== undefined && epoch === p.epoch;
  if (isFinal(run) || !allowed) return false;
  run.record.version = p.version;
  return true;
}

/** Deletes ended runs with everything that belongs to them. */
export function deleteRuns(change: Change, rows: ReadonlySet<RunRow>): void {
  const { runs, state, tokens, flowRows } = change.tables;
  for (const row of rows) {
    flowRows.deletePlace(row.record.id);
    for (const token of row.tokens) tokens.delete(token);
    state.deleteScope(`run:${row.record.id}`);
  }
  runs.delete(rows);
  releaseKeys(
    change.tables,
    [...rows].map((row) => row.record.payloadKey),
  );
}

/** Deletes up to `limit` ended runs of a workflow: those that ended before `endedBefore`, all but the `keep` that ended last. */
export function purgeRuns(
  change: Change,
  p: {
    readonly workflow: string;
    readonly endedBefore?: number | undefined;
    readonly keep?: number | undefined;
    readonly limit: number;
  },
): number {
  const ended = change.tables.runs
    .all()
    .filter((row) => row.record.workflow === p.workflow && isFinal(row))
    .toSorted((a, b) => endedAt(a) - endedAt(b) || (a.record.id < b.record.id ? -1 : 1));
  const surplus = p.keep === undefined ? 0 : ended.length - p.keep;
  const old = ended.filter((row, index) => index < surplus || endedAt(row) < (p.endedBefore ?? 0));
  const rows = new Set(old.slice(0, p.limit));
  deleteRuns(change, rows);
  return rows.size;
}

function endedAt(row: RunRow): number {
  return row.record.endedAt ?? 0;
}
