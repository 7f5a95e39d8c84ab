import { expect, test } from "bun:test";
import { bucketMs, bucketOf, quantileMs } from "./duration-buckets.ts";

test("what stands for a bucket is within 5 % of every duration in it, and buckets grow with durations", () => {
  let last = 0;
  for (let ms = 1; ms < 10_000_000; ms = ms < 5_000 ? ms + 1 : Math.floor(ms * 1.003)) {
    const bucket = bucketOf(ms);
    expect(bucket).toBeGreaterThanOrEqual(last);
    expect(Math.abs(bucketMs(bucket) / ms - 1)).toBeLessThan(0.05);
    last = bucket;
  }
});

test("durations that are small or impossible have a bucket, and the longest has one too", () => {
  for (const ms of [0, -5, 0.5]) expect(bucketMs(bucketOf(ms))).toBe(0);
  for (const ms of [1, 2, 3, 4, 5, 6]) expect(bucketMs(bucketOf(ms))).toBe(ms);
  expect(bucketOf(Number.MAX_SAFE_INTEGER)).toBeLessThan(512);
});

test("quantiles are those of the counted durations", () => {
  expect(quantileMs(new Map(), 0.5)).toBeUndefined();
  const buckets = new Map([
    [bucketOf(5), 90],
    [bucketOf(2), 5],
    [bucketOf(6), 5],
  ]);
  expect([0, 0.05, 0.051, 0.5, 0.95, 0.951, 1].map((share) => quantileMs(buckets, share))).toEqual([
    2, 2, 5, 5, 5, 6, 6,
  ]);
});
