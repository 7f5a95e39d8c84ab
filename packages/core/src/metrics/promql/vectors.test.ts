import { describe, expect, test } from "bun:test";
import { distinct, Groups, labelKey, order, valueText, withoutName } from "./vectors.ts";

describe("labels of values", () => {
  test("are the same in any order, and empty ones are absent", () => {
    expect(
      labelKey(
        new Map([
          ["b", "1"],
          ["a", ""],
        ]),
      ),
    ).toBe(labelKey(new Map([["b", "1"]])));
    expect(
      labelKey(
        new Map([
          ["b", "1"],
          ["a", "2"],
        ]),
      ),
    ).toBe(
      labelKey(
        new Map([
          ["a", "2"],
          ["b", "1"],
        ]),
      ),
    );
  });

  test("lose their name once, and are to be different then", () => {
    const labels = new Map([
      ["__name__", "a"],
      ["b", "1"],
    ]);
    expect([...withoutName(labels)]).toEqual([["b", "1"]]);
    expect(withoutName(labels)).toBe(withoutName(labels));
    const value = { labels: withoutName(labels), value: 1 };
    expect(distinct([value])).toEqual([value]);
    expect(() => distinct([value, value])).toThrow("same labelset");
  });

  test("are grouped by some, or by all but some", () => {
    const vector = [
      {
        labels: new Map([
          ["__name__", "x"],
          ["a", "1"],
          ["b", "2"],
        ]),
        value: 1,
      },
    ];
    const of = (without: boolean) => [...(new Groups({ without, labels: ["a"] }).of(vector)[0]?.labels ?? [])];
    expect([of(false), of(true)]).toEqual([[["a", "1"]], [["b", "2"]]]);
  });
});

test("numbers are written as Prometheus writes them", () => {
  const texts = [1, -0.5, 1e21, -1.25e22, 1.5e-7, NaN, Infinity, -Infinity, -0].map(valueText);
  expect(texts).toEqual([
    "1",
    "-0.5",
    "1000000000000000000000",
    "-12500000000000000000000",
    "0.00000015",
    "NaN",
    "+Inf",
    "-Inf",
    "-0",
  ]);
});

test("what is no number comes last", () => {
  const sorted = (sign: number) => [NaN, 1, 3, 2].toSorted((a, b) => order(a, b, sign));
  expect([sorted(1), sorted(-1)]).toEqual([
    [1, 2, 3, NaN],
    [3, 2, 1, NaN],
  ]);
});
