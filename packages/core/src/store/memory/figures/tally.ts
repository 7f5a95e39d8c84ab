// Counts runs that were created and ends by the hour in which they came; what is deleted later stays counted.
import { bucketOf } from "../../../kernel/duration-buckets.ts";
import { hourOf, type CountedRuns, type CountedStatus } from "../../../kernel/run-figures.ts";

/** The counts of one hour. */
type Row = Omit<CountedRuns, "count" | "buckets"> & { count: number; readonly buckets: number[] };

export class Tally {
  readonly #rows = new Map<string, Row>();

  /** Counts a creation, or with a duration in milliseconds an end. */
  count(workflow: string, at: number, what: { readonly status: CountedStatus; readonly durationMs?: number }): void {
    const { status, durationMs } = what;
    const hour = hourOf(at);
    const key = `${hour} ${status} ${workflow}`;
    let row = this.#rows.get(key);
    if (row === undefined) this.#rows.set(key, (row = { workflow, hour, status, count: 0, buckets: [] }));
    row.count++;
    if (durationMs === undefined) return;
    const bucket = bucketOf(durationMs);
    for (let place = 0; place < row.buckets.length; place += 2) {
      if (row.buckets[place] !== bucket) continue;
      row.buckets[place + 1] = (row.buckets[place + 1] ?? 0) + 1;
      return;
    }
    row.buckets.push(bucket, 1);
  }

  all(): Iterable<CountedRuns> {
    return this.#rows.values();
  }

  /** Deletes up to `limit` counts of hours that ended before this time; how many. */
  sweep(before: number | undefined, limit: number): number {
    if (before === undefined) return 0;
    const old = [...this.#rows].filter(([, { hour }]) => hour < hourOf(before)).slice(0, limit);
    for (const [key] of old) this.#rows.delete(key);
    return old.length;
  }
}
