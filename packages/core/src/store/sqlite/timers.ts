// What is due: waits that end by time, next attempts, delayed starts, time limits of runs, locks that run out.
import { encodeErrorValue, type CancelNotice } from "@sluice/protocol";
import type { Effects, RunStore } from "../../kernel/run-store.ts";
import { Change } from "./change.ts";
import { nothing, timedOut, type Run } from "./run-row.ts";
import type { Tables } from "./tables.ts";
import type { Wait } from "./waits.ts";

type Params = Parameters<RunStore["fireTimers"]>[0];

const timeoutNotice: CancelNotice = {
  status: "timedout",
  reason: "run_timeout",
  message: "The run did not end within its time limit.",
};

const lateNotice: CancelNotice = {
  status: "timedout",
  reason: "start_deadline",
  message: "The run did not begin within the time its workflow allows.",
};

export interface Firing {
  readonly fired: number;
  readonly next?: number | undefined;
  readonly effects: Effects;
}

/** Settles what is due, oldest first, and says when to come back. */
export function fireTimers(t: Tables, p: Params): Firing {
  const cx = new Change(t, p.now);
  const { soonMs = 0 } = p;
  const due = [...t.waits.due(p.now + soonMs, p.limit), ...t.locks.expired(p.now, p.limit)].toSorted(firesFirst);
  let fired = 0;
  for (const item of due) {
    if (fired === p.limit) break;
    if ((item.due ?? 0) > p.now && ("name" in item || !isAlone(t, item))) break;
    if ("name" in item ? passLock(cx, item.name) : fire(cx, item)) fired++;
    cx.cancelOrphans();
  }
  if (fired < p.limit) fired += t.flow.fire(p.now, p.limit - fired);
  const next = earliest(earliest(nextWait(t, soonMs), t.locks.nextExpiry()), t.flow.nextOpening());
  return { fired, ...(next === undefined ? {} : { next }), effects: cx.effects() };
}

interface Timer {
  readonly due: number | null;
  readonly no: number;
}

function firesFirst(a: Timer, b: Timer): number {
  return (a.due ?? 0) - (b.due ?? 0) || a.no - b.no;
}

/** False when what fired before has freed the lock, or left nobody who waits for it. */
function passLock(cx: Change, name: string): boolean {
  const { locks, waits } = cx.t;
  const expiresAt = locks.get(name)?.expiresAt ?? null;
  if (expiresAt === null || expiresAt > cx.now || waits.oldestOn(name, "lock") === undefined) return false;
  locks.free(name);
  cx.grantNext(name);
  return true;
}

/** True for a sleep that is all its run waits for: nothing can come between its end and what the run does then. */
function isAlone(t: Tables, wait: Wait): boolean {
  return wait.kind === "sleep" && t.runs.get(wait.run)?.status === "waiting" && t.waits.count(wait.run) === 1;
}

/** When the wait that is due first can be settled. */
function nextWait(t: Tables, soonMs: number): number | undefined {
  const [wait] = t.waits.due(Number.MAX_SAFE_INTEGER, 1);
  if (wait === undefined || wait.due === null) return undefined;
  return soonMs > 0 && isAlone(t, wait) ? wait.due - soonMs : wait.due;
}

/** False when what fired before has ended the run. */
function fire(cx: Change, wait: Wait): boolean {
  if (!cx.t.waits.delete(wait.run, wait.seq)) return false;
  const run = cx.t.runs.get(wait.run);
  if (run === undefined) return false;
  fireWait(cx, run, wait);
  return true;
}

function fireWait(cx: Change, run: Run, wait: Wait): void {
  switch (wait.kind) {
    case "sleep":
      cx.settle(run, wait.seq, { failed: false, bytes: nothing, at: Math.max(cx.now, wait.due ?? 0) });
      return;
    case "approval":
    case "callback":
      if (wait.ref !== null) cx.t.tokens.expire(wait.ref);
      cx.settle(run, wait.seq, { failed: true, bytes: timedOut });
      return;
    case "event":
    case "lock":
    case "child":
    case "task":
      cx.settle(run, wait.seq, { failed: true, bytes: timedOut });
      return;
    case "retry":
      // From here on the attempt is due whatever a clock that jumps back may say.
      cx.t.journal.makeDue(run.id, wait.seq);
      cx.deliver(run, { event: "wake", seq: wait.seq });
      return;
    case "cache":
      cx.deliver(run, { event: "wake", seq: wait.seq });
      return;
    case "delay":
      if (run.owner !== null) return;
      cx.touch(run.id);
      cx.makeReady(run);
      return;
    case "timeout":
      cx.cancel(run, timeoutNotice, timeoutError(timeoutNotice));
      return;
    case "start":
      if (run.startedAt === null) cx.cancel(run, lateNotice, timeoutError(lateNotice));
  }
}

function timeoutError({ message }: CancelNotice): Uint8Array {
  return encodeErrorValue({ name: "TimeoutError", message, code: "timeout" });
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
