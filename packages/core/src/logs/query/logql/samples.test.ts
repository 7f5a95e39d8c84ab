import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { labelKey, overTime, Samples, shownLabels, sum, variance } from "./samples.ts";

const p = { rangeMs: 10_000, isUnwrapped: true, parameter: 0.5 };

test("labels in any order have one key, and others another", () => {
  const pairs = fc.uniqueArray(fc.tuple(fc.string(), fc.string()), { selector: ([name]) => name });
  const shuffled = pairs.chain((all) =>
    fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })),
  );
  fc.assert(
    fc.property(shuffled, pairs, ([one, same], other) => {
      expect(labelKey(new Map(one))).toBe(labelKey(new Map(same)));
      const sorted = (all: [string, string][]) => JSON.stringify(all.toSorted(([a], [b]) => (a < b ? -1 : 1)));
      expect(labelKey(new Map(one)) === labelKey(new Map(other))).toBe(sorted(one) === sorted(other));
    }),
  );
  expect(
    shownLabels(
      new Map([
        ["b", 'x"'],
        ["a", "1"],
      ]),
    ),
  ).toBe('{a="1", b="x\\""}');
});

describe("samples", () => {
  test("are sorted to the nanosecond, and those of one moment stay as they came", () => {
    const one = new Samples(new Map());
    for (const [ms, subNs, value] of [
      [2, 0, 1],
      [1, 5, 2],
      [1, 4, 3],
      [2, 0, 4],
    ] as const)
      one.add(ms, subNs, value);
    one.sort();
    expect(one.values).toEqual([3, 2, 1, 4]);
  });

  test("up to a moment are those that are not behind it", () => {
    const moments = fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 20 });
    fc.assert(
      fc.property(moments, fc.nat(5), fc.nat(5), (made, ms, subNs) => {
        const one = new Samples(new Map());
        for (const [atMs, atNs] of made) one.add(atMs, atNs, 1);
        one.sort();
        expect(one.upTo({ ms, subNs })).toBe(made.filter(([a, b]) => a < ms || (a === ms && b <= subNs)).length);
      }),
    );
  });
});

describe("a function over time", () => {
  test.each([
    ["rate", 1.4],
    ["bytes_rate", 1.4],
    ["count_over_time", 4],
    ["bytes_over_time", 14],
    ["sum_over_time", 14],
    ["avg_over_time", 3.5],
    ["max_over_time", 8],
    ["min_over_time", 1],
    ["first_over_time", 3],
    ["last_over_time", 2],
    ["stdvar_over_time", 7.25],
    ["stddev_over_time", Math.sqrt(7.25)],
    ["quantile_over_time", 2.5],
  ] as const)("%s", (fn, expected) => {
    expect(overTime(fn, [3, 8, 1, 2], p)).toBeCloseTo(expected, 12);
  });

  test("rate counts lines where no value is taken", () => {
    expect(overTime("rate", [1, 1, 1], { ...p, isUnwrapped: false })).toBe(0.3);
  });

  test("a quantile lies between the values around it, and has ends", () => {
    const at = (parameter: number) => overTime("quantile_over_time", [4, 1, 3, 2], { ...p, parameter });
    expect([at(0), at(1), at(0.25), at(-1), at(2)]).toEqual([1, 4, 1.75, -Infinity, Infinity]);
    expect(overTime("quantile_over_time", [7], p)).toBe(7);
  });

  test("what is no number is neither most nor least beside numbers", () => {
    expect(overTime("max_over_time", [Number.NaN, 2, Number.NaN], p)).toBe(2);
    expect(overTime("min_over_time", [Number.NaN, 2, 1], p)).toBe(1);
  });
});

test("variance is that of a population", () => {
  const values = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 1 });
  fc.assert(
    fc.property(values, (made) => {
      const mean = sum(made) / made.length;
      expect(variance(made)).toBeCloseTo(sum(made.map((each) => (each - mean) ** 2)) / made.length, 6);
    }),
  );
});
