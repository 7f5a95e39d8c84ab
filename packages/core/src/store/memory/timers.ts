// What happens when time passes: waits come due, runs begin or time out, locks expire under those who wait for them.
import { encodeErrorValue } from "@sluice/protocol";
import type { CancelNotice } from "@sluice/protocol";
import type { Change } from "./change.ts";
import { cancelOrphans, cancelRun, dropWait } from "./finish.ts";
import { passLock } from "./locks.ts";
import type { LockRow, RunRow, WaitRow } from "./rows.ts";
import { completedWith, settle, timedOut, wake } from "./settle.ts";
import { expireToken } from "./tokens.ts";

const timeoutMessage = "The run took longer than its time limit.";
const timeoutNotice: CancelNotice = { status: "timedout", reason: "run_timeout", message: timeoutMessage };

const lateNotice: CancelNotice = {
  status: "timedout",
  reason: "start_deadline",
  message: "The run did not begin within the time its workflow allows.",
};

/** Settles up to `limit` of what is due, oldest first, and lone sleeps up to `soonMs` early; how many, and when to come back. */
export function fireTimers(
  change: Change,
  { limit, soonMs = 0 }: { readonly limit: number; readonly soonMs?: number },
): { readonly fired: number; readonly next?: number | undefined } {
  let fired = 0;
  for (; fired < limit; fired++) {
    const next = earliest(change);
    if (next === undefined || settledFrom(next, soonMs) > change.now) break;
    if (next.wait !== undefined) fireWait(change, next.wait);
    else passLock(change, next.lock);
    cancelOrphans(change);
  }
  const { flow } = change.tables;
  if (fired < limit) fired += flow.fire(change.now, limit - fired);
  const left = earliest(change);
  const next = Math.min(
    left === undefined ? Number.POSITIVE_INFINITY : settledFrom(left, soonMs),
    flow.nextOpening() ?? Number.POSITIVE_INFINITY,
  );
  return { fired, next: next === Number.POSITIVE_INFINITY ? undefined : next };
}

type Due =
  | { readonly due: number; readonly wait: WaitRow }
  | { readonly due: number; readonly wait?: undefined; readonly lock: LockRow };

/** From when on it may be settled: earlier than its time only a sleep that is all its run waits for. */
function settledFrom({ due, wait }: Due, soonMs: number): number {
  if (wait?.kind !== "sleep" || wait.run.record.status !== "waiting") return due;
  const waits = [...wait.run.waits].filter((each) => each.entry !== undefined);
  return waits.length === 1 ? due - soonMs : due;
}

/** The first of waits and expiring locks; of those due together the one that was made first. */
function earliest(change: Change): Due | undefined {
  const wait = change.tables.waits.earliest();
  const lock = change.tables.locks.earliest();
  const waitDue = wait?.due ?? Number.POSITIVE_INFINITY;
  const lockDue = lock?.expiresAt ?? Number.POSITIVE_INFINITY;
  if (lock !== undefined && (lockDue < waitDue || (lockDue === waitDue && lock.place < (wait?.place ?? 0)))) {
    return { due: lockDue, lock };
  }
  return wait === undefined ? undefined : { due: waitDue, wait };
}

function fireWait(change: Change, wait: WaitRow): void {
  const { entry, run } = wait;
  dropWait(change, wait);
  if (wait.kind === "timeout") {
    const error = encodeErrorValue({ name: "TimeoutError", code: "timeout", message: timeoutMessage });
    cancelRun(change, run, { notice: timeoutNotice, error });
    return;
  }
  if (wait.kind === "start") {
    const error = encodeErrorValue({ name: "TimeoutError", code: "timeout", message: lateNotice.message });
    if (run.record.startedAt === undefined) cancelRun(change, run, { notice: lateNotice, error });
    return;
  }
  if (entry === undefined) {
    wake(change, run);
    return;
  }
  if (wait.kind === "cache") {
    wakeStep(change, run, wait.seq);
    return;
  }
  if (wait.kind === "retry") {
    // From here on the attempt is due whatever a clock that jumps back may say.
    entry.entry.due = undefined;
    wakeStep(change, run, wait.seq);
    return;
  }
  expireToken(wait.kind === "callback" ? change.tables.tokens.get(wait.ref ?? "") : (entry.token ?? entry.linked));
  if (wait.kind !== "sleep") settle(change, entry, timedOut());
  else settle(change, entry, { ...completedWith(undefined), end: Math.max(change.now, wait.due ?? 0) });
}

function wakeStep(change: Change, run: RunRow, seq: number): void {
  wake(change, run);
  change.tell(run, { event: "wake", seq });
}
