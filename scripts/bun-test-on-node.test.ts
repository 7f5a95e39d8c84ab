// The stand-in for `bun:test` under Node says of every pair what Bun says: a suite that passes there proves as much.

import { describe, expect, test } from "bun:test";
import { expect as expectOnNode } from "./bun-test-on-node.ts";

const values: readonly unknown[] = [
  undefined,
  null,
  0,
  -0,
  1,
  Number.NaN,
  "",
  "a",
  true,
  1n,
  [],
  [1],
  [1, 2],
  [undefined],
  {},
  { a: 1 },
  { a: undefined },
  { a: 1, b: 2 },
  { a: { b: [1, { c: 2, d: 3 }] } },
  { a: { b: [1, { c: 2 }] } },
  [{ a: 1, b: 2 }],
  [{ a: 1 }],
  new Uint8Array([1]),
  new Uint8Array([1, 2]),
  new Map([["a", { b: 1 }]]),
  new Map([["a", { b: 2 }]]),
  new Set([1, 2]),
  new Set([2, 1]),
  new Set([1]),
  new Date(0),
  new Date(1),
  { at: new Date(0) },
  { bytes: new Uint8Array([1]) },
];

function passes(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

describe("what is refused by Bun is refused on Node:", () => {
  test.each(["toBe", "toEqual", "toMatchObject"] as const)("%s", (matcher) => {
    const matches = values.filter(
      (value) => matcher !== "toMatchObject" || (typeof value === "object" && value !== null),
    );
    let refused = 0;
    for (const actual of matches) {
      for (const expected of matches) {
        if (passes(() => expect(actual as object)[matcher](expected as object))) continue;
        refused++;
        expect([actual, expected, passes(() => expectOnNode(actual)[matcher](expected))]).toEqual([
          actual,
          expected,
          false,
        ]);
      }
    }
    expect(refused).toBeGreaterThan(matches.length);
  });
});

test("what is the same is taken", () => {
  for (const value of values) {
    expectOnNode(value).toBe(value);
    expectOnNode(structuredClone(value)).toEqual(value);
    expectOnNode([structuredClone(value)]).toMatchObject([value]);
  }
  expectOnNode({ a: 1, b: undefined }).toEqual({ a: 1 });
  expectOnNode({ a: 1, b: [{ c: 1, d: 2 }] }).toMatchObject({ b: [{ c: 1 }] });
});

test("the other matchers refuse what is not so", () => {
  const refused: readonly (() => void)[] = [
    () => expectOnNode([1]).toHaveLength(2),
    () => expectOnNode(1).toBeUndefined(),
    () => expectOnNode(undefined).toBeDefined(),
    () => expectOnNode(1).toBeGreaterThan(1),
    () => expectOnNode(1).toBeGreaterThanOrEqual(2),
    () => expectOnNode([{ a: 1 }]).toContainEqual({ a: 2 }),
    () => expectOnNode(["1"]).toEqual([expectOnNode.any(Number)]),
  ];
  for (const check of refused) expect(passes(check)).toBe(false);
  expectOnNode([1]).toHaveLength(1);
  expectOnNode(undefined).toBeUndefined();
  expectOnNode(0).toBeDefined();
  expectOnNode(1).toBeGreaterThanOrEqual(1);
  expectOnNode([{ a: 1 }]).toContainEqual({ a: 1 });
  expectOnNode(["1", 2]).toEqual([expectOnNode.any(String), expectOnNode.any(Number)]);
});
