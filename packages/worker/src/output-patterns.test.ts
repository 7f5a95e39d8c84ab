import { expect, test } from "bun:test";
import { outputsMatch } from "./output-patterns.ts";

const cases = [
  [["dist"], "dist/a/b.js", true],
  [["dist/"], "dist/a.js", true],
  [["./dist/**"], "dist/a/b.js", true],
  [["dist/**"], "dist.js", false],
  [["dist"], "distant/a", false],
  [["dist/*.js"], "dist/a.js", true],
  [["dist/*.js"], "dist/a/b.js", false],
  [["**/*.js"], "a.js", true],
  [["**/*.js"], "a/b/c.js", true],
  [["**/*.js"], "a/b/c.jsx", false],
  [["src/**/out.txt"], "src/out.txt", true],
  [["src/**/out.txt"], "src/a/b/out.txt", true],
  [["a?c"], "abc", true],
  [["a?c"], "a/c", false],
  [["a.b+(c)"], "a.b+(c)", true],
  [["a.b"], "axb", false],
  [["**"], "anything/at/all", true],
  [["dist/**", "!dist/**/*.map"], "dist/a.js.map", false],
  [["dist/**", "!dist/**/*.map", "dist/keep.map"], "dist/keep.map", true],
  [["!dist"], "dist/a", false],
  [[], "a", false],
] as const;

test.each(cases)("%j names %s: %p", (patterns, path, wanted) => {
  expect(outputsMatch(patterns, path)).toBe(wanted);
});
