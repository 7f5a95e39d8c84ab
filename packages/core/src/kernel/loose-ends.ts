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

/** What is no longer in a journal, or has to be done again: its number, and where its result stands, 0 while it has no place. */
export interface Gap {
  readonly seq: number;
  readonly at: number;
}

/** What decides whether a lock that was given back has to be taken again. */
export interface BrokenBy {
  /** What is missing or done again; that a lock is taken again is a gap as well. */
  readonly gaps: readonly Gap[];
  /** True for numbers of entries that have a result: nothing is executed for their calls. */
  readonly settled: (seq: number) => boolean;
}

/**
 * Locks that were taken and given back around a gap, each with its `unlock`. What was called between the two and is done again
 * must be done under the lock. So must be a call without a result there, of a lost branch for one: once a replay has stood still
 * it executes what it comes by, and so that call, when that was before the `unlock`.
 */
export function brokenLocks<T extends LooseEnd>(entries: readonly T[], by: BrokenBy): T[] {
  const whole = new Set(lockPairs(entries).map((pair) => ({ ...pair, open: hasOpenCall(pair, by.settled) })));
  const broken: T[] = [];
  const gaps = [...by.gaps];
  // What is found on the way is looked at in its turn.
  for (const gap of gaps) {
    for (const pair of whole) {
      const { lock, unlock, open } = pair;
      const called = gap.seq > lock.seq && gap.seq < unlock.seq;
      if (!called && !(open && gap.at > 0 && gap.at < unlock.ord)) continue;
      whole.delete(pair);
      broken.push(lock, unlock);
      gaps.push({ seq: lock.seq, at: lock.ord }, { seq: unlock.seq, at: unlock.ord });
    }
  }
  return broken;
}

function hasOpenCall(
  { lock, unlock }: { readonly lock: LooseEnd; readonly unlock: LooseEnd },
  settled: (seq: number) => boolean,
): boolean {
  for (let seq = lock.seq + 1; seq < unlock.seq; seq++) if (!settled(seq)) return true;
  return false;
}

/** Each lock that was given back, with its `unlock`. */
function lockPairs<T extends LooseEnd>(entries: readonly T[]): { readonly lock: T; readonly unlock: T }[] {
  const taken = new Map<string, T[]>();
  const pairs: { lock: T; unlock: T }[] = [];
  for (const entry of entries) {
    const open = taken.get(entry.name) ?? [];
    taken.set(entry.name, open);
    if (entry.kind === "lock") open.push(entry);
    if (entry.kind !== "unlock") continue;
    const lock = open.shift();
    if (lock !== undefined) pairs.push({ lock, unlock: entry });
  }
  return pairs;
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
