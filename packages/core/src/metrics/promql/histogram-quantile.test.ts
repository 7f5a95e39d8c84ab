import { describe, expect, test } from "bun:test";
import { histogramQuantile } from "./histogram-quantile.ts";

const buckets = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts).map(([le, value]) => ({
    labels: new Map([
      ["le", le],
      ["job", "a"],
    ]),
    value,
  }));
const at = (share: number, counts: Readonly<Record<string, number>>) =>
  histogramQuantile(share, buckets(counts))[0]?.value;

describe("a quantile of counts below bounds", () => {
  test("lies between bounds", () => {
    expect(at(0.5, { "1": 0, "2": 10, "+Inf": 10 })).toBe(1.5);
    expect(at(0.5, { "0.5": 10, "+Inf": 10 })).toBe(0.25);
    expect(at(0.9, { "-1": 10, "+Inf": 10 })).toBe(-1);
    expect(at(0.99, { "1": 1, "2": 2, "+Inf": 10 })).toBe(2);
  });

  test("needs a bucket for all, another one, and something in them", () => {
    expect([at(0.5, { "1": 1 }), at(0.5, { "+Inf": 1 }), at(0.5, { "1": 0, "+Inf": 0 }), at(NaN, { "1": 1 })]).toEqual([
      NaN,
      NaN,
      NaN,
      NaN,
    ]);
  });

  test("takes counts that fall in between for what came before, and the same bound twice as one", () => {
    expect(at(0.5, { "1": 10, "2": 5, "+Inf": 20 })).toBe(1);
    expect(at(0.5, { "1": 5, "1.0": 5, "2": 20, "+Inf": 20 })).toBe(1);
  });
});
