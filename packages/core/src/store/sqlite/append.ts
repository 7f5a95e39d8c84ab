// Operations of one incarnation of a run: refused as a whole when it is not the current one, applied in order otherwise.
import {
  decodeValue,
  isFinalStatus,
  type BreakerMark,
  type DoneOp,
  type EntryKind,
  type IdleOp,
  type RaceOp,
  type RetryOp,
  type RunEvent,
  type RunStatus,
  type SleepOp,
  type StartedOp,
  type UndoingOp,
} from "@sluice/protocol";
import type { Effects, RunStore, StoreOp, Undecided } from "../../kernel/run-store.ts";
import { errorMessageOf, keptError } from "../attempts.ts";
import { askCache, keepResult } from "./append-cache.ts";
import { changeState, emitFromRun, returnLock, takeLock } from "./append-shared.ts";
import { continueRun } from "./append-continue.ts";
import { awaitApproval, awaitCallback, awaitEvent, makeToken, startChild } from "./append-waits.ts";
import { Change } from "./change.ts";
import {
  addWait,
  countUndo,
  noted,
  openEntry,
  pushSettled,
  settleNow,
  type Appending,
  type Placed,
} from "./placing.ts";
import { nothing, runFlags } from "./run-row.ts";
import type { Tables } from "./tables.ts";
import { beginTask } from "./tasks.ts";

/** What the writer answers; the caller adds what it can work out itself. */
export interface Appended {
  readonly events: readonly RunEvent[];
  readonly status: RunStatus;
  readonly effects?: Effects | undefined;
  /** Set when the run ended. */
  readonly workflow?: string | undefined;
  readonly undecided?: Undecided | undefined;
}

type AppendParams = Omit<Parameters<RunStore["append"]>[0], "by">;

/** Applies the operations; undefined when the incarnation is not the current one. */
export function append(t: Tables, p: AppendParams): Appended | undefined {
  const run = t.runs.get(p.run);
  if (run === undefined || run.owner === null || run.epoch !== p.epoch || isFinalStatus(run.status)) return undefined;
  const cx = new Change(t, p.now, run);
  const a: Appending = { cx, run };
  const undecided = applyAll(a, p.ops);
  const effects = cx.effectsOrNothing(run);
  return {
    events: cx.events,
    status: run.status,
    ...(effects === undefined ? {} : { effects }),
    ...(run.endedAt === null ? {} : { workflow: run.workflow }),
    ...(undecided === undefined ? {} : { undecided }),
  };
}

function applyAll(a: Appending, ops: readonly StoreOp[]): Undecided | undefined {
  for (const [at, op] of ops.entries()) {
    // After its end, or once it is blocked, a run has nothing but last words.
    if (a.run.owner === null && op.op !== "log" && op.op !== "chunk" && op.op !== "progress") continue;
    if ("seq" in op && !repeatable.has(op.op) && a.cx.t.journal.has(a.run.id, op.seq)) continue;
    if (op.op !== "event") {
      apply(a, op);
      continue;
    }
    const undecided = awaitEvent(a, op);
    if (undecided !== undefined) return { at, seq: op.seq, ...undecided };
  }
  return undefined;
}

/** Operations that may find their entry written before: the attempts of steps. All others take place once. */
const repeatable = new Set<StoreOp["op"]>(["started", "done", "retry", "cache"]);

// prettier-ignore
function apply(a: Appending, op: Exclude<StoreOp, { op: "event" }>): void {
  switch (op.op) {
    case "chunk": return stream(a, op);
    case "attributes": return setAttributes(a, op);
    case "cache": return askCache(a, op);
    case "started": return started(a, op);
    case "done": return done(a, op);
    case "retry": return retry(a, op);
    case "sleep": return sleep(a, op);
    case "approval": return awaitApproval(a, op);
    case "token": return makeToken(a, op);
    case "callback": return awaitCallback(a, op);
    case "call": case "start": return startChild(a, op);
    case "task": return beginTask(a, op);
    case "emit": return emitFromRun(a, op);
    case "state": return changeState(a, op);
    case "lock": return takeLock(a, op);
    case "unlock": return returnLock(a, op);
    case "race": return race(a, op);
    case "patched": return settleSilently(a, op, "patched");
    case "undoing": return undoing(a, op);
    case "finish": return finish(a, op);
    case "blocked": return a.cx.block(a.run, op);
    case "log": return log(a, op);
    case "progress": return a.cx.t.runs.setProgress(a.run.id, noted(a, op.value));
    case "idle": return idle(a, op);
  }
}

