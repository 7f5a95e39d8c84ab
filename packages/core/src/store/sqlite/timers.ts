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

export interface Firing {
  readonly fired: number;
  readonly next?: number | undefined;
  readonly effects: Effects;
}

/** Settles what is due, oldest first, and says when to come back. */
export function fireTimers(t: Tables, p: Params): Firing {
  const cx = new Change(t, p.now);
  let fired = 0;
  for (const wait of t.waits.due(p.now, p.limit)) {
    // One that was due with it may have ended its run.
    if (!t.waits.delete(wait.run, wait.seq)) continue;
    const run = t.runs.get(wait.run);
    if (run === undefined) continue;
    fire(cx, run, wait);
    fired++;
  }
  for (const name of t.locks.expired(p.now, Math.max(0, p.limit - fired))) {
    t.locks.free(name);
    if (t.waits.oldestOn(name, "lock") === undefined) continue;
    cx.grantNext(name);
    fired++;
  }
  cx.cancelOrphans();
  const next = earliest(t.waits.nextDue(), t.locks.nextExpiry());
  return { fired, ...(next === undefined ? {} : { next }), effects: cx.effects() };
}

function fire(cx: Change, run: Run, wait: Wait): void {
  switch (wait.kind) {
    case "sleep":
      cx.settle(run, wait.seq, { failed: false, bytes: nothing });
      return;
    case "approval":
    case "callback":
      if (wait.ref !== null) cx.t.tokens.expire(wait.ref);
      cx.settle(run, wait.seq, { failed: true, bytes: timedOut });
      return;
    case "event":
    case "lock":
    case "child":
      cx.settle(run, wait.seq, { failed: true, bytes: timedOut });
      return;
    case "retry":
      // From here on the attempt is due whatever a clock that jumps back may say.
      cx.t.journal.makeDue(run.id, wait.seq);
      cx.deliver(run, { event: "wake", seq: wait.seq });
      return;
    case "delay":
      if (run.owner !== null) return;
      cx.touch(run.id);
      cx.makeReady(run);
      return;
    case "timeout":
      cx.cancel(run, timeoutNotice, timeoutError());
  }
}

function timeoutError(): Uint8Array {
  return encodeErrorValue({ name: "TimeoutError", message: timeoutNotice.message, code: "timeout" });
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
