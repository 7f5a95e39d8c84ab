import { expect, test } from "bun:test";
import { assert } from "./assert.ts";

test("what does not hold is thrown with its name", () => {
  expect(() => assert(true, "fine")).not.toThrow();
  expect(() => assert(1 > 2, "one is more than two")).toThrow("Assertion failed: one is more than two");
});
