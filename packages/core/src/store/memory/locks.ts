// Named locks: one holder at a time, waiters in order, and a fence number that grows with every holder.
import type { Change } from "./change.ts";
import { Heap } from "./heap.ts";
import type { EntryRow, LockRow, RunRow } from "./rows.ts";
import { completedWith, settle } from "./settle.ts";

export class Locks {
  readonly #byName = new Map<string, LockRow>();
  /** Held locks that expire and that somebody waits for. */
  readonly #expiring = new Heap<LockRow>(expiresFirst);

  get(name: string): LockRow {
    let lock = this.#byName.get(name);
    if (lock === undefined) {
      lock = { name, fence: 0, place: 0, waiters: new Set(), heapAt: -1 };
      this.#byName.set(name, lock);
    }
    return lock;
  }

  /** The lock that is the first to expire among those somebody waits for. */
  earliest(): LockRow | undefined {
    return this.#expiring.peek();
  }

  /** Puts a lock in its place among the expiring ones after it has changed. */
  refresh(lock: LockRow): void {
    this.#expiring.remove(lock);
    if (lock.holder !== undefined && lock.expiresAt !== undefined && lock.waiters.size > 0) this.#expiring.add(lock);
  }
}

function expiresFirst(a: LockRow, b: LockRow): boolean {
  const left = a.expiresAt ?? 0;
  const right = b.expiresAt ?? 0;
  return left === right ? a.place < b.place : left < right;
}

export function isHeld(lock: LockRow, now: number): boolean {
  return lock.holder !== undefined && (lock.expiresAt === undefined || lock.expiresAt > now);
}

/** Gives a lock to an entry, which settles with the fence. */
export function grantLock(
  change: Change,
  row: EntryRow,
  p: { readonly lock: LockRow; readonly ttlMs: number | undefined },
): void {
  const { lock, ttlMs } = p;
  clearHolder(lock);
  lock.fence++;
  lock.holder = row.run;
  lock.place = change.tables.waits.nextPlace();
  lock.expiresAt = ttlMs === undefined ? undefined : change.now + ttlMs;
  row.run.locks.add(lock);
  if (row.wait !== undefined) lock.waiters.delete(row.wait);
  if (lock.waiters.size > 0) change.addDue(lock.expiresAt);
  settle(change, row, completedWith({ fence: lock.fence }));
  change.tables.locks.refresh(lock);
}

/** Frees a lock and hands it to the oldest waiter. */
export function passLock(change: Change, lock: LockRow): void {
  clearHolder(lock);
  const [next] = lock.waiters;
  if (next?.entry !== undefined) grantLock(change, next.entry, { lock, ttlMs: next.ttlMs });
  else change.tables.locks.refresh(lock);
}

/** Frees everything an ended run holds, by name. */
export function releaseLocks(change: Change, run: RunRow): void {
  const held = [...run.locks].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  for (const lock of held) passLock(change, lock);
}

function clearHolder(lock: LockRow): void {
  lock.holder?.locks.delete(lock);
  lock.holder = undefined;
  lock.expiresAt = undefined;
}
