// How runs begin.
import type { Actor, CreateOutcome, NewRun } from "../../kernel/run-store.ts";
import type { Change } from "./change.ts";
import type { RunRow } from "./rows.ts";
import { toRecord } from "./runs.ts";
import { delaySeq, timeoutSeq } from "./waits.ts";

/** What a start with a key finds: the run that is there, and whether its input is the same. */
export function findStarted(change: Change, run: NewRun): { readonly row: RunRow; readonly same: boolean } | undefined {
  const row = run.key === undefined ? undefined : change.tables.runs.findByKey(run.workflow, run.key);
  return row === undefined ? undefined : { row, same: row.record.inputHash === run.inputHash };
}

/** Adds a run whose id and key are free: ready, or delayed until it is due. */
export function addRun(change: Change, run: NewRun, by: Actor): RunRow {
  const row = addRow(change, run, by);
  if (run.dueAt > change.now) delayRun(change, row);
  else change.makeReady(row);
  change.tables.runs.holdLater(row);
  return row;
}

/** Lets a run that has not started wait until it is due. */
export function delayRun(change: Change, row: RunRow): void {
  row.record.status = "queued";
  row.record.reason = "delayed";
  change.tables.waits.add({ run: row, seq: delaySeq, kind: "delay", due: row.record.dueAt });
  change.addDue(row.record.dueAt);
}

function addRow(change: Change, run: NewRun, by: Actor): RunRow {
  const row = change.tables.runs.add(run, by);
  change.tables.tally.count(run.workflow, run.createdAt, { status: "created" });
  row.lastEvent = change.tables.events.last;
  addTimeout(change, row);
  return row;
}

/** Sets the timer of the whole run anew. */
export function addTimeout(change: Change, row: RunRow): void {
  const { waits } = change.tables;
  const before = waits.ofRun(row, timeoutSeq);
  if (before !== undefined) waits.remove(before);
  const due = row.record.timeoutAt;
  if (due === undefined) return;
  waits.add({ run: row, seq: timeoutSeq, kind: "timeout", due });
  change.addDue(due);
}

/** Creates a run, or says what is in its place. `fill` writes what it begins with before anybody sees it. */
export function createRun(
  change: Change,
  p: { readonly by: Actor; readonly run: NewRun; readonly claim?: { readonly owner: string } | undefined },
  fill?: (row: RunRow) => void,
): CreateOutcome {
  const { runs } = change.tables;
  const started = findStarted(change, p.run);
  if (started !== undefined) return { outcome: started.same ? "existing" : "conflict", run: toRecord(started.row) };
  const taken = runs.get(p.run.id);
  if (taken !== undefined) return { outcome: "id_taken", run: toRecord(taken) };
  if (p.claim !== undefined && p.run.dueAt <= change.now && !runs.hasUnfinished(p.run.serialKey)) {
    const row = addRow(change, p.run, p.by);
    claimRun(change, row, p.claim.owner);
    return { outcome: "created", run: toRecord(row), effects: change.effects() };
  }
  const row = addRun(change, p.run, p.by);
  fill?.(row);
  return { outcome: "created", run: toRecord(row), effects: change.effects() };
}

/** Hands a run to an engine. */
export function claimRun(change: Change, row: RunRow, owner: string): void {
  const { record } = row;
  change.tables.runs.setReady(row, false);
  record.owner = owner;
  record.epoch++;
  record.startedAt ??= change.now;
  record.status = record.outcome === undefined ? "running" : "undoing";
  record.reason = undefined;
}
