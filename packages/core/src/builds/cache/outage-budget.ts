// How long a build waits for a cache that is not well, all in all: then it goes on as if there were none.
import type { Clock } from "../../kernel/clock.ts";

export interface OutageBudgetParts {
  readonly clock: Clock;
  /** All waits together that came to nothing. */
  readonly outageMsMax: number;
  /** Heard once, when the cache is given up for this build. */
  readonly gaveUp: (why: string) => void;
}

/** What an attempt answered, or that there is no cache. */
export type Attempt<T> = { readonly answered: T } | "down";

/** A cache that is well is not silent for longer, however busy: what goes beyond it is taken from the budget. */
const silenceMsMax = 250;
/** What a failed attempt costs besides its time: a thousand that fail at once are an outage as well. */
const failureMs = 100;

export class OutageBudget {
  readonly #parts: OutageBudgetParts;
  /** How those end that wait now. */
  readonly #waiting = new Set<() => void>();
  /** When it was heard of last, while somebody waits. */
  #heardAt = 0;
  #leftMs: number;
  #cancel: (() => void) | undefined;

  constructor(parts: OutageBudgetParts) {
    this.#parts = parts;
    this.#leftMs = parts.outageMsMax;
  }

  get isOver(): boolean {
    return this.#leftMs <= 0;
  }

  /**
   * Does it, as long as there is patience left. Waiting counts from the last sign of life of the cache, whoever had it: attempts side
   * by side share it, so that a cache that hangs costs its budget once. `alive` is for pieces of what is long. Whatever is thrown is
   * an outage.
   */
  async attempt<T>(work: (signal: AbortSignal, alive: () => void) => Promise<T>): Promise<Attempt<T>> {
    if (this.isOver) return "down";
    const abort = new AbortController();
    const { promise: over, resolve: giveUp } = Promise.withResolvers<undefined>();
    const end = (): void => {
      abort.abort();
      giveUp(undefined);
    };
    if (this.#waiting.size === 0) this.#listen();
    this.#waiting.add(end);
    try {
      const answered = await Promise.race([this.#done(work(abort.signal, () => this.#heard())), over]);
      return answered ?? "down";
    } catch (error) {
      this.#charge(this.#silentMs() + failureMs, error instanceof Error ? error.message : String(error));
      return "down";
    } finally {
      this.#waiting.delete(end);
      if (this.#waiting.size === 0) this.#cancel?.();
    }
  }

  async #done<T>(work: Promise<T>): Promise<Attempt<T>> {
    const answered = await work;
    this.#heard();
    return { answered };
  }

  #silentMs(): number {
    return Math.max(0, this.#parts.clock.now() - this.#heardAt);
  }

  #heard(): void {
    if (this.isOver || this.#waiting.size === 0) return;
    const tooLongMs = this.#silentMs() - silenceMsMax;
    if (tooLongMs > 0) this.#charge(tooLongMs, "it takes too long");
    if (!this.isOver) this.#listen();
  }

  /** From now on it has what is left to be heard of. */
  #listen(): void {
    const { clock, outageMsMax } = this.#parts;
    this.#heardAt = clock.now();
    this.#cancel?.();
    this.#cancel = clock.after(this.#leftMs, () =>
      this.#charge(this.#leftMs, `it did not answer within ${outageMsMax} ms`),
    );
  }

  #charge(ms: number, why: string): void {
    if (this.isOver) return;
    this.#leftMs -= ms;
    if (!this.isOver) {
      this.#listen();
      return;
    }
    this.#cancel?.();
    this.#parts.gaveUp(why);
    for (const end of this.#waiting) end();
  }
}
