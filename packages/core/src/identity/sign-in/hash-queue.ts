// Keeps a flood of sign-ins from taking the machine: few passwords are hashed at once, few wait, the rest are told when to come
// back.
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Clock } from "../../kernel/clock.ts";

/** A hash takes about so long until it was seen to take another time. */
const firstGuessMs = 100;
/** Weight of the last time in the average. */
const weight = 0.2;
const retryMsMin = 1_000;

export class HashQueue {
  readonly #clock: Clock;
  readonly #limits: { readonly hashingMax: number; readonly hashQueueMax: number };
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #averageMs = firstGuessMs;

  constructor(clock: Clock, limits: { readonly hashingMax: number; readonly hashQueueMax: number }) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Runs a job in its turn; refused with `too_many_requests` when too many wait. What the job rejects with is passed on. */
  async run<T>(job: () => Promise<T>): Promise<Result<T>> {
    if (this.#running >= this.#limits.hashingMax) {
      if (this.#waiting.length >= this.#limits.hashQueueMax) return this.#full();
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    const startedAt = this.#clock.now();
    try {
      return ok(await job());
    } finally {
      this.#averageMs += weight * (this.#clock.now() - startedAt - this.#averageMs);
      // The place of this one goes straight to the next, so that nobody who comes now overtakes.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  #full(): Result<never> {
    const queueMs = (this.#waiting.length * this.#averageMs) / this.#limits.hashingMax;
    return fail({
      code: "too_many_requests",
      message: "Too many people are signing in at this moment.",
      details: { retryAfterMs: Math.max(retryMsMin, Math.ceil(queueMs)) },
    });
  }
}
