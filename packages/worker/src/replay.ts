// The journal as a worker sees it: what was recorded at each place, and the queue of settlements in commit order.
import type { EntryKind, JournalEntry } from "@sluice/protocol";
import type { Settlement } from "./calls.ts";

/** Names a call for people: kind, name and, from the second on, which occurrence. */
export function fingerprint(entry: { readonly kind: string; readonly name: string; readonly n: number }): string {
  return `${entry.kind} "${entry.name}"${entry.n === 0 ? "" : ` (occurrence ${entry.n + 1})`}`;
}

/** What the code asked for where something else was recorded. */
export interface Mismatch {
  readonly seq: number;
  readonly recorded: string;
  readonly asked: string;
}

/** Stands in the line for what has to be done again: until that settles anew, what settled after it has to wait. */
export interface Redo {
  readonly seq: number;
  readonly again: true;
}

/** True for a recorded entry that has to be done again and has no result. */
export function isRedo(entry: JournalEntry): boolean {
  return entry.status === "running" && entry.place !== undefined;
}

/** True when it has not begun again either: it binds code to nothing. */
function isUntouched(entry: JournalEntry): boolean {
  return isRedo(entry) && entry.undo !== true && entry.error === undefined;
}

const nobody: ReadonlySet<number> = new Set();

export class Replay {
  /** Undo entries recorded by an earlier incarnation, by their (negative) number. */
  readonly undoEntries = new Map<number, JournalEntry>();
  /** Told of the results of these entries as soon as they are here, whether or not the workflow will see them. */
  readonly results = new Map<number, (value: Uint8Array | undefined) => void>();
  readonly #entries = new Map<number, JournalEntry>();
  readonly #counters = new Map<string, number>();
  readonly #queue: (Settlement | Redo)[] = [];
  /** Places of entries that a retry has done again, in the order of `ord`. */
  readonly #places = new Map<number, number>();
  readonly #early = new Map<number, Settlement>();
  /** Entries of lost branches: whatever settles them is not handed out. */
  readonly #forgotten = new Set<number>();
  #complete = false;
  #head = 0;
  #nextSeq = 0;
  /** Number of the last settlement that has its place in the queue. */
  #ord: number;

  constructor(ord: number) {
    this.#ord = ord;
  }

