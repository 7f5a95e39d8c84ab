import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compileExpression } from "./expression.ts";

describe("an expression", () => {
  test("that makes others backtrack for ever takes no longer than any", () => {
    const { test: fits } = compileExpression("(a+)+$");
    const startedMs = performance.now();
    expect(fits(`${"a".repeat(20_000)}b`)).toBe(false);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  test("fits somewhere in the text, and gives its named groups", () => {
    expect(compileExpression("(?i)TIMED out").test("it timed OUT")).toBe(true);
    const { groups } = compileExpression(String.raw`user=(?P<user>\w+)(?: id=(?P<id>\d+))?`);
    expect({ ...groups("x user=ada id=7") }).toEqual({ user: "ada", id: "7" });
    expect({ ...groups("x user=ada") }).toEqual({ user: "ada" });
    expect(groups("nobody")).toBeUndefined();
  });

  test.each([["("], [String.raw`(a)\1`], ["(?=a)"], ["a{2000}"]])("%s is none", (pattern) => {
    expect(() => compileExpression(pattern)).toThrow();
  });

  test.each([
    ["timed out", "timed out"],
    ["a.*failed with [0-9]+ of", " failed with"],
    ["abc*d", "ab"],
    [String.raw`\d+ms`, "ms"],
    ["xyz+", "xyz"],
    ["a|b", ""],
    ["(?i)abc", ""],
    ["abc?", ""],
  ])("%s has to hold %p", (pattern, literal) => {
    expect(compileExpression(pattern).literal.trim()).toBe(literal.trim());
  });

  test("never fits where its literal is not", () => {
    const piece = fc.constantFrom("a", "b", "ab", ".", "a+", "b*", "[ab]", String.raw`\d`, "^", "$", " ");
    const pattern = fc.array(piece, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(pattern, fc.string({ unit: fc.constantFrom("a", "b", "1", " "), maxLength: 8 }), (made, text) => {
        let compiled: ReturnType<typeof compileExpression>;
        try {
          compiled = compileExpression(made);
        } catch {
          return;
        }
        if (compiled.test(text)) expect(text).toContain(compiled.literal);
      }),
    );
  });
});
