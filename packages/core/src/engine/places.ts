// How many more runs may come into memory, and whether any may: an engine that is about to leave takes none.

export interface PlacesOptions {
  /** Runs in memory at most. */
  readonly max: number;
  /** Runs in memory. */
  readonly taken: () => number;
  /** There is a place again, after there was none for somebody who wanted one. */
  readonly onFree: () => void;
}

export class Places {
  readonly #options: PlacesOptions;
  #reserved = 0;
  /** What is on its way into memory, or may bring something there. */
  #underWay = 0;
  #wanted = false;
  #resting = false;
  #still: (() => void) | undefined;

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  /** Runs that may still come into memory. */
  get free(): number {
    return this.#resting ? 0 : this.#options.max - this.#options.taken() - this.#reserved;
  }

  /** Keeps places for runs that are on their way into memory; the answer gives them back, once. */
  reserve(places: number): () => void {
    this.#reserved += places;
    this.#underWay++;
    return () => {
      this.#reserved -= places;
      this.#underWay--;
      this.#settle();
      this.freed();
    };
  }

  /** Somebody found no place: `onFree` is called when there is one. */
  want(): void {
    this.#wanted = true;
  }

  /** A run may have left memory. */
  freed(): void {
    if (!this.#wanted || this.free <= 0) return;
    this.#wanted = false;
    this.#options.onFree();
  }

  /** No place is free from now on; resolves when nothing is on its way into memory any more. */
  rest(): Promise<void> {
    this.#resting = true;
    return new Promise((resolve) => {
      this.#still = resolve;
      this.#settle();
    });
  }

  /** Ends the rest. */
  wake(): void {
    this.#resting = false;
    this.#still = undefined;
    this.freed();
  }

  #settle(): void {
    if (this.#underWay === 0) this.#still?.();
  }
}
