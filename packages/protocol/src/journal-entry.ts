// The shape of a journal entry: what the store keeps, a worker replays, and an exported run holds.
import type { EntryKind, EntryStatus } from "./statuses.ts";

/** One entry of a run's journal, as stored and as sent to a worker for replay. */
export interface JournalEntry {
  /** Call order within the run, from 0; an undo of entry n has the number -(n+1). */
  readonly seq: number;
  readonly kind: EntryKind;
  /** What was called: the step's name, event, workflow, key. */
  readonly name: string;
  /** Which call of this kind and name this is, from 0. */
  readonly n: number;
  readonly status: EntryStatus;
  /** Position in the order in which entries of this run settled, from 1; 0 while it has not settled. */
  readonly ord: number;
  /**
   * Set where a retry has the entry done again: the position it had, in which a replay hands its new result out too. While the
   * entry is running, it has not begun again.
   */
  readonly place?: number | undefined;
  /** Attempts made so far. */
  readonly attempt: number;
  /** Encoded result. */
  readonly value?: Uint8Array | undefined;
  /** Encoded error. */
  readonly error?: Uint8Array | undefined;
  /** Milliseconds since 1970 when it started. */
  readonly at: number;
  /** Milliseconds since 1970 when it settled; 0 before. */
  readonly end: number;
  /** Milliseconds since 1970 when a timer, time limit or next attempt is due. */
  readonly due?: number | undefined;
  /** True for a step that has an undo. */
  readonly undo?: boolean | undefined;
}
