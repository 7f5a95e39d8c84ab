// One incarnation writes to its run: the fence, then every operation in order.
import type { RunEvent } from "@sluice/protocol";
import type { AppendOutcome, StoreOp, Undecided } from "../../kernel/run-store.ts";
import { setAttributes } from "./attributes.ts";
import { appendApproval, appendCallback, appendEmit, appendEvent, appendToken } from "./append-waits.ts";
import { appendChild } from "./append-child.ts";
import { appendLock, appendUnlock } from "./append-lock.ts";
import { appendRace } from "./append-race.ts";
import { appendBlocked, appendFinish, appendIdle, appendLog, appendProgress, appendUndoing } from "./append-run.ts";
import { appendCache } from "./step-cache.ts";
import { appendChunk } from "./stream.ts";
import { appendState } from "./append-state.ts";
import { appendDone, appendPatched, appendRetry, appendSleep, appendStarted } from "./append-step.ts";
import { Change } from "./change.ts";
import { appendTask } from "./tasks.ts";
import { checkOps } from "./check-ops.ts";
import { cancelOrphans } from "./finish.ts";
import type { RunRow } from "./rows.ts";
import type { Tables } from "./tables.ts";

/** Applies operations; refuses those of an incarnation that no longer owns the run. Throws, before it writes, for what no engine sends. */
export function append(
  tables: Tables,
  p: { readonly run: string; readonly epoch: number; readonly ops: readonly StoreOp[]; readonly now: number },
): AppendOutcome {
  const run = tables.runs.get(p.run);
  if (run === undefined || run.record.owner === undefined || run.record.epoch !== p.epoch) return { outcome: "stale" };
  checkOps(tables, p.ops);
  const change = new Change(tables, p.now, run);
  const undecided = applyAll(change, run, p);
  cancelOrphans(change);
  const events: readonly RunEvent[] = change.events;
  return { outcome: "ok", events, status: run.record.status, effects: change.effects(), undecided };
}

function applyAll(
  change: Change,
  run: RunRow,
  p: { readonly epoch: number; readonly ops: readonly StoreOp[] },
): Undecided | undefined {
  for (const [at, op] of p.ops.entries()) {
    const gone = run.record.epoch !== p.epoch;
    if (gone && op.op !== "log" && op.op !== "chunk" && op.op !== "progress") continue;
    if (op.op !== "event") {
      apply(change, run, op);
      continue;
    }
    const undecided = appendEvent(change, run, op);
    if (undecided !== undefined) return { at, seq: op.seq, ...undecided };
  }
  return undefined;
}

function apply(change: Change, run: RunRow, op: Exclude<StoreOp, { op: "event" }>): void {
  switch (op.op) {
    case "chunk":
      return appendChunk(run, op);
    case "attributes":
      return setAttributes(run, op.set);
    case "cache":
      return appendCache(change, run, op);
    case "started":
      return appendStarted(change, run, op);
    case "done":
      return appendDone(change, run, op);
    case "retry":
      return appendRetry(change, run, op);
    case "patched":
      return appendPatched(change, run, op);
    case "sleep":
      return appendSleep(change, run, op);
    case "approval":
      return appendApproval(change, run, op);
    case "token":
      return appendToken(change, run, op);
    case "callback":
      return appendCallback(change, run, op);
    case "emit":
      return appendEmit(change, run, op);
    case "call":
    case "start":
      return appendChild(change, run, op);
    case "task":
      return appendTask(change, run, op);
    case "state":
      return appendState(change, run, op);
    case "lock":
      return appendLock(change, run, op);
    case "unlock":
      return appendUnlock(change, run, op);
    case "race":
      return appendRace(change, run, op);
    case "undoing":
      return appendUndoing(change, run, op);
    case "finish":
      return appendFinish(change, run, op);
    case "blocked":
      return appendBlocked(change, run, op);
    case "idle":
      return appendIdle(change, run, op);
    case "log":
      return appendLog(run, op);
    case "progress":
      return appendProgress(run, op);
  }
}
