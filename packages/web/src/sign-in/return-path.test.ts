// Signing in never leads away from the console.

import { expect, test } from "bun:test";
import { returnPath } from "./return-path.ts";

test.each([
  ["/runs/abc?tab=logs#x", "/runs/abc?tab=logs#x"],
  [undefined, "/"],
  ["", "/"],
  ["runs", "/"],
  ["//evil.example/x", "/"],
  ["/\\evil.example", "/"],
  ["/\t/evil.example", "/"],
  ["https://evil.example", "/"],
  ["javascript:alert(1)", "/"],
  ["/.//evil.example", "/"],
  ["/sign-in?return=/x", "/"],
])("%p leads to %p", (given, path) => {
  expect(returnPath(given)).toBe(path);
});
