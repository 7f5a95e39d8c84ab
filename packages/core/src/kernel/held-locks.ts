// Which locks a journal says a run holds. When the run has lost them (it ended, or the journal was copied to another run), what
// the journal says of them must not be believed.
import type { EntryKind } from "@sluice/protocol";

/** What has to be known of a settled entry. */
export interface LockEntry {
  readonly seq: number;
  readonly kind: EntryKind;
  /** Name of the lock. */
  readonly name: string;
  readonly ord: number;
}

/** Locks taken and not given back; `entries` are completed ones of kinds `lock` and `unlock`, by `ord`. */
export function heldLocks<T extends LockEntry>(entries: readonly T[]): T[] {
  const taken = new Map<string, T[]>();
  for (const entry of entries) {
    const held = taken.get(entry.name) ?? [];
    taken.set(entry.name, held);
    if (entry.kind === "lock") held.push(entry);
    else held.shift();
  }
  return [...taken.values()].flat();
}

/**
 * Where a copy of a journal has to end so that its owner holds nothing: before the first lock that had not been given back by
 * then. `beforeOrd`: the first entry that is not wanted anyway.
 */
export function beforeHeldLocks(entries: readonly LockEntry[], beforeOrd: number): number {
  let end = beforeOrd;
  for (;;) {
    const held = heldLocks(entries.filter((entry) => entry.ord < end));
    if (held.length === 0) return end;
    end = Math.min(...held.map((entry) => entry.ord));
  }
}
