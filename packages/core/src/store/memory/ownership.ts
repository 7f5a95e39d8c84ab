// Runs coming into an engine's memory and leaving it.
import { rankOf } from "../../kernel/flow.ts";
import type { ClaimedRun, Effects, RunRecord } from "../../kernel/run-store.ts";
import type { Change } from "./change.ts";
import { claimRun } from "./create.ts";
import { readPiece } from "./journal.ts";
import type { RunRow } from "./rows.ts";
import { toRecord } from "./runs.ts";
import { leaveMemory, requeue } from "./settle.ts";

/** Hands out ready runs with the first piece of their journals. */
export function claimRuns(
  change: Change,
  p: { readonly owner: string; readonly limit: number; readonly journalBytesMax: number },
): readonly ClaimedRun[] {
  const claimed: ClaimedRun[] = [];
  const { runs, flow } = change.tables;
  flow.beginTurns();
  while (claimed.length < p.limit) {
    const plain = runs.peekClaimable();
    const turn = flow.next(plain === undefined ? undefined : rankOf(plain.record), change.now);
    const row = turn === "plain" ? plain : turn === undefined ? undefined : runs.get(turn.run);
    if (row === undefined) break;
    claimRun(change, row, p.owner);
    runs.settleFlow();
    const { entries, next } = readPiece(row, undefined, p.journalBytesMax);
    claimed.push({ run: toRecord(row), journal: entries, next });
  }
  return claimed;
}

/** The run when this incarnation still holds it in memory. */
export function heldRun(change: Change, p: { readonly run: string; readonly epoch: number }): RunRow | undefined {
  const row = change.tables.runs.get(p.run);
  return row?.record.owner !== undefined && row.record.epoch === p.epoch ? row : undefined;
}

/**
 * Takes an idle run out of memory. One that has something to do, a cancellation that was not delivered included, is ready instead.
 * `stopped`: it has stopped for a pause, and goes on where that was taken back.
 */
export function parkRun(change: Change, row: RunRow, stopped: boolean): "parked" | "ready" {
  const { record } = row;
  const pausing = row.pause;
  const cancelling = record.cancel !== undefined;
  leaveMemory(row);
  if (record.outcome !== undefined) {
    if ([...row.waits].some((wait) => wait.kind === "retry")) return "parked";
  } else if (!cancelling && pausing) {
    becomePaused(row);
    return "parked";
  } else if (!cancelling && !stopped && record.status === "waiting") return "parked";
  requeue(change, row);
  return "ready";
}

/** Gives runs back that some incarnation could not go on with. */
export function releaseRuns(
  change: Change,
  p: { readonly runs: readonly { readonly run: string; readonly epoch: number }[]; readonly crashed: boolean },
): { readonly released: readonly RunRecord[]; readonly effects: Effects } {
  const released: RunRow[] = [];
  for (const held of p.runs) {
    const row = heldRun(change, held);
    if (row === undefined) continue;
    if (p.crashed) row.record.crashes++;
    giveBack(change, row);
    released.push(row);
  }
  return { released: released.map(toRecord), effects: change.effects() };
}

/** Gives back what an engine that is gone held in memory. Runs that only waited go on waiting. */
export function recover(change: Change, owner: string): number {
  let recovered = 0;
  for (const row of change.tables.runs.all()) {
    const { record } = row;
    if (record.owner === undefined || record.owner === owner) continue;
    recovered++;
    const waiting = record.status === "waiting" && !row.pause && record.cancel === undefined;
    if (waiting) leaveMemory(row);
    else giveBack(change, row);
  }
  return recovered;
}

export function becomePaused(row: RunRow): void {
  row.record.status = "paused";
  row.record.reason = "paused_by_user";
}

function giveBack(change: Change, row: RunRow): void {
  const { cancel, outcome } = row.record;
  const pausing = row.pause && cancel === undefined && outcome === undefined;
  leaveMemory(row);
  if (pausing) becomePaused(row);
  else requeue(change, row);
}
