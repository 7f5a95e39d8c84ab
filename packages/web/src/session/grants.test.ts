// Grants in the browser: what a button is shown for.

import { expect, test } from "bun:test";
import { allows } from "./grants.ts";

test.each([
  ["*", undefined, "run:cancel", "a", true],
  ["run:*", undefined, "run:cancel", "a", true],
  ["run:*", undefined, "runner:x", "a", false],
  ["run:read", undefined, "run:cancel", "a", false],
  ["run:cancel", ["billing/*"], "run:cancel", "billing/pay", true],
  ["run:cancel", ["billing/*"], "run:cancel", "shop/pay", false],
  ["run:cancel", ["billing/*"], "run:cancel", undefined, true],
  ["run:cancel", ["*/pay"], "run:cancel", "billing/pay", true],
  ["run:cancel", ["a*b*c"], "run:cancel", "a1b2c", true],
  ["run:cancel", ["a*b*c"], "run:cancel", "abbc", true],
  ["run:cancel", ["aa*aa"], "run:cancel", "aaa", false],
  ["run:cancel", ["a*bc*c"], "run:cancel", "abc", false],
  ["run:cancel", ["a.c"], "run:cancel", "abc", false],
] as const)("%s for %p allows %s of %p: %p", (permission, only, asked, value, expected) => {
  const grant = only === undefined ? { permission } : { permission, only };
  expect(allows([grant], asked as "run:cancel", value)).toBe(expected);
});
