import { expect, test } from "bun:test";
import { assert } from "./assert.ts";

test("what does not hold is thrown with its name", () => {
  expect(() => assert(true, "fine")).not.toThrow();
  expect(() => assert([].length > 0, "there is something")).toThrow("Assertion failed: there is something");
});
