// Durations counted in buckets that grow by a fixed factor: any number of them in a few rows, and percentiles that are close.

/** Buckets to a doubling: what stands for one is at most 4.5 % from any duration in it. */
const bucketsPerDoubling = 8;

/** The bucket of a duration in milliseconds; 0 for what took none, or less where a clock went back. */
export function bucketOf(durationMs: number): number {
  return durationMs < 1 ? 0 : 1 + Math.floor(Math.log2(durationMs) * bucketsPerDoubling);
}

/** What stands for the durations of a bucket: the middle, by ratio, of the whole milliseconds that belong to it. */
export function bucketMs(bucket: number): number {
  if (bucket <= 0) return 0;
  const least = Math.ceil(2 ** ((bucket - 1) / bucketsPerDoubling));
  const most = Math.max(least, Math.ceil(2 ** (bucket / bucketsPerDoubling)) - 1);
  return Math.round(Math.sqrt(least * most) * 100) / 100;
}

/** How many durations are in each bucket. */
export type Buckets = ReadonlyMap<number, number>;

/** The duration that this share (0 to 1) of all does not exceed, in milliseconds; undefined when there is none. */
export function quantileMs(buckets: Buckets, share: number): number | undefined {
  let total = 0;
  for (const count of buckets.values()) total += count;
  if (total === 0) return undefined;
  const rank = Math.max(1, Math.ceil(share * total));
  let seen = 0;
  for (const [bucket, count] of [...buckets].toSorted(([a], [b]) => a - b)) {
    seen += count;
    if (seen >= rank) return bucketMs(bucket);
  }
  throw new Error("assertion failed: the ranks of all buckets reach the total");
}
