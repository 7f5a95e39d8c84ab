// What a journal says a run has and has not given back: locks it holds, callback tokens nobody has answered. When the run has
// lost them (it ended, or the journal was copied to another run), what the journal says of them must not be believed.
import { approvalLinkPrefix } from "@sluice/protocol";
import type { EntryKind } from "@sluice/protocol";

/** What has to be known of an entry of kind `lock`, `unlock`, `token`, `callback` or `approval`. */
export interface LooseEnd {
  readonly seq: number;
  readonly kind: EntryKind;
  /** Name of the lock or of the token. */
  readonly name: string;
  /** Its place in the order of results. */
  readonly ord: number;
  /** The token has been answered: that stays so whatever becomes of the run. */
  readonly used: boolean;
  /** The token is one of an approval: a retry makes it good again instead, since its link is with somebody. */
  readonly approval: boolean;
}

/**
 * Locks taken and not given back, tokens made and neither answered nor waited for in vain. `entries`: completed ones of these
 * kinds, also the failed callbacks and approvals, by `ord`.
 */
export function looseEnds<T extends LooseEnd>(entries: readonly T[]): T[] {
  const begun = new Map<string, T[]>();
  for (const entry of entries) {
    const { kind, name } = entry;
    const begins = kind === "lock" || kind === "token";
    const slot = slotOf(kind, name);
    const open = begun.get(slot) ?? [];
    begun.set(slot, open);
    if (begins) open.push(entry);
    else open.shift();
  }
  return [...begun.values()].flat().filter((entry) => !entry.used);
}

function slotOf(kind: EntryKind, name: string): string {
  if (kind === "lock" || kind === "unlock") return `lock ${name}`;
  return kind === "approval" ? `token ${approvalLinkPrefix}${name}` : `token ${name}`;
}

/**
 * Locks that were taken and given back around entries that are no longer in the journal, each with its `unlock`: what is done
 * again between the two must be done under the lock. `missing`: numbers of the entries that are gone.
 */
export function brokenLocks<T extends LooseEnd>(entries: readonly T[], missing: readonly number[]): T[] {
  const taken = new Map<string, T[]>();
  const broken: T[] = [];
  for (const entry of entries) {
    const open = taken.get(entry.name) ?? [];
    taken.set(entry.name, open);
    if (entry.kind === "lock") open.push(entry);
    if (entry.kind !== "unlock") continue;
    const lock = open.shift();
    if (lock !== undefined && missing.some((seq) => seq > lock.seq && seq < entry.seq)) broken.push(lock, entry);
  }
  return broken;
}

/**
 * Where a copy of a journal has to end so that its owner has nothing: before the first of what was loose by then. `beforeOrd`:
 * the first entry that is not wanted anyway.
 */
export function beforeLooseEnds(entries: readonly LooseEnd[], beforeOrd: number): number {
  let end = beforeOrd;
  for (;;) {
    const loose = looseEnds(entries.filter((entry) => entry.ord < end));
    if (loose.length === 0) return end;
    end = Math.min(...loose.map((entry) => entry.ord));
  }
}
