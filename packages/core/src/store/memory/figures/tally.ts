// Counts runs that were created and ends by the hour in which they came; what is deleted later stays counted.
import { bucketOf } from "../../../kernel/duration-buckets.ts";
import { hourOf, type CountedRuns, type CountedStatus } from "../../../kernel/run-figures.ts";

export class Tally {
  readonly #counts = new Map<string, CountedRuns>();

  /** Counts a creation, or with a duration in milliseconds an end. */
  count(workflow: string, at: number, what: { readonly status: CountedStatus; readonly durationMs?: number }): void {
    const counted = {
      workflow,
      hour: hourOf(at),
      status: what.status,
      bucket: what.durationMs === undefined ? 0 : bucketOf(what.durationMs),
    };
    const key = `${counted.hour} ${counted.status} ${counted.bucket} ${workflow}`;
    this.#counts.set(key, { ...counted, count: (this.#counts.get(key)?.count ?? 0) + 1 });
  }

  all(): Iterable<CountedRuns> {
    return this.#counts.values();
  }

  /** Deletes up to `limit` counts of hours that ended before this time; how many. */
  sweep(before: number | undefined, limit: number): number {
    if (before === undefined) return 0;
    const old = [...this.#counts].filter(([, { hour }]) => hour < hourOf(before)).slice(0, limit);
    for (const [key] of old) this.#counts.delete(key);
    return old.length;
  }
}
