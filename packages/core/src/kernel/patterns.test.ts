import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { matchesAny, matchesPattern, sees } from "./patterns.ts";

describe("a pattern", () => {
  test.each([
    ["billing/*", "billing/invoice", true],
    ["billing/*", "billing/", true],
    ["billing/*", "billing", false],
    ["*", "", true],
    ["", "", true],
    ["", "a", false],
    ["a*a", "a", false],
    ["a*a", "aa", true],
    ["a*b*c", "a-b-b-c", true],
    ["a*b*c", "acb", false],
    ["*mid*", "amidst", true],
    ["a?c", "abc", false],
    ["a[b]c", "abc", false],
    ["A*", "abc", false],
    ["a.c", "abc", false],
    ["**", "anything", true],
  ])("%p on %p: %p", (pattern, text, fits) => {
    expect(matchesPattern(pattern, text)).toBe(fits);
  });

  test("means what the regular expression does that has `.*` for each `*`", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "*", "?", "[", "\n"), maxLength: 8 });
    fc.assert(
      fc.property(letters, letters, (pattern, text) => {
        const source = pattern.replace(/[.*+?^${}()|[\]\\]/g, (found) => (found === "*" ? ".*" : `\\${found}`));
        expect(matchesPattern(pattern, text)).toBe(new RegExp(`^${source}$`, "s").test(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test("with many stars is not slow on a long text that nearly fits", () => {
    const started = performance.now();
    expect(matchesPattern(`${"*a".repeat(200)}*b`, "a".repeat(100_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

test("no list lets everything pass, an empty one nothing", () => {
  expect(matchesAny(undefined, "x")).toBe(true);
  expect(matchesAny([], "x")).toBe(false);
  expect(matchesAny(["y", "x*"], "xyz")).toBe(true);
  expect(sees(undefined, "order")).toBe(true);
  expect(sees({ workflows: ["or*"] }, "order")).toBe(true);
  expect(sees({ workflows: ["ship"] }, "order")).toBe(false);
});
