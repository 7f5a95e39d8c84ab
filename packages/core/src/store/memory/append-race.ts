// The end of a race: the winner is journaled, what the others wait for is given up.
import { decodeValue } from "@sluice/protocol";
import type { RaceOp } from "@sluice/protocol";
import type { Change } from "./change.ts";
import { childOf, dropWait } from "./finish.ts";
import { abortEntry, openEntry } from "./journal.ts";
import { passLock } from "./locks.ts";
import type { EntryRow, RunRow } from "./rows.ts";
import { acknowledge } from "./settle.ts";
import { endFlights } from "./step-cache.ts";
import { expireToken } from "./tokens.ts";

export function appendRace(change: Change, run: RunRow, op: RaceOp): void {
  const row = openEntry(run, { ...op, kind: "race", at: change.now });
  if (row === undefined) return;
  acknowledge(change, row, { value: op.value });
  for (const seq of op.losers) {
    endFlights(change, run, seq);
    const loser = run.entries.get(seq);
    if (loser !== undefined) lose(change, loser);
  }
}

function lose(change: Change, row: EntryRow): void {
  const { entry, run, wait } = row;
  if (entry.kind === "lock" && entry.status === "completed") {
    // Granted, but nobody will ever use it or give it back.
    const lock = change.tables.locks.get(entry.name);
    if (lock.holder === run && sameFence(entry.value, lock.fence)) passLock(change, lock);
    return;
  }
  const receivedEvent = entry.kind === "event" && entry.status === "completed";
  if (entry.status !== "running" && !receivedEvent) return;
  const child = childOf(change, row);
  if (child !== undefined) change.orphans.push(child);
  if (wait !== undefined) dropWait(change, wait);
  expireToken(row.token ?? row.linked);
  abortEntry(row, change.now);
}

function sameFence(granted: Uint8Array | undefined, fence: number): boolean {
  return granted !== undefined && (decodeValue(granted) as { readonly fence: number }).fence === fence;
}
