// Durations counted in buckets: percentiles for people, cumulative buckets for Prometheus, in a fixed amount of memory.

/** Fine buckets to a doubling: a percentile is at most 9% off. */
const bucketsPerDoubling = 8;
/** From 1 microsecond to about 50 days. */
const doublingsMax = 42;

/** Durations in milliseconds, summed up. */
export interface HistogramReport {
  readonly count: number;
  readonly average: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly min: number;
  readonly max: number;
}

/** Counts durations. Fine buckets grow by the 8th root of 2; the coarse ones are those of the text format. */
export class Histogram {
  readonly #fine = new Uint32Array(bucketsPerDoubling * doublingsMax);
  readonly #coarse: Uint32Array;
  readonly #boundsMs: readonly number[];
  #count = 0;
  #sumMs = 0;
  #minMs = Number.POSITIVE_INFINITY;
  #maxMs = 0;

  /** `boundsMs` are the upper bounds shown to Prometheus, ascending. */
  constructor(boundsMs: readonly number[]) {
    this.#boundsMs = boundsMs;
    this.#coarse = new Uint32Array(boundsMs.length + 1);
  }

  /** Counts one duration; less than nothing (a clock that went back) counts as nothing. */
  record(durationMs: number): void {
    const ms = durationMs > 0 ? durationMs : 0;
    this.#count++;
    this.#sumMs += ms;
    if (ms < this.#minMs) this.#minMs = ms;
    if (ms > this.#maxMs) this.#maxMs = ms;
    const fine = Math.min(this.#fine.length - 1, Math.floor(Math.log2(Math.max(1, ms * 1_000)) * bucketsPerDoubling));
    this.#fine[fine] = (this.#fine[fine] ?? 0) + 1;
    let coarse = 0;
    while (coarse < this.#boundsMs.length && ms > (this.#boundsMs[coarse] ?? 0)) coarse++;
    this.#coarse[coarse] = (this.#coarse[coarse] ?? 0) + 1;
  }

  get count(): number {
    return this.#count;
  }

  /** The duration in milliseconds that this share (0 to 1) of all does not exceed; 0 when nothing was counted. */
  quantile(share: number): number {
    if (this.#count === 0) return 0;
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (let i = 0; i < this.#fine.length; i++) {
      seen += this.#fine[i] ?? 0;
      if (seen >= rank) {
        const middleMs = 2 ** ((i + 0.5) / bucketsPerDoubling) / 1_000;
        return Math.min(this.#maxMs, Math.max(this.#minMs, middleMs));
      }
    }
    return this.#maxMs;
  }

  report(): HistogramReport {
    const round = (ms: number): number => Math.round(ms * 1_000) / 1_000;
    return {
      count: this.#count,
      average: this.#count === 0 ? 0 : round(this.#sumMs / this.#count),
      p50: round(this.quantile(0.5)),
      p95: round(this.quantile(0.95)),
      p99: round(this.quantile(0.99)),
      min: this.#count === 0 ? 0 : round(this.#minMs),
      max: round(this.#maxMs),
    };
  }

  /**
   * Lines of the Prometheus text format (version 0.0.4), in seconds. `labels` is what stands between the braces, without
   * `le`; may be empty.
   */
  lines(name: string, labels: string): string[] {
    const before = labels === "" ? "" : `${labels},`;
    const braces = labels === "" ? "" : `{${labels}}`;
    const lines: string[] = [];
    let seen = 0;
    for (const [index, bound] of this.#boundsMs.entries()) {
      seen += this.#coarse[index] ?? 0;
      lines.push(`${name}_bucket{${before}le="${bound / 1_000}"} ${seen}`);
    }
    lines.push(`${name}_bucket{${before}le="+Inf"} ${this.#count}`);
    lines.push(`${name}_sum${braces} ${this.#sumMs / 1_000}`, `${name}_count${braces} ${this.#count}`);
    return lines;
  }
}
