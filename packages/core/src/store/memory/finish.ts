// How runs end: what they hold is freed, who waits for them is told, and what they called is cancelled.
import { encodeErrorValue } from "@sluice/protocol";
import type { CancelNotice, FinishOp } from "@sluice/protocol";
import type { Change } from "./change.ts";
import { releaseLocks } from "./locks.ts";
import type { EntryRow, RunRow, Settlement, WaitRow } from "./rows.ts";
import { isFinal } from "./runs.ts";
import { completedWith, leaveMemory, requeue, settle } from "./settle.ts";
import { endFlights } from "./step-cache.ts";
import { expireToken } from "./tokens.ts";

const orphanMessage = "The run that called this one no longer waits for it.";
const orphanNotice: CancelNotice = { status: "cancelled", reason: "cancelled_by_parent", message: orphanMessage };

/** Ends a run for good. Its children are only marked: `cancelOrphans` ends them. */
export function finishRun(change: Change, run: RunRow, end: Omit<FinishOp, "op">): void {
  const { record } = run;
  record.status = end.status;
  record.reason = end.reason;
  record.output = end.output;
  record.error = end.error;
  record.cause = end.cause;
  record.endedAt = change.now;
  const durationMs = change.now - record.createdAt;
  change.tables.tally.count(record.workflow, change.now, { status: end.status, durationMs });
  record.blocked = false;
  leaveMemory(run);
  change.tables.runs.setReady(run, false);
  dropWaits(change, run, () => true);
  for (const token of run.tokens) expireToken(token);
  change.touch(run);
  const { id, workflow } = record;
  change.finished({
    run: id,
    workflow,
    status: end.status,
    output: end.output,
    error: end.error,
    reason: end.reason,
    continuedTo: record.continuedTo,
  });
  releaseLocks(change, run);
  endFlights(change, run);
  for (const wait of change.tables.waits.waitingFor("child", id)) {
    if (wait.entry !== undefined) settle(change, wait.entry, endOf(run));
  }
  for (const child of run.children) if (child.record.parent?.detached === false) change.orphans.push(child);
  if (change.tables.runs.endSerial(run) !== undefined) change.countReady();
}

/** What a run that waits for this one, which has ended, gets. */
export function endOf(run: RunRow): Settlement {
  const { status, output, error } = run.record;
  if (status === "completed") return output === undefined ? completedWith(undefined) : { value: output };
  return {
    error: error ?? encodeErrorValue({ name: "Error", message: `The run ended as ${status}.`, code: "child_failed" }),
  };
}

/** Removes waits of a run with what stands for them elsewhere. */
export function dropWaits(change: Change, run: RunRow, which: (wait: WaitRow) => boolean): void {
  for (const wait of run.waits) if (which(wait)) dropWait(change, wait);
}

export function dropWait(change: Change, wait: WaitRow): void {
  const { locks, waits } = change.tables;
  waits.remove(wait);
  if (wait.kind !== "lock" || wait.ref === undefined) return;
  const lock = locks.get(wait.ref);
  lock.waiters.delete(wait);
  locks.refresh(lock);
}

/** The child that an open call made and waits for; one that it found by its key belongs to another. */
export function childOf(change: Change, { entry, run, wait }: EntryRow): RunRow | undefined {
  const child = wait?.kind !== "child" || wait.ref === undefined ? undefined : change.tables.runs.get(wait.ref);
  const parent = child?.record.parent;
  if (parent === undefined) return undefined;
  return parent.run === run.record.id && parent.seq === entry.seq && !parent.detached ? child : undefined;
}

/** Cancels the children that were marked, and theirs. Called once at the end of every verb that may end a run. */
export function cancelOrphans(change: Change): void {
  for (let at = 0; at < change.orphans.length; at++) {
    const child = change.orphans[at];
    if (child === undefined) continue;
    const error = encodeErrorValue({ name: "CancelledError", code: "cancelled", message: orphanMessage });
    cancelRun(change, child, { notice: orphanNotice, error });
  }
  change.orphans.length = 0;
}

/** Ends an unfinished run early; false when it has ended. One that is already on its way out is left to it. */
export function cancelRun(
  change: Change,
  run: RunRow,
  p: { readonly notice: CancelNotice; readonly error: Uint8Array },
): boolean {
  const { record } = run;
  if (isFinal(run)) return false;
  // Asked for again, a cancellation that its code could not carry out gets another chance.
  const underWay = record.cancel !== undefined && !record.blocked;
  if (underWay || record.outcome !== undefined) return true;
  const { status, reason } = p.notice;
  if (record.owner === undefined && run.undos === 0) {
    finishRun(change, run, { status, reason, error: p.error });
    return true;
  }
  record.cancel = p.notice;
  if (record.owner !== undefined) {
    change.tell(run, { event: "cancel", ...p.notice });
    return true;
  }
  unblock(run);
  change.touch(run);
  requeue(change, run);
  return true;
}

/** Parks a run until an operator acts. */
export function blockRun(change: Change, run: RunRow, p: Pick<FinishOp, "reason" | "error">): void {
  const { record } = run;
  record.status = "waiting";
  record.blocked = true;
  record.reason = p.reason;
  record.error = p.error;
  leaveMemory(run);
  change.tables.runs.setReady(run, false);
}

export function unblock(run: RunRow): void {
  if (!run.record.blocked) return;
  run.record.blocked = false;
  run.record.error = undefined;
}
