// How often somebody may ask: a bucket for each that fills with time and is emptied by requests. Kept as one time for each,
// the one at which the bucket is full again (the generic cell rate algorithm, ITU-T I.371).
import type { Clock } from "@sluice/core";

export interface RateOptions {
  readonly clock: Pick<Clock, "now">;
  /** What comes back every second. 0: there is no limit. */
  readonly perSecond: number;
  /** What a bucket holds: so much may come at once. */
  readonly capacity: number;
  /** Buckets that are remembered; the one begun first is forgotten, which makes it full, for a new one. */
  readonly entriesMax: number;
}

/** Clocks count whole milliseconds: less than this is rounding. */
const roundingMs = 1e-6;

/** Buckets by key. */
export class Rates {
  readonly #options: RateOptions;
  /** When each is full again, in milliseconds since 1970. */
  readonly #fullAt = new Map<string, number>();

  constructor(options: RateOptions) {
    this.#options = options;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#fullAt.size;
  }

  /** Takes one out of a bucket: 0, or the milliseconds after which there is one again. */
  take(key: string): number {
    const { clock, perSecond, capacity, entriesMax } = this.#options;
    if (perSecond === 0) return 0;
    const now = clock.now();
    const eachMs = 1_000 / perSecond;
    const known = this.#fullAt.get(key);
    // No bucket is emptier than empty, also when the clock was set back.
    const fullAt = known === undefined ? now : Math.min(Math.max(known, now), now + capacity * eachMs);
    const waitMs = fullAt - (capacity - 1) * eachMs - now;
    if (waitMs > roundingMs) {
      this.#fullAt.set(key, fullAt);
      return Math.ceil(waitMs - roundingMs);
    }
    if (known === undefined && this.#fullAt.size >= entriesMax) {
      const oldest = this.#fullAt.keys().next();
      if (oldest.done !== true) this.#fullAt.delete(oldest.value);
    }
    this.#fullAt.set(key, fullAt + eachMs);
    return 0;
  }
}
