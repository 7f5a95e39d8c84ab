// Taking and giving back named locks.
import type { UnlockOp } from "@sluice/protocol";
import type { StoreOp } from "../../kernel/run-store.ts";
import type { Change } from "./change.ts";
import { openEntry } from "./journal.ts";
import { grantLock, isHeld, passLock } from "./locks.ts";
import type { RunRow } from "./rows.ts";
import { completedWith, settle, timedOut, wait } from "./settle.ts";

type LockStoreOp = Extract<StoreOp, { readonly op: "lock" }>;

export function appendLock(change: Change, run: RunRow, op: LockStoreOp): void {
  const { name, ttl: ttlMs } = op;
  const row = openEntry(run, { ...op, kind: "lock", at: change.now });
  if (row === undefined || row.wait !== undefined) return;
  // It was granted once: what was done under it stands, and goes on when it is granted again, however late.
  const due = row.entry.place === undefined ? op.due : undefined;
  const lock = change.tables.locks.get(name);
  // One that has expired belongs to whoever has waited longest.
  if (lock.holder !== undefined && !isHeld(lock, change.now)) passLock(change, lock);
  if (lock.holder === undefined) {
    grantLock(change, row, { lock, ttlMs });
    return;
  }
  if (due !== undefined && due <= change.now) {
    settle(change, row, timedOut());
    return;
  }
  lock.waiters.add(wait(change, row, { kind: "lock", due, ref: name, ttlMs }));
  change.tables.locks.refresh(lock);
  change.addDue(lock.expiresAt);
}

export function appendUnlock(change: Change, run: RunRow, op: UnlockOp): void {
  const row = openEntry(run, { ...op, kind: "unlock", at: change.now });
  if (row === undefined) return;
  const lock = change.tables.locks.get(op.name);
  const held = lock.holder === run && lock.fence === op.fence && isHeld(lock, change.now);
  if (held) passLock(change, lock);
  settle(change, row, completedWith(held));
}
