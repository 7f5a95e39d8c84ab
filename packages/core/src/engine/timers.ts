// One timer for everything that is due: the store's index of due times is the queue, nothing is kept in memory.
import type { Clock } from "../kernel/clock.ts";

export interface TimerOptions {
  /** Settles all that is due; answers with the next due time. */
  readonly fire: (now: number) => Promise<number | undefined>;
  readonly onError: (error: unknown) => void;
  /** Pause before `fire` is asked again after it has failed. */
  readonly retryDelayMs: number;
}

/** A wall clock that may jump is looked at again at least this often. */
const wakeMsMax = 60_000;

export class Timers {
  readonly #clock: Clock;
  readonly #options: TimerOptions;
  #due = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;
  #firing = false;
  #stopped = false;

  constructor(clock: Clock, options: TimerOptions) {
    this.#clock = clock;
    this.#options = options;
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
    const leftMs = this.#due - this.#clock.now();
    const delayMs = this.#clock.steady === true ? leftMs : Math.min(wakeMsMax, leftMs);
    this.#cancel = this.#clock.after(delayMs, () => void this.#run());
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
      this.arm(await this.#options.fire(now));
    } catch (error) {
      this.#options.onError(error);
      this.arm(this.#clock.now() + this.#options.retryDelayMs);
    } finally {
      this.#firing = false;
    }
    if (!this.#stopped) this.#schedule();
  }
}
