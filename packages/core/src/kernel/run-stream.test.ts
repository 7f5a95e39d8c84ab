import { expect, test } from "bun:test";
import { knownPieces } from "./run-stream.ts";

test("pieces that a replay streams again are known by their place", () => {
  expect(knownPieces([1, 2, 0], 3, undefined)).toBe(0);
  expect(knownPieces([1, 2, 0], 3, [1, 2, 1])).toBe(2);
  expect(knownPieces([1, 2, 0], 3, [1, 2, 9])).toBe(3);
  expect(knownPieces([1, 2, 5], 3, [1, 2, 4])).toBe(0);
  expect(knownPieces([1, 1, 0], 3, [1, 2, 0])).toBe(3);
  expect(knownPieces([1, 3, 0], 3, [1, 2, 9])).toBe(0);
  expect(knownPieces([2, 0, 0], 3, [1, 9, 9])).toBe(0);
  expect(knownPieces([1, 9, 9], 3, [2, 0, 0])).toBe(3);
});
