// What operators do to runs: cancel, pause, resume, retry, move, block and unblock.
import { isFinalStatus } from "@sluice/protocol";
import { planRetry } from "../../kernel/retry-plan.ts";
import type { ChangeOutcome, Effects, RunStore } from "../../kernel/run-store.ts";
import { Change } from "./change.ts";
import { readiness, runFlags, type Run } from "./run-row.ts";
import type { Tables } from "./tables.ts";
import { runTimerSeqs } from "./waits.ts";

type Params<Verb extends keyof RunStore> = Parameters<RunStore[Verb]>[0];

/** Applies a change to a run; the change says whether the run's state allows it. */
function change(t: Tables, p: { run: string; now: number }, apply: (cx: Change, run: Run) => boolean): ChangeOutcome {
  const run = t.runs.get(p.run);
  if (run === undefined) return { outcome: "not_found" };
  const cx = new Change(t, p.now);
  if (!apply(cx, run)) return { outcome: "refused", run: t.runs.recordOf(run) };
  const effects = cx.effects();
  return { outcome: "ok", run: t.runs.recordOf(run), effects };
}

export function cancelRun(t: Tables, p: Params<"cancelRun">): ChangeOutcome {
  return change(t, p, (cx, run) => {
    if (isFinalStatus(run.status)) return false;
    if (t.blobs.note(run.id, p.error)) t.runs.mark(run, runFlags.blobs);
    cx.cancel(run, p.notice, p.error);
    return true;
  });
}

export function pauseRun(t: Tables, p: Params<"pauseRun">): ChangeOutcome {
  return change(t, p, (cx, run) => {
    const leaving = run.cancel !== null || run.outcome !== null || isFinalStatus(run.status);
    if (leaving || run.blocked === 1) return false;
    if (run.status === "paused") return true;
    if (run.owner !== null) {
      if (run.pause === 0) cx.deliver(run, { event: "pause" });
      run.pause = 1;
    } else {
      run.status = "paused";
      run.reason = "paused_by_user";
      run.ready = readiness.no;
      t.waits.delete(run.id, runTimerSeqs.delay);
    }
    t.runs.save(run);
    return true;
  });
}

export function resumeRun(t: Tables, p: Params<"resumeRun">): ChangeOutcome {
  return change(t, p, (cx, run) => {
    if (run.owner !== null && run.pause === 1) {
      run.pause = 0;
      t.runs.save(run);
      return true;
    }
    if (run.status !== "paused" && run.blocked === 0) return false;
    unblock(cx, run);
    return true;
  });
}

/** Makes a paused or blocked run ready, one that was paused before its start once it is due; a blocked one's error goes. */
function unblock(cx: Change, run: Run): void {
  if (run.blocked === 1) run.results = { output: null, error: null };
  run.blocked = 0;
  const dueAt = run.startedAt === null ? cx.t.runs.recordOf(run).dueAt : cx.now;
  if (dueAt > cx.now) delay(cx, run, dueAt);
  else cx.makeReady(run);
}

function delay(cx: Change, run: Run, due: number): void {
  run.status = "queued";
  run.reason = "delayed";
  cx.t.waits.put({ run: run.id, seq: runTimerSeqs.delay, kind: "delay", due }, cx.now);
  cx.t.runs.mark(run, runFlags.waits);
  cx.t.runs.save(run);
  cx.addDue(due);
}

export function blockRun(t: Tables, p: Params<"blockRun">): ChangeOutcome {
  return change(t, p, (cx, run) => {
    if (isFinalStatus(run.status) || (p.epoch !== undefined && p.epoch !== run.epoch)) return false;
    cx.block(run, p);
    return true;
  });
}

export function unblockRuns(t: Tables, p: Params<"unblockRuns">): { effects: Effects } {
  const cx = new Change(t, p.now);
  for (const reason of p.reasons) {
    for (const id of t.runs.blockedFor(reason, p.workflow, p.version)) {
      const run = t.runs.get(id);
      if (run === undefined) continue;
      unblock(cx, run);
      cx.touch(id);
    }
  }
  return { effects: cx.effects() };
}

export function moveRun(t: Tables, p: Params<"moveRun">): ChangeOutcome {
  return change(t, p, (_cx, run) => {
    const held = p.epoch === undefined ? run.owner === null : run.owner !== null && run.epoch === p.epoch;
    if (isFinalStatus(run.status) || !held) return false;
    run.version = p.version;
    t.runs.save(run);
    return true;
  });
}

export function retryRun(t: Tables, p: Params<"retryRun">): ChangeOutcome {
  return change(t, p, (cx, run) => {
    const ended = isFinalStatus(run.status);
    if ((ended && run.status === "completed") || (!ended && run.blocked === 0)) return false;
    const cause = run.cause ?? (run.status === "failed" ? t.journal.lastFailed(run.id) : undefined);
    const { id } = run;
    const plan = planRetry({ entries: t.journal.retried(id), loose: t.journal.loose(id), cause, ended });
    for (const seq of plan.reopened) t.tokens.reopen(id, seq, cx.now);
    for (const seq of plan.removed) removeEntry(cx, run, seq);
    for (const seq of plan.again) redoEntry(cx, run, seq);
    if (plan.removed.some((seq) => seq < 0)) run.generation++;
    // prettier-ignore
    Object.assign(run, { cause: null, cancel: null, outcome: null, outcomeError: null, endedAt: null, blocked: 0, pause: 0,
      crashes: 0, undos: t.journal.undos(run.id), results: { output: null, error: null }, status: "queued" });
    run.attempt++;
    run.epoch++;
    run.version = p.version ?? run.version;
    if (p.timeoutAt !== undefined) {
      run.timeoutAt = p.timeoutAt;
      t.waits.put({ run: run.id, seq: runTimerSeqs.timeout, kind: "timeout", due: p.timeoutAt }, p.now);
      t.runs.mark(run, runFlags.waits);
      cx.addDue(p.timeoutAt);
    }
    t.runs.save(run);
    cx.makeReady(run);
    cx.holdLater(run);
    return true;
  });
}

/** Takes an entry out of a journal as if it had never been, with what hangs on it. */
function removeEntry(cx: Change, run: Run, seq: number): void {
  const { t } = cx;
  const child = cx.childOf(run, seq);
  // One with a key is found by the call that is made again; any other would be made a second time.
  if (child !== undefined && t.runs.record(child)?.key === undefined) cx.orphanOf(run, seq);
  t.journal.delete(run.id, seq);
  dropOf(cx, run, seq);
  if ((run.flags & runFlags.consumed) !== 0) t.events.release(run.id, seq);
}

/** Opens an entry again in its place, without what hung on its result. */
function redoEntry(cx: Change, run: Run, seq: number): void {
  cx.t.journal.redo(run.id, seq);
  dropOf(cx, run, seq);
}

function dropOf({ t }: Change, run: Run, seq: number): void {
  t.waits.delete(run.id, seq);
  if ((run.flags & runFlags.attempts) !== 0) t.attempts.delete(run.id, seq);
  if ((run.flags & runFlags.tokens) !== 0) t.tokens.deleteOfEntry(run.id, seq);
}
