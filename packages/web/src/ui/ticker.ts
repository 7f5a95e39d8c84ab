// The moment, for everything on the page that shows how long ago something was: one timer for all of it.

const tickMs = 1_000;

/** Runs while somebody looks at it, and stands still in a hidden tab. */
export class Ticker {
  readonly #listeners = new Set<() => void>();
  readonly #clock: () => number;
  #now: number;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(clock: () => number) {
    this.#clock = clock;
    this.#now = clock();
    document.addEventListener("visibilitychange", () => this.#settle());
  }

  /** Milliseconds since 1970, of the last tick. */
  get now(): number {
    return this.#now;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    this.#settle();
    return () => {
      this.#listeners.delete(listener);
      this.#settle();
    };
  };

  #settle(): void {
    const wanted = this.#listeners.size > 0 && document.visibilityState === "visible";
    if (wanted === (this.#timer !== undefined)) return;
    if (!wanted) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    this.#timer = setInterval(() => this.#tick(), tickMs);
    // What it showed before may be long ago; not within the render that asks for it.
    queueMicrotask(() => this.#tick());
  }

  #tick(): void {
    this.#now = this.#clock();
    for (const listener of this.#listeners) listener();
  }
}
