import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { fitsPatterns } from "../../store/sqlite/patterns.ts";
import { matchesAny, matchesPattern } from "../../kernel/patterns.ts";
import { holdsPattern, holdsPatterns, intersectPatterns, unitePatterns } from "./pattern-sets.ts";
import type { Patterns } from "./pattern-sets.ts";

const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 6 });
const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 9 });
const patterns = fc.array(pattern, { maxLength: 3 });

const letters = ["a", "b", "c", ""];
/** Texts of up to four letters, one of which is in no pattern: whatever tells two short patterns apart is among them. */
const texts = letters.flatMap((first) =>
  letters.flatMap((second) => letters.flatMap((third) => letters.map((fourth) => first + second + third + fourth))),
);

describe("the common part of two sets of patterns", () => {
  test.each<[string, string, readonly string[]]>([
    ["billing/*", "billing/invoice", ["billing/invoice"]],
    ["billing/*", "*", ["billing/*"]],
    ["billing/*", "shop/*", []],
    ["a*", "*b", ["a*b"]],
    ["a*", "*a", ["a*a", "a"]],
    ["ab*", "*bc", ["ab*bc", "abc"]],
    ["x", "x", ["x"]],
    ["x", "y", []],
    ["*", "", [""]],
  ])("of %p and %p is %p", (left, right, common) => {
    expect(intersectPatterns([left], [right])?.toSorted()).toEqual(common.toSorted());
  });

  test("has exactly the texts that fit both", () => {
    fc.assert(
      fc.property(patterns, patterns, text, (a, b, each) => {
        expect(matchesAny(intersectPatterns(a, b), each)).toBe(matchesAny(a, each) && matchesAny(b, each));
      }),
      { numRuns: 3_000 },
    );
  });

  test("without a list on one side is the other side", () => {
    expect(intersectPatterns(undefined, ["a"])).toEqual(["a"]);
    expect(intersectPatterns(["a"], undefined)).toEqual(["a"]);
    expect(intersectPatterns(undefined, undefined)).toBeUndefined();
    expect(intersectPatterns([], ["a"])).toEqual([]);
  });

  test("that takes too long to work out is less than it could be, never more, and soon there", () => {
    const many = (letter: string): string => `*${letter}`.repeat(255) + "*";
    const sets = Array.from({ length: 20 }, (_, n) => `${many("a")}${n}*`);
    const others = Array.from({ length: 20 }, (_, n) => `${many("b")}${n}*`);
    const before = performance.now();
    const common = intersectPatterns(sets, others) ?? ["*"];
    expect(performance.now() - before).toBeLessThan(3_000);
    expect(common.every((each) => holdsPatterns(sets, [each]) && holdsPatterns(others, [each]))).toBe(true);
  });
});

test("the union of two sets has the texts of either", () => {
  fc.assert(
    fc.property(patterns, patterns, text, (a, b, each) => {
      expect(matchesAny(unitePatterns(a, b), each)).toBe(matchesAny(a, each) || matchesAny(b, each));
    }),
  );
  expect(unitePatterns(undefined, ["a"])).toBeUndefined();
  expect(unitePatterns(["a*", "ab"], ["a*", "b"])).toEqual(["a*", "b"]);
});

describe("holding", () => {
  test("a pattern holds another exactly when every text of that fits it", () => {
    const short = fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 4 });
    fc.assert(
      fc.property(short, short, (outer, inner) => {
        const fits = texts.every((each) => !matchesPattern(inner, each) || matchesPattern(outer, each));
        expect(holdsPattern(outer, inner)).toBe(fits);
      }),
      { numRuns: 3_000 },
    );
  });

  test.each<[Patterns, Patterns, boolean]>([
    [undefined, undefined, true],
    [undefined, ["a"], true],
    [["*"], undefined, false],
    [["a*"], ["ab", "ac*"], true],
    [["a*"], ["ab", "b"], false],
    [[], [], true],
    [[], ["a"], false],
  ])("%p holds %p: %p", (outer, inner, expected) => {
    expect(holdsPatterns(outer, inner)).toBe(expected);
  });
});

test("what the matcher says of a pattern, SQLite says of the condition it becomes in a list", () => {
  const db = new Database(":memory:");
  const characters = fc.constantFrom("a", "B", "b", "*", "?", "[", "]", "^", "-", "/", "%", "_", "é", "😀");
  const any = fc.string({ unit: characters, maxLength: 8 });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 3 }), any, (each, value) => {
      const { sql, values } = fitsPatterns("name", each);
      const row = db.query(`SELECT ${sql} AS fits FROM (SELECT ? AS name)`).get(...values, value) as { fits: number };
      expect(row.fits === 1).toBe(matchesAny(each, value));
    }),
    { numRuns: 3_000 },
  );
  db.close();
});
