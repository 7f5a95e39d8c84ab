// A histogram that keeps quantiles to within one percent in little memory, and can be merged without loss: values fall into
// buckets whose bounds grow by a constant factor. After Masson, Rim and Lee, "DDSketch" (VLDB 2019). The latest values are kept raw.

const accuracy = 0.01;
const gamma = (1 + accuracy) / (1 - accuracy);
const logGamma = Math.log(gamma);
/** Values nearer to nothing than this are nothing. */
const tiny = 1e-12;
/** The buckets of the smallest values are merged past this. */
const bucketsMax = 2_048;

export interface Summary {
  readonly count: number;
  readonly sum: number;
  readonly average: number;
  readonly min: number;
  readonly max: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** A sketch as it is stored. */
export interface SketchData {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly zero: number;
  /** Index and count of each bucket. */
  readonly above: readonly (readonly [bucket: number, count: number])[];
  readonly below: readonly (readonly [bucket: number, count: number])[];
}

export class Sketch {
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = -Infinity;
  #zero = 0;
  readonly #above = new Map<number, number>();
  readonly #below = new Map<number, number>();
  readonly #raw: number[] = [];
  readonly #rawMax: number;
  #rawAt = 0;

  constructor(rawMax = 0) {
    this.#rawMax = rawMax;
  }

  static of(data: SketchData): Sketch {
    const sketch = new Sketch();
    sketch.merge(data);
    return sketch;
  }

  get count(): number {
    return this.#count;
  }

  get sum(): number {
    return this.#sum;
  }

  /** The latest values, the oldest of them first. */
  get raw(): readonly number[] {
    return [...this.#raw.slice(this.#rawAt), ...this.#raw.slice(0, this.#rawAt)];
  }

  /** What is no finite number is no value, and counted nowhere. */
  record(value: number): void {
    if (!Number.isFinite(value)) return;
    this.#count++;
    this.#sum += value;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
    if (Math.abs(value) < tiny) this.#zero++;
    else add(value > 0 ? this.#above : this.#below, bucketOf(Math.abs(value)), 1);
    if (this.#rawMax === 0) return;
    if (this.#raw.length < this.#rawMax) this.#raw.push(value);
    else {
      this.#raw[this.#rawAt] = value;
      this.#rawAt = (this.#rawAt + 1) % this.#rawMax;
    }
  }

  merge(data: SketchData): void {
    if (data.count === 0) return;
    this.#count += data.count;
    this.#sum += data.sum;
    this.#min = Math.min(this.#min, data.min);
    this.#max = Math.max(this.#max, data.max);
    this.#zero += data.zero;
    for (const [bucket, count] of data.above) add(this.#above, bucket, count);
    for (const [bucket, count] of data.below) add(this.#below, bucket, count);
  }

  data(): SketchData {
    const [above, below] = [[...this.#above], [...this.#below]];
    return { count: this.#count, sum: this.#sum, min: this.#min, max: this.#max, zero: this.#zero, above, below };
  }

  /** The value below which this share of all values lies, 0 to 1; NaN of nothing. */
  quantile(share: number): number {
    if (this.#count === 0) return NaN;
    let rank = share * (this.#count - 1);
    const inside = (value: number): number => Math.min(this.#max, Math.max(this.#min, value));
    for (const [bucket, count] of sorted(this.#below, -1)) {
      if (rank < count) return inside(-middleOf(bucket));
      rank -= count;
    }
    if (rank < this.#zero) return inside(0);
    rank -= this.#zero;
    for (const [bucket, count] of sorted(this.#above, 1)) {
      if (rank < count) return inside(middleOf(bucket));
      rank -= count;
    }
    return this.#max;
  }

  /** How many values are at most this, to within the accuracy of buckets. */
  countUpTo(bound: number): number {
    if (bound >= this.#max) return this.#count;
    let count = bound >= 0 ? this.#zero : 0;
    for (const [bucket, n] of this.#below) if (-middleOf(bucket) <= bound) count += n;
    for (const [bucket, n] of this.#above) if (middleOf(bucket) <= bound) count += n;
    return count;
  }

  summary(): Summary {
    const count = this.#count;
    const at = (share: number): number => (count === 0 ? 0 : this.quantile(share));
    return {
      count,
      sum: this.#sum,
      average: count === 0 ? 0 : this.#sum / count,
      min: count === 0 ? 0 : this.#min,
      max: count === 0 ? 0 : this.#max,
      p50: at(0.5),
      p95: at(0.95),
      p99: at(0.99),
    };
  }
}

function bucketOf(value: number): number {
  return Math.ceil(Math.log(value) / logGamma);
}

/** The value of a bucket that is at most the accuracy away from any in it. */
function middleOf(bucket: number): number {
  return (2 * gamma ** bucket) / (gamma + 1);
}

function add(buckets: Map<number, number>, bucket: number, count: number): void {
  buckets.set(bucket, (buckets.get(bucket) ?? 0) + count);
  if (buckets.size <= bucketsMax) return;
  const [lowest = 0, next = 0] = [...buckets.keys()].toSorted((a, b) => a - b);
  buckets.set(next, (buckets.get(next) ?? 0) + (buckets.get(lowest) ?? 0));
  buckets.delete(lowest);
}

function sorted(buckets: ReadonlyMap<number, number>, sign: number): readonly (readonly [number, number])[] {
  return [...buckets].toSorted(([a], [b]) => sign * (a - b));
}
