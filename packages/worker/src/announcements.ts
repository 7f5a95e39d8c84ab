// Steps that have been running for a while are announced as running: one timer for all of them.
import type { WorkerClock } from "./clock.ts";

export class Announcements {
  readonly #clock: WorkerClock;
  readonly #afterMs: number;
  readonly #waiting = new Map<() => void, number>();
  #timer: (() => void) | undefined;

  constructor(clock: WorkerClock, afterMs: number) {
    this.#clock = clock;
    this.#afterMs = afterMs;
  }

  /** Calls back once when the time has passed; returns how to take it back. */
  add(callback: () => void): () => void {
    this.#waiting.set(callback, this.#clock.now());
    this.#arm();
    return () => void this.#waiting.delete(callback);
  }

  #arm(): void {
    this.#timer ??= this.#clock.after(this.#afterMs, () => {
      this.#timer = undefined;
      const due = this.#clock.now() - this.#afterMs;
      for (const [callback, since] of this.#waiting) {
        if (since > due) {
          this.#arm();
          return;
        }
        this.#waiting.delete(callback);
        callback();
      }
    });
  }

  stop(): void {
    this.#waiting.clear();
    this.#timer?.();
  }
}
