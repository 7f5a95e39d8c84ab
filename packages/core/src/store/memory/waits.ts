// What runs wait for: found by when it is due, and by what settles it.
import { Heap } from "./heap.ts";
import type { RunRow, WaitRow } from "./rows.ts";
import type { WaitKind } from "../wait-kind.ts";

/** Numbers of the timers that belong to a run rather than to an entry. */
export const delaySeq = -1_000_000_001;
export const timeoutSeq = -1_000_000_002;
export const startSeq = -1_000_000_003;

export class Waits {
  readonly #due = new Heap<WaitRow>(earlier);
  readonly #byRef = new Map<string, Set<WaitRow>>();
  #places = 0;

  /** Grows with everything that may come due. */
  nextPlace(): number {
    return this.#places++;
  }

  add(p: Omit<WaitRow, "place" | "heapAt">): WaitRow {
    const wait: WaitRow = { ...p, place: this.nextPlace(), heapAt: -1 };
    wait.run.waits.add(wait);
    if (wait.entry !== undefined) wait.entry.wait = wait;
    if (wait.due !== undefined) this.#due.add(wait);
    if (wait.ref !== undefined) {
      const slot = slotOf(wait.kind, wait.ref, wait.key);
      const waiting = this.#byRef.get(slot);
      if (waiting === undefined) this.#byRef.set(slot, new Set([wait]));
      else waiting.add(wait);
    }
    return wait;
  }

  remove(wait: WaitRow): void {
    wait.run.waits.delete(wait);
    if (wait.entry !== undefined) wait.entry.wait = undefined;
    this.#due.remove(wait);
    if (wait.ref === undefined) return;
    const slot = slotOf(wait.kind, wait.ref, wait.key);
    const waiting = this.#byRef.get(slot);
    waiting?.delete(wait);
    if (waiting?.size === 0) this.#byRef.delete(slot);
  }

  /** Lets something that waits for one thing wait for another, in its place among the others. */
  redirect(wait: WaitRow, ref: string): void {
    this.remove(wait);
    const moved: WaitRow = { ...wait, ref, heapAt: -1 };
    moved.run.waits.add(moved);
    if (moved.entry !== undefined) moved.entry.wait = moved;
    if (moved.due !== undefined) this.#due.add(moved);
    const slot = slotOf(moved.kind, ref, moved.key);
    this.#byRef.set(slot, (this.#byRef.get(slot) ?? new Set()).add(moved));
  }

  /** The timer of the run itself with this number. */
  ofRun(run: RunRow, seq: number): WaitRow | undefined {
    for (const wait of run.waits) if (wait.entry === undefined && wait.seq === seq) return wait;
    return undefined;
  }

  /** Those waiting for this, oldest first, as they are now. With a key also those that named none. */
  waitingFor(kind: WaitKind, ref: string, key?: string): readonly WaitRow[] {
    const any = this.#byRef.get(slotOf(kind, ref, undefined)) ?? [];
    if (key === undefined) return [...any];
    const keyed = this.#byRef.get(slotOf(kind, ref, key)) ?? [];
    return [...any, ...keyed].toSorted((a, b) => a.place - b.place);
  }

  earliest(): WaitRow | undefined {
    return this.#due.peek();
  }
}

function slotOf(kind: WaitKind, ref: string, key: string | undefined): string {
  return key === undefined ? `${kind}:${ref.length}:${ref}` : `${kind}:${ref.length}:${ref}:${key}`;
}

function earlier(a: WaitRow, b: WaitRow): boolean {
  const left = a.due ?? 0;
  const right = b.due ?? 0;
  return left === right ? a.place < b.place : left < right;
}
