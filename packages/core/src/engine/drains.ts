// Workers that were asked to give back what they have, and whoever waits for that.
import type { Clock } from "../kernel/clock.ts";

/** A worker that says nothing after its time to drain is given up this much later. */
const drainGraceMs = 1_500;

export class Drains {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when the worker has given back what it has, is gone, or has had its time. */
  wait(worker: string, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(ms + drainGraceMs, resolve);
      this.#waiting.set(worker, () => {
        cancel();
        resolve();
      });
    });
  }

  /** The worker has given back what it has, or is gone. */
  over(worker: string): void {
    this.#waiting.get(worker)?.();
  }
}