  /** Takes (a piece of) the journal; settled entries come in the order in which they settled. */
  add(entries: readonly JournalEntry[]): void {
    for (const entry of entries) {
      if (entry.seq < 0) {
        this.undoEntries.set(entry.seq, entry);
        continue;
      }
      this.#entries.set(entry.seq, entry);
      const { seq, status, ord, value, error, place } = entry;
      if (status === "aborted") continue;
      if (place !== undefined) this.#places.set(seq, place);
      // What settled after the run was handed out comes as an event, too.
      if (status !== "running" && ord <= this.#ord) this.#queue.push({ seq, ord, status, at: entry.end, value, error });
      else if (place !== undefined) this.#queue.push({ seq, again: true });
    }
  }

  /** Settlements are handed out in the order of their numbers, whatever the order in which they arrive. */
  enqueue(settlement: Settlement): void {
    this.#early.set(settlement.ord, settlement);
    if (settlement.status === "completed") this.results.get(settlement.seq)?.(settlement.value);
    if (this.#complete) this.#line();
  }

  /** The whole journal is here: what was told meanwhile follows it. */
  complete(): void {
    this.#complete = true;
    if (this.#places.size > 0) this.#queue.sort((a, b) => this.#placeOf(a) - this.#placeOf(b));
    this.#line();
  }

  #placeOf(item: Settlement | Redo): number {
    return this.#places.get(item.seq) ?? ("again" in item ? 0 : item.ord);
  }

  #line(): void {
    for (;;) {
      const next = this.#early.get(this.#ord + 1);
      if (next === undefined) return;
      this.#early.delete(next.ord);
      this.#ord = next.ord;
      if (this.#isEarlierUndo(next)) continue;
      const redo = this.#places.has(next.seq) ? this.#queue.findIndex((item) => item.seq === next.seq) : -1;
      if (redo < 0) this.#queue.push(next);
      else this.#queue[redo] = next;
    }
  }

  /** The end of an undo that was given to a worker in an earlier life, and that nobody waits for yet: whoever does finds it. */
  #isEarlierUndo({ seq, ord, status, at: end, value, error }: Settlement): boolean {
    const entry = this.undoEntries.get(seq);
    if (entry?.status !== "running" || entry.undo === true) return false;
    this.undoEntries.set(seq, { ...entry, status, ord, end, value, error });
    return true;
  }

  /** Number of the last settlement that is or was in the queue. */
  get ord(): number {
    return this.#ord;
  }

  /** What is to be handed out next. */
  get next(): Settlement | Redo | undefined {
    for (;;) {
      const next = this.#queue[this.#head];
      if (next === undefined || !this.#forgotten.has(next.seq)) return next;
      this.#advance();
    }
  }

  /** The first settlement whose call has been made; none while that call is still done again. */
  find(called: (seq: number) => boolean): Settlement | undefined {
    for (let at = this.#head; at < this.#queue.length; at++) {
      const item = this.#queue[at];
      if (item !== undefined && called(item.seq)) return "again" in item ? undefined : item;
    }
    return undefined;
  }

  /** True while the result of one of these is still to be handed out. */
  hasResultOf(wanted: (seq: number) => boolean): boolean {
    return this.#queue.some((item, at) => at >= this.#head && !("again" in item) && wanted(item.seq));
  }

  /** The settlement of this entry, while it is still to be handed out. */
  settlementOf(seq: number): Settlement | undefined {
    const here = this.#queue.find(
      (item, at): item is Settlement => at >= this.#head && item.seq === seq && !("again" in item),
    );
    return here ?? [...this.#early.values()].find((each) => each.seq === seq);
  }

  /** Calls whose results are here and are still to be handed out. */
  heldBack(): ReadonlySet<number> {
    if (this.next === undefined) return nobody;
    const held = new Set<number>();
    for (let at = this.#head; at < this.#queue.length; at++) {
      const item = this.#queue[at];
      if (item !== undefined && !("again" in item)) held.add(item.seq);
    }
    return held;
  }

  /** Takes what was to be handed out from the queue. */
  take(item: Settlement | Redo): void {
    const at = this.#queue.indexOf(item, this.#head);
    if (at === this.#head) this.#advance();
    else if (at > this.#head) this.#queue.splice(at, 1);
  }

  #advance(): void {
    this.#head++;
    if (this.#head < this.#queue.length) return;
    this.#queue.length = 0;
    this.#head = 0;
  }

  /** Drops everything that was still to be handed out. */
  clear(): void {
    this.#queue.length = 0;
    this.#head = 0;
  }

  forget(seqs: readonly number[]): void {
    for (const seq of seqs) this.#forgotten.add(seq);
  }

  /** The place that the next call takes. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** Takes the next place for a call of this kind and name; says so when something else was recorded there. */
  place(
    kind: EntryKind,
    name: string,
  ): { readonly seq: number; readonly n: number; readonly entry: JournalEntry | undefined } | Mismatch {
    const key = `${kind}\0${name}`;
    const n = this.#counters.get(key) ?? 0;
    const seq = this.#nextSeq;
    const recorded = this.#entries.get(seq);
    const other = recorded !== undefined && (recorded.kind !== kind || recorded.name !== name || recorded.n !== n);
    // What is to be done again is as if it had never been: other code may do something else in its place.
    const entry = other && isUntouched(recorded) ? undefined : recorded;
    if (entry !== undefined && other) {
      return { seq, recorded: fingerprint(entry), asked: fingerprint({ kind, name, n }) };
    }
    this.#counters.set(key, n + 1);
    this.#nextSeq = seq + 1;
    if (recorded !== undefined) this.#entries.delete(seq);
    return { seq, n, entry };
  }

  /**
   * True when a patch applies here: recorded at this place, or nothing at all was recorded from here on. While something that
   * was recorded is still to be handed out (`replaying`), older code has passed this point, even if it asked for nothing more.
   */
  patchApplies(id: string, replaying = false): boolean {
    const entry = this.#entries.get(this.#nextSeq);
    if (entry?.kind === "patched" && entry.name === id) return true;
    if (replaying && this.next !== undefined) return false;
    for (const seq of this.#entries.keys()) if (seq >= this.#nextSeq) return false;
    return true;
  }

  /** What was recorded at a place that no call has taken yet. */
  entryAt(seq: number): JournalEntry | undefined {
    return this.#entries.get(seq);
  }

  /** The first recorded entry that no call has taken; lost branches of a race are none, nor what was taken back. */
  leftOver(wanted: (entry: JournalEntry) => boolean = () => true): JournalEntry | undefined {
    for (const entry of this.#entries.values()) {
      if (entry.status !== "aborted" && !isUntouched(entry) && wanted(entry)) return entry;
    }
    return undefined;
  }
}
