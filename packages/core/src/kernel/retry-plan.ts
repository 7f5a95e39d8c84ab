// What a retry does to a journal: which entries go, and which are done again in the place they had. One text for all adapters.
import type { EntryKind, EntryStatus } from "@sluice/protocol";
import { brokenLocks, looseEnds } from "./loose-ends.ts";
import type { LooseEnd } from "./loose-ends.ts";

/** What has to be known of an entry. */
export interface RetriedEntry {
  readonly seq: number;
  readonly kind: EntryKind;
  readonly status: EntryStatus;
  /** Where its result stands in a replay: its kept place, else its `ord`; 0 while it has neither. */
  readonly at: number;
  /** An earlier retry has it done again. */
  readonly again: boolean;
}

export interface RetryPlan {
  /** Entries to be taken out as if they had never been. */
  readonly removed: readonly number[];
  /** Entries that are open again, and whose next results take the place of those they had. */
  readonly again: readonly number[];
  /** Entries whose approval links are good again. */
  readonly reopened: readonly number[];
}

/** What is bound to come out as it did: a retry may expect it where it was. */
const certain = new Set<EntryKind>(["step", "task", "lock", "unlock", "token"]);

/**
 * Taken out are the entry that ended the run (`cause`), what was still open, and undos. Done again are the steps and tasks they undid, the
 * locks and tokens that the run lost with its end (`ended`), and locks that had been given back around any of these or around a
 * call that is executed now: a replay makes their calls where it made them before, waits there for their new results, and so
 * keeps the order of calls side by side. What settled after the cause may have come of it: there only a lock is kept under which
 * something else stays done, and a race that had begun before is decided anew.
 */
export function planRetry(p: {
  readonly entries: readonly RetriedEntry[];
  readonly loose: readonly LooseEnd[];
  readonly cause: number | undefined;
  readonly ended: boolean;
}): RetryPlan {
  const entries = new Map(p.entries.map((entry) => [entry.seq, entry]));
  const wanted = new Set<number>();
  for (const { seq, status } of p.entries) {
    if (status === "running" || seq < 0) wanted.add(seq);
    if (seq < 0) wanted.add(-seq - 1);
  }
  if (p.cause !== undefined) wanted.add(p.cause);
  const cause = p.cause === undefined ? undefined : entries.get(p.cause);
  const until = cause === undefined || cause.again || cause.at === 0 ? Number.POSITIVE_INFINITY : cause.at;
  // A race that was under way when the run's cause failed may have been decided by that.
  const undecided = p.entries.filter(({ kind, seq, at }) => kind === "race" && at > until && seq < (p.cause ?? 0));
  for (const { seq } of undecided) wanted.add(seq);
  const reopened: number[] = [];
  if (p.ended) {
    for (const { seq, approval } of looseEnds(p.loose)) {
      if (approval) reopened.push(seq);
      else wanted.add(seq);
    }
  }
  // What was still open has no place, and no replay stands still for it.
  const gaps = [...wanted].flatMap((seq) => entries.get(seq) ?? []).filter(({ seq, at }) => seq >= 0 && at > 0);
  const settled = (seq: number): boolean => isSettled(entries.get(seq));
  for (const { seq } of brokenLocks(p.loose, { gaps, settled })) wanted.add(seq);
  const stays = (entry: RetriedEntry): boolean => {
    if (entry.seq < 0 || entry.status === "aborted" || entry.at === 0) return false;
    if (entry.again) return true;
    if (entry.at < until) return certain.has(entry.kind);
    return entry.kind === "lock" && keepsUnder(entry.seq, p, wanted);
  };
  const again: number[] = [];
  const removed: number[] = [];
  for (const seq of wanted) {
    const entry = entries.get(seq);
    if (entry !== undefined) (stays(entry) ? again : removed).push(seq);
  }
  return { removed, again, reopened };
}

function isSettled(entry: RetriedEntry | undefined): boolean {
  return entry?.status === "completed" || entry?.status === "failed";
}

/** True when something that settled under a lock stays done. */
function keepsUnder(
  lock: number,
  { entries, loose }: { readonly entries: readonly RetriedEntry[]; readonly loose: readonly LooseEnd[] },
  wanted: ReadonlySet<number>,
): boolean {
  const name = loose.find(({ seq }) => seq === lock)?.name;
  const unlocks = loose.filter((end) => end.kind === "unlock" && end.name === name && end.seq > lock);
  const end = Math.min(...unlocks.map(({ seq }) => seq));
  return entries.some(({ seq, at }) => seq > lock && seq < end && at > 0 && !wanted.has(seq));
}