function settleSilently(a: Appending, op: Placed, kind: EntryKind): void {
  settleNow(a, { ...op, kind }, { failed: false, bytes: nothing, silent: true });
}

function started(a: Appending, op: StartedOp): void {
  if (!op.undo) return;
  const { cx, run } = a;
  countUndo(a, op);
  const kind = op.seq < 0 ? "undo" : "step";
  // prettier-ignore
  const written = cx.t.journal.put({ run: run.id, seq: op.seq, kind, name: op.name, n: op.n, status: "running", ord: 0,
    attempt: op.attempt, at: op.at, end: 0, undo: true });
  if (!written) return;
  endRetryWait(a, op);
  cx.events.push({ event: "started", seq: op.seq });
}

function done(a: Appending, op: DoneOp): void {
  const { cx, run } = a;
  countUndo(a, op);
  const ord = run.ord + 1;
  const failed = op.error !== undefined;
  const end = op.end ?? cx.now;
  // prettier-ignore
  const written = cx.t.journal.put({ run: run.id, seq: op.seq, kind: op.kind, name: op.name, n: op.n,
    status: failed ? "failed" : "completed", ord, attempt: op.attempt, value: op.value, error: op.error, at: op.at,
    end, undo: op.undo === true });
  if (!written) return;
  if (op.breaker !== undefined) teach(a, op.breaker, op.error);
  run.ord = ord;
  if (op.value !== undefined) noted(a, op.value);
  if (op.error !== undefined) noted(a, op.error);
  endRetryWait(a, op);
  pushSettled(a, { event: "settle", seq: op.seq, ord, status: failed ? "failed" : "completed", at: end });
  if (op.cache !== undefined) keepResult(a, { ...op, cache: op.cache });
}

/** An attempt that goes on before its time has come needs no timer any more. */
function endRetryWait({ cx, run }: Appending, op: { readonly seq: number; readonly attempt: number }): void {
  if (op.attempt > 1 && (run.flags & runFlags.waits) !== 0) cx.t.waits.delete(run.id, op.seq);
}

function retry(a: Appending, op: RetryOp & { readonly due?: number | undefined }): void {
  const { cx, run } = a;
  const due = op.due ?? cx.now + op.delay;
  countUndo(a, op);
  // prettier-ignore
  const written = cx.t.journal.put({ run: run.id, seq: op.seq, kind: op.kind, name: op.name, n: op.n, status: "running",
    ord: 0, attempt: op.attempt, error: noted(a, op.error), at: op.at, end: 0, due, undo: op.undo === true });
  if (!written) return;
  if (op.breaker !== undefined) teach(a, op.breaker, op.error);
  const { seq, attempt } = op;
  const error = keptError(op.error);
  cx.t.attempts.put({ run: run.id, seq, attempt, firstAt: op.at, end: cx.now, due, error });
  cx.t.runs.mark(run, runFlags.attempts);
  addWait(a, seq, { wait: "retry", due });
}

/** A circuit breaker hears of an attempt that it let in, in the commit of the attempt. */
function teach({ cx }: Appending, mark: BreakerMark, error: Uint8Array | undefined): void {
  cx.t.breakers.record(mark, { error: errorMessageOf(error), now: cx.now });
}

function sleep(a: Appending, op: SleepOp & { readonly due?: number | undefined }): void {
  const due = op.due ?? op.until ?? a.cx.now + (op.delay ?? 0);
  const placed = { seq: op.seq, name: op.name, n: op.n, kind: "sleep" } as const;
  if (due <= a.cx.now) settleNow(a, placed, { failed: false, bytes: nothing });
  else openEntry(a, placed, { wait: "sleep", due });
}

