// The journal of a run as the console keeps it: what has settled, in that order, and what is open, read on from where it
// was left. Nothing depends on having heard every message of the live stream.
import type { Step } from "./words.ts";

export interface Journal {
  /** In the order in which they settled. */
  readonly settled: readonly Step[];
  /** Those that have not, in call order. */
  readonly open: readonly Step[];
  /** All of it has been read at least once. */
  readonly complete: boolean;
}

export interface StepPage {
  readonly steps: readonly Step[];
  readonly nextCursor: string | null;
}

export const emptyJournal: Journal = { settled: [], open: [], complete: false };

/** The cursor after the last settled entry that is known. */
function cursorAfter(settled: readonly Step[]): string | null {
  const order = settled.at(-1)?.order ?? null;
  return order === null ? null : `s${order}`;
}

/**
 * Reads on after what is known. `onPage` hears of each page of a long journal, so that it can be shown before it is whole.
 */
export async function readJournal(
  known: Journal,
  read: (cursor: string | null) => Promise<StepPage>,
  onPage?: (journal: Journal) => void,
): Promise<Journal> {
  let settled = known.settled;
  const open: Step[] = [];
  let cursor = cursorAfter(settled);
  for (;;) {
    const page = await read(cursor);
    const last = settled.at(-1)?.order ?? 0;
    const fresh = page.steps.filter(({ order }) => order !== null && order > last);
    // A list of its own each time: what was shown before stays as it was.
    settled = settled.concat(fresh);
    open.push(...page.steps.filter(({ order }) => order === null));
    if (page.nextCursor === null) {
      // An entry may have settled while the pages were read: the settled one counts.
      const done = new Set(settled.slice(known.settled.length).map(({ seq }) => seq));
      return { settled, open: open.filter(({ seq }) => !done.has(seq)), complete: true };
    }
    cursor = page.nextCursor;
    if (!known.complete) onPage?.({ settled, open: [...open], complete: false });
  }
}

/** Every entry, in the order of the calls; undos stand after what they undo. */
export function inCallOrder(journal: Journal): readonly Step[] {
  const place = ({ seq }: Step) => (seq < 0 ? -seq - 1 + 0.5 : seq);
  return [...journal.settled, ...journal.open].toSorted((a, b) => place(a) - place(b));
}

/** The number of the entry that this one undoes; undefined for what is no undo. */
export function undoneBy({ seq }: Step): number | undefined {
  return seq < 0 ? -seq - 1 : undefined;
}
