// Virtual time: nothing happens until the owner of the clock moves it, and then always in the same order.
import type { Clock } from "../kernel/clock.ts";
import { Heap } from "../store/memory/heap.ts";
import type { HeapItem } from "../store/memory/heap.ts";

interface Timer extends HeapItem {
  /** Milliseconds of elapsed time, which jumps of the wall clock do not change. */
  readonly dueMs: number;
  /** Order of being set, for timers due at the same time. */
  readonly place: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until it is advanced. Timers count elapsed time and so do not notice when the wall clock jumps;
 * timers due at the same time are called in the order in which they were set. Callbacks run synchronously inside the call
 * that advances the clock and see `now()` at the time they were due.
 */
export class SimulatedClock implements Clock {
  readonly #timers = new Heap<Timer>((a, b) => (a.dueMs === b.dueMs ? a.place < b.place : a.dueMs < b.dueMs));
  /** Wall time at elapsed time 0. */
  #wallMs: number;
  #elapsedMs = 0;
  #places = 0;

  /** `startMs`: wall time to begin with, in milliseconds since 1970. */
  constructor(startMs = 0) {
    this.#wallMs = startMs;
  }

  now(): number {
    return this.#wallMs + this.#elapsedMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const dueMs = this.#elapsedMs + Math.max(0, delayMs);
    const timer: Timer = { dueMs, place: this.#places++, callback, heapAt: -1 };
    this.#timers.add(timer);
    return () => this.#timers.remove(timer);
  }

  /** Timers that have not been called yet. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Wall time of the next timer, provided that the wall clock does not jump. */
  get nextAt(): number | undefined {
    const timer = this.#timers.peek();
    return timer === undefined ? undefined : this.#wallMs + timer.dueMs;
  }

  /**
   * Moves to a wall time and calls every timer due on the way, those set by callbacks included. Promises make no progress in
   * between: `advanceToNext` leaves room for them. Throws a RangeError for a time that has passed.
   */
  advanceTo(ms: number): void {
    if (!(ms >= this.now())) throw new RangeError(`The clock stands at ${this.now()} and cannot go back to ${ms}.`);
    const targetMs = this.#elapsedMs + (ms - this.now());
    for (let timer = this.#timers.peek(); timer !== undefined && timer.dueMs <= targetMs; timer = this.#timers.peek()) {
      this.#call(timer);
    }
    this.#elapsedMs = Math.max(this.#elapsedMs, targetMs);
  }

  /** Moves on by this many milliseconds, as `advanceTo`. */
  advance(byMs: number): void {
    this.advanceTo(this.now() + byMs);
  }

  /** Moves to the next timer and calls that one alone; false when there is none. */
  advanceToNext(): boolean {
    const timer = this.#timers.peek();
    if (timer === undefined) return false;
    this.#call(timer);
    return true;
  }

  /** Sets the wall clock forward or back. No time passes: timers stay as far away as they were. */
  jump(deltaMs: number): void {
    this.#wallMs += deltaMs;
  }

  #call(timer: Timer): void {
    this.#timers.remove(timer);
    this.#elapsedMs = Math.max(this.#elapsedMs, timer.dueMs);
    timer.callback();
  }
}