function race(a: Appending, op: RaceOp): void {
  settleNow(a, { seq: op.seq, name: op.name, n: op.n, kind: "race" }, { failed: false, bytes: op.value, silent: true });
  for (const seq of op.losers) abort(a, seq);
}

/** Closes an entry of a lost branch: it will never settle, and gives back the event or the lock it was given unseen. */
function abort({ cx, run }: Appending, seq: number): void {
  const { journal, waits, tokens, events, locks } = cx.t;
  const entry = journal.get(run.id, seq);
  if (entry?.status === "completed" && entry.kind === "lock" && entry.value !== undefined) {
    const { fence } = decodeValue(entry.value) as { readonly fence: number };
    const lock = locks.get(entry.name);
    if (lock?.run !== run.id || lock.fence !== fence) return;
    locks.free(entry.name);
    cx.grantNext(entry.name);
  }
  if (entry?.status === "completed" && entry.kind === "event") {
    journal.abort(run.id, seq, cx.now);
    events.release(run.id, seq);
  }
  cx.endFlights(run, seq);
  if (entry?.status !== "running") return;
  cx.orphanOf(run, seq);
  journal.abort(run.id, seq, cx.now);
  if (entry.kind === "approval") tokens.expire(waits.get(run.id, seq)?.ref ?? "");
  waits.delete(run.id, seq);
  if ((run.flags & runFlags.tokens) !== 0) tokens.expireOfEntry(run.id, seq);
}

function undoing(a: Appending, op: UndoingOp): void {
  const { cx, run } = a;
  const { error, ...rest } = op;
  run.outcome = JSON.stringify(rest);
  run.outcomeError = error === undefined ? null : noted(a, error);
  run.status = "undoing";
  run.reason = null;
  cx.t.runs.save(run);
  if ((run.flags & runFlags.waits) !== 0) cx.t.waits.deleteAll(run.id);
  if ((run.flags & runFlags.tokens) !== 0) cx.t.tokens.expireOfRun(run.id);
  cx.endFlights(run);
}

function finish(a: Appending, op: Extract<StoreOp, { op: "finish" }>): void {
  const { cx, run } = a;
  // A cancellation is on its way to the worker, which has not seen it yet.
  if (run.cancel !== null && run.outcome === null && (op.status === "completed" || op.status === "failed")) return;
  if (op.output !== undefined) noted(a, op.output);
  if (op.error !== undefined) noted(a, op.error);
  if (op.child !== undefined) continueRun(cx, run, op.child);
  cx.finish(run, op.child === undefined ? op : { ...op, continuedTo: op.child.id });
}

function stream({ cx, run }: Appending, op: Extract<StoreOp, { op: "chunk" }>): void {
  cx.t.streams.add(run.id, op);
  cx.t.runs.mark(run, runFlags.stream);
}

function setAttributes({ cx, run }: Appending, op: Extract<StoreOp, { op: "attributes" }>): void {
  cx.t.attributes.set(run, op.set);
  cx.t.runs.mark(run, runFlags.attributes);
}

function log({ cx, run }: Appending, op: Extract<StoreOp, { op: "log" }>): void {
  if (op.data !== undefined) noted({ cx, run }, op.data);
  cx.t.logs.add(run.id, op);
  cx.t.runs.mark(run, runFlags.logs);
}

/** Counts only when nothing settled and no attempt came due meanwhile: then the worker has something to do. */
function idle({ cx, run }: Appending, op: IdleOp): void {
  if (run.status !== "running" || cx.events.some((event) => event.event === "settle")) return;
  if (op.ord !== undefined && op.ord < run.ord) return;
  if (op.retries?.some((seq) => cx.t.waits.get(run.id, seq) === undefined) === true) return;
  run.status = "waiting";
  run.reason = op.reason ?? null;
  cx.t.runs.save(run);
}
