// Settling the entries of runs: by the run itself, and from outside while it is in memory or parked.
import { encodeValue } from "@sluice/protocol";
import type { Change } from "./change.ts";
import { closePending } from "./flow/closing.ts";
import { closeEntry } from "./journal.ts";
import type { EntryRow, RunRow, Settlement, WaitRow } from "./rows.ts";

/** The error of a wait that has passed its time limit. */
export function timedOut(): Settlement {
  return { error: new Uint8Array(0) };
}

export function completedWith(value: unknown): Settlement {
  return { value: encodeValue(value) };
}

/** Makes an open entry wait. */
export function wait(
  change: Change,
  row: EntryRow,
  p: Omit<WaitRow, "run" | "seq" | "entry" | "place" | "heapAt">,
): WaitRow {
  row.entry.due = p.due;
  change.addDue(p.due);
  return change.tables.waits.add({ ...p, run: row.run, seq: row.entry.seq, entry: row });
}

/** Settles an entry with a result its worker does not know yet. */
export function settle(change: Change, row: EntryRow, settlement: Settlement): void {
  const none = settlement.value === undefined && settlement.error === undefined;
  const result = none ? completedWith(undefined) : settlement;
  close(change, row, result);
  wake(change, row.run);
  tellSettled(change, row, result);
}

/** Settles an entry with a result its worker made: the event says only that it is durable. */
export function acknowledge(change: Change, row: EntryRow, result: Settlement): void {
  close(change, row, result);
  tellSettled(change, row, {});
  wake(change, row.run);
}

function close(change: Change, row: EntryRow, result: Settlement): void {
  if (row.wait !== undefined) change.tables.waits.remove(row.wait);
  closeEntry(row, result, result.end ?? change.now);
}

function tellSettled(change: Change, { run, entry }: EntryRow, shown: Settlement): void {
  change.tell(run, {
    event: "settle",
    seq: entry.seq,
    ord: entry.ord,
    status: entry.status === "failed" ? "failed" : "completed",
    at: entry.end,
    ...(shown.value === undefined ? {} : { value: shown.value }),
    ...(shown.error === undefined ? {} : { error: shown.error }),
  });
}

/** The run has something to do: in memory it runs on, otherwise it may be claimed, unless somebody stopped it. */
export function wake(change: Change, run: RunRow): void {
  const { record } = run;
  if (record.owner !== undefined) {
    if (record.status !== "waiting") return;
    if (run !== change.appending && change.tables.runs.hasToQueue(run)) {
      takeBack(change, run);
      return;
    }
    run.flow?.add(run);
    record.status = "running";
    record.reason = undefined;
    return;
  }
  change.touch(run);
  if (!record.blocked && record.status !== "paused") requeue(change, run);
}

/** Takes a run that may not go on out of an engine's memory. */
function takeBack(change: Change, run: RunRow): void {
  change.tell(run, { event: "drop" });
  const pausing = run.pause;
  leaveMemory(run);
  change.touch(run);
  if (!pausing) {
    requeue(change, run);
    return;
  }
  run.record.status = "paused";
  run.record.reason = "paused_by_user";
}

/** Makes a run that is not in memory ready; one that is undoing stays so. */
export function requeue(change: Change, run: RunRow): void {
  const { record } = run;
  if (run.flow !== undefined && record.startedAt === undefined) closePending(change, run);
  record.status = record.outcome === undefined ? "queued" : "undoing";
  record.reason = undefined;
  change.makeReady(run);
}

/** Takes a run out of memory: what its incarnation still sends is stale from here on. */
export function leaveMemory(run: RunRow): void {
  run.flow?.add(run);
  run.record.owner = undefined;
  run.record.epoch++;
  run.pause = false;
}
