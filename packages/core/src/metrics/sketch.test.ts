import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Sketch } from "./sketch.ts";

const exact = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(share * (values.length - 1))] ?? NaN;

const sketchOf = (values: readonly number[], rawMax = 0): Sketch => {
  const sketch = new Sketch(rawMax);
  for (const value of values) sketch.record(value);
  return sketch;
};

const numbers = fc.array(
  fc.double({ min: -1e6, max: 1e6, noNaN: true }).filter((n) => n === 0 || Math.abs(n) > 1e-6),
  {
    minLength: 1,
    maxLength: 300,
  },
);

describe("a sketch", () => {
  test("has every quantile to within one percent, also once it was stored and merged", () => {
    fc.assert(
      fc.property(numbers, numbers, fc.double({ min: 0, max: 1, noNaN: true }), (some, more, share) => {
        const all = [...some, ...more];
        const merged = Sketch.of(sketchOf(some).data());
        merged.merge(sketchOf(more).data());
        for (const sketch of [sketchOf(all), merged]) {
          const wanted = exact(all, share);
          expect(Math.abs(sketch.quantile(share) - wanted)).toBeLessThanOrEqual(Math.abs(wanted) * 0.0101 + 1e-12);
        }
        expect(merged.data().count).toBe(all.length);
      }),
      { numRuns: 200 },
    );
  });

  test("sums up", () => {
    const values = Array.from({ length: 1_000 }, (_, i) => i + 1);
    const { count, sum, average, min, max, p50, p95, p99 } = sketchOf(values).summary();
    expect([count, sum, average, min, max]).toEqual([1_000, 500_500, 500.5, 1, 1_000]);
    for (const [found, wanted] of [
      [p50, 500],
      [p95, 950],
      [p99, 990],
    ] as const)
      expect(Math.abs(found - wanted)).toBeLessThan(wanted * 0.011);
    expect(new Sketch().summary()).toEqual({ count: 0, sum: 0, average: 0, min: 0, max: 0, p50: 0, p95: 0, p99: 0 });
  });

  test("keeps the latest values as they came, and no others", () => {
    const sketch = sketchOf([1, NaN, 2, 3, Infinity, 4, 5], 3);
    expect(sketch.raw).toEqual([3, 4, 5]);
    expect([sketch.count, sketch.sum]).toEqual([5, 15]);
    expect(sketchOf([1, 2], 3).raw).toEqual([1, 2]);
  });

  test("counts what lies below a bound", () => {
    const sketch = sketchOf([-5, 0, 1, 10, 100]);
    expect([-10, -1, 0, 2, 50, 100].map((bound) => sketch.countUpTo(bound))).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("stays small whatever it is given", () => {
    const sketch = new Sketch();
    for (let power = -300; power < 300; power += 0.1) sketch.record(10 ** power);
    expect(sketch.data().above.length).toBeLessThanOrEqual(2_048);
    expect(sketch.data().above.reduce((sum, [, n]) => sum + n, sketch.data().zero)).toBe(sketch.count);
  });
});
