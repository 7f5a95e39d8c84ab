// One timer for everything that is due: the store's index of due times is the queue, nothing is kept in memory.
import type { Clock } from "../kernel/clock.ts";

/** What is asked to settle all that is due; answers with the next due time. */
export type FireDue = (now: number) => Promise<number | undefined>;

const retryDelayMs = 1_000;

export class Timers {
  readonly #clock: Clock;
  readonly #fire: FireDue;
  readonly #onError: (error: unknown) => void;
  #due = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;
  #firing = false;
  #stopped = false;

  constructor(clock: Clock, fire: FireDue, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#fire = fire;
    this.#onError = onError;
  }

  /** Something is due at this time, or earlier than what was known. */
  arm(due: number | undefined): void {
    if (due === undefined || due >= this.#due || this.#stopped) return;
    this.#due = due;
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  #schedule(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#firing || this.#due === Number.POSITIVE_INFINITY) return;
    this.#cancel = this.#clock.after(this.#due - this.#clock.now(), () => void this.#run());
  }

  async #run(): Promise<void> {
    this.#cancel = undefined;
    const now = this.#clock.now();
    if (now < this.#due) {
      this.#schedule();
      return;
    }
    this.#firing = true;
    this.#due = Number.POSITIVE_INFINITY;
    try {
      this.arm(await this.#fire(now));
    } catch (error) {
      this.#onError(error);
      this.arm(this.#clock.now() + retryDelayMs);
    } finally {
      this.#firing = false;
    }
    if (!this.#stopped) this.#schedule();
  }
}
