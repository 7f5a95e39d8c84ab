import { expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { valueAt } from "./value-path.ts";

test.each([
  ["a.b", { a: { b: 7 } }, "7"],
  ["a.1", { a: ["x", "y"] }, "y"],
  ["m.k", { m: new Map([["k", true]]) }, "true"],
  ["a", { a: { b: 1 } }, '{"b":1}'],
  ["a.none.more", { a: {} }, ""],
  ["a", { a: null }, ""],
  ["toString", {}, ""],
  ["a", "text", ""],
])("%p of %p", (path, value, text) => {
  expect(valueAt(encodeValue(value), path)).toBe(text);
});
