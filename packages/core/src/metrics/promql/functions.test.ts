import { describe, expect, test } from "bun:test";
import { mean, momentFunctions, quantileOf, rangeFunctions, sum, valueFunctions, variance } from "./functions.ts";

const range = (values: readonly number[]) => ({
  times: values.map((_, i) => i * 1_000),
  values,
  fromMs: 0,
  toMs: (values.length - 1) * 1_000,
});
const of = (name: string, values: readonly number[], parameter = 0) =>
  rangeFunctions[name]?.make(range(values), parameter);

describe("functions of PromQL", () => {
  test("sum without losing small values beside large ones", () => {
    expect(sum([1, 1e100, 1, -1e100])).toBe(2);
    expect(sum([Infinity, 1])).toBe(Infinity);
    expect(mean([1e308, 1e308])).toBe(1e308);
    expect(mean([1, Infinity])).toBe(Infinity);
    expect(variance([2, 4, 4, 4, 5, 5, 7, 9])).toBe(4);
  });

  test("have quantiles between values, and ends", () => {
    expect([quantileOf([3, 1, 2], 0.5), quantileOf([1, 2], 0.75), quantileOf([], 0.5)]).toEqual([2, 1.75, NaN]);
    expect([quantileOf([1], -1), quantileOf([1], 2), quantileOf([1], NaN)]).toEqual([-Infinity, Infinity, NaN]);
  });

  test.each([
    ["deriv", [0, 2, 4], 0, 2],
    ["deriv", [5, 5], 0, 0],
    ["predict_linear", [0, 2, 4], 10, 24],
    ["changes", [1, 1, 2, NaN, NaN, 1], 0, 3],
    ["resets", [1, 3, 2, 2, 1], 0, 2],
    ["idelta", [1, 5, 2], 0, -3],
    ["irate", [1, 5, 2], 0, 2],
    ["min_over_time", [NaN, 3, 1], 0, 1],
    ["max_over_time", [NaN, 3, 1], 0, 3],
    ["stddev_over_time", [1, 3], 0, 1],
    ["present_over_time", [9], 0, 1],
  ] as const)("%s of %p", (name, values, parameter, wanted) => {
    expect(of(name, values, parameter)).toBe(wanted);
  });

  test("take a moment apart in UTC, and a number", () => {
    const at = new Date("2024-02-29T23:58:00Z");
    const parts = Object.entries(momentFunctions).map(([name, part]) => `${name} ${part(at)}`);
    expect(parts).toEqual([
      "minute 58",
      "hour 23",
      "day_of_week 4",
      "day_of_month 29",
      "day_of_year 60",
      "days_in_month 29",
      "month 2",
      "year 2024",
    ]);
    expect([valueFunctions["sgn"]?.(-3), valueFunctions["sgn"]?.(0), valueFunctions["deg"]?.(Math.PI)]).toEqual([
      -1, 0, 180,
    ]);
  });
});
