// One timer for everything that is due: the store's index of due times is the queue, nothing is kept in memory.
import type { Clock } from "../kernel/clock.ts";

export interface TimerOptions {
  /** Settles all that is due, or nearly; answers with when there is something to settle again. */
  readonly fire: (now: number) => Promise<number | undefined>;
  readonly onError: (error: unknown) => void;
  /** Pause before `fire` is asked again after it has failed. */
  readonly retryDelayMs: number;
  /** What is due may be settled this much before its time. */
  readonly leadMs: number;
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

  /** Something is due at this time. */
  arm(due: number | undefined): void {
    if (due !== undefined) this.#wake(due - this.#options.leadMs);
  }

  #wake(at: number | undefined): void {
    if (at === undefined || at >= this.#due || this.#stopped) return;
    this.#due = at;
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
      this.#wake(await this.#options.fire(now));
    } catch (error) {
      this.#options.onError(error);
      this.#wake(this.#clock.now() + this.#options.retryDelayMs);
    } finally {
      this.#firing = false;
    }
    if (!this.#stopped) this.#schedule();
  }
}
