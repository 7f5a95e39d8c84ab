// What a run says of itself as a whole: its end, its progress, its log, that it only waits.
import type { BlockedOp, IdleOp, LogOp, ProgressOp, UndoingOp } from "@sluice/protocol";
import type { LogLine, StoreOp } from "../../kernel/run-store.ts";
import type { Change } from "./change.ts";
import { continueRun } from "./append-continue.ts";
import { blockRun, dropWaits, finishRun } from "./finish.ts";
import type { RunRow } from "./rows.ts";
import { endFlights } from "./step-cache.ts";
import { expireToken } from "./tokens.ts";

/** From here on the run only undoes: nothing else can settle, and it can no longer time out. */
export function appendUndoing(change: Change, run: RunRow, op: UndoingOp): void {
  run.flow?.add(run);
  run.record.outcome = op;
  run.record.status = "undoing";
  run.record.reason = undefined;
  dropWaits(change, run, () => true);
  for (const token of run.tokens) expireToken(token);
  endFlights(change, run);
}

/** A result that crosses a cancellation loses: the worker is about to hear of it. */
export function appendFinish(change: Change, run: RunRow, op: Extract<StoreOp, { op: "finish" }>): void {
  const { cancel, outcome } = run.record;
  const own = op.status === "completed" || op.status === "failed";
  if (own && cancel !== undefined && outcome === undefined) return;
  if (op.child !== undefined) continueRun(change, run, op.child);
  finishRun(change, run, op);
}

export function appendBlocked(change: Change, run: RunRow, op: BlockedOp): void {
  blockRun(change, run, op);
}

/** Counts only when nothing settled and no attempt came due meanwhile: then the worker has something to do. */
export function appendIdle(change: Change, run: RunRow, op: IdleOp): void {
  const settled = change.events.some((event) => event.event === "settle");
  if (settled || run.record.status !== "running") return;
  if (op.ord !== undefined && op.ord < run.record.ord) return;
  if (op.retries?.some((seq) => run.entries.get(seq)?.wait === undefined) === true) return;
  run.flow?.add(run);
  run.record.status = "waiting";
  run.record.reason = op.reason;
}

export function appendLog(run: RunRow, op: LogOp): void {
  const { at, data, key, level, message } = op;
  const line = { line: run.logs.length + 1, level, message, data, at, ...(key === undefined ? {} : { key }) };
  if (key !== undefined) {
    const known = run.logged.get(key) ?? [];
    if (known.some((each) => isSame(each, op))) return;
    run.logged.set(key, [...known, line]);
  }
  run.logs.push(line);
}

export function appendProgress(run: RunRow, op: ProgressOp): void {
  run.record.progress = op.value;
}

/** Under the same key it is the same line: an incarnation that did something again wrote it once more. */
function isSame(line: LogLine, op: LogOp): boolean {
  return line.level === op.level && line.message === op.message && String(line.data) === String(op.data);
}
