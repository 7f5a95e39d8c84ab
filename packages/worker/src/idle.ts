// Whether anything is under way in a run, or all of its open calls only wait: then it gives up its place, and may leave memory.
import type { IdleOp } from "@sluice/protocol";
import type { Call } from "./calls.ts";
import type { Replay } from "./replay.ts";

/**
 * Calls that do something. One whose result is there and is held back, since something before it is done again, does nothing:
 * what the run waits for is that other call.
 */
export function underWay(calls: Iterable<Call>, replay: Replay): number {
  const held = replay.heldBack();
  let count = 0;
  for (const call of calls) if (call.wait === undefined && !held.has(call.seq)) count++;
  return count;
}

/** What a run waits for; undefined while one of its calls does something, or there is none that waits. */
export function idleOf(calls: Iterable<Call>, replay: Replay): IdleOp | undefined {
  const held = replay.heldBack();
  let reason: IdleOp["reason"] | undefined;
  const retries: number[] = [];
  for (const call of calls) {
    if (held.has(call.seq)) continue;
    if (call.wait === undefined) return undefined;
    if (call.wait === "waiting_for_retry" || call.wait === "waiting_for_cache") retries.push(call.seq);
    if (call.isRace !== true) reason ??= call.wait;
  }
  if (reason === undefined) return undefined;
  return { op: "idle", reason, ord: replay.ord, ...(retries.length === 0 ? {} : { retries }) };
}
