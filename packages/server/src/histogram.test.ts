import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Histogram } from "./histogram.ts";

describe("a histogram", () => {
  test("is empty at first", () => {
    expect(new Histogram([1]).report()).toEqual({ count: 0, average: 0, p50: 0, p95: 0, p99: 0, min: 0, max: 0 });
  });

  test("knows its percentiles to a tenth, its extremes exactly", () => {
    const durations = fc.array(fc.double({ min: 0.001, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(durations, (all) => {
        const histogram = new Histogram([]);
        for (const ms of all) histogram.record(ms);
        const sorted = all.toSorted((a, b) => a - b);
        expect(histogram.quantile(1)).toBeLessThanOrEqual(sorted.at(-1)!);
        expect(histogram.quantile(0)).toBeGreaterThanOrEqual(sorted[0]!);
        for (const share of [0.5, 0.95, 0.99]) {
          const exact = sorted[Math.max(1, Math.ceil(share * all.length)) - 1]!;
          expect(Math.abs(histogram.quantile(share) - exact)).toBeLessThanOrEqual(exact * 0.1);
        }
      }),
    );
  });

  test("counts clocks that went back as nothing, and centuries as very long", () => {
    const histogram = new Histogram([]);
    histogram.record(-5);
    histogram.record(1e15);
    expect(histogram.report()).toMatchObject({ count: 2, min: 0, max: 1e15 });
  });

  test("writes cumulative buckets in seconds", () => {
    const histogram = new Histogram([1, 10, 1_000]);
    for (const ms of [0.5, 1, 2, 500, 5_000]) histogram.record(ms);
    expect(histogram.lines("x_seconds", 'route="a"')).toEqual([
      'x_seconds_bucket{route="a",le="0.001"} 2',
      'x_seconds_bucket{route="a",le="0.01"} 3',
      'x_seconds_bucket{route="a",le="1"} 4',
      'x_seconds_bucket{route="a",le="+Inf"} 5',
      'x_seconds_sum{route="a"} 5.5035',
      'x_seconds_count{route="a"} 5',
    ]);
    expect(new Histogram([1]).lines("y", "")).toEqual([
      'y_bucket{le="0.001"} 0',
      'y_bucket{le="+Inf"} 0',
      "y_sum 0",
      "y_count 0",
    ]);
  });
});
