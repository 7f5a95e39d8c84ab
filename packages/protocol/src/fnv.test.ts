import { expect, test } from "bun:test";
import { fnv64 } from "./fnv.ts";

// Test vectors of the authors.
test.each([
  ["", "cbf29ce484222325"],
  ["a", "af63dc4c8601ec8c"],
  ["foobar", "85944171f73967e8"],
])("%j", (text, digest) => {
  expect(fnv64(new TextEncoder().encode(text), 0xcbf29ce484222325n)).toBe(digest);
});
