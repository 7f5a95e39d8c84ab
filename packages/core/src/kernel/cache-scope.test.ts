import { expect, test } from "bun:test";
import { cacheScopeOf } from "./cache-scope.ts";

test("who is not limited reads and writes main, and nothing that others wrote", () => {
  expect(cacheScopeOf(undefined)).toEqual({ own: "main", reads: ["main"] });
  expect(cacheScopeOf(["*"])).toEqual({ own: "main", reads: ["main"] });
  expect(cacheScopeOf(["main"])).toEqual({ own: "main", reads: ["main"] });
});

test("who is limited writes to the first name only, and reads main after what is their own", () => {
  expect(cacheScopeOf(["pr-1"])).toEqual({ own: "pr-1", reads: ["pr-1", "main"] });
  expect(cacheScopeOf(["pr-1", "pr-2", "pr-1"])).toEqual({ own: "pr-1", reads: ["pr-1", "pr-2", "main"] });
});

test("a pattern names no scope: whoever has nothing else only reads main", () => {
  expect(cacheScopeOf(["pr-*"])).toEqual({ own: undefined, reads: ["main"] });
  expect(cacheScopeOf([])).toEqual({ own: undefined, reads: ["main"] });
  expect(cacheScopeOf(["pr-*", "pr/", "x".repeat(600), "", "pr-1"])).toEqual({ own: "pr-1", reads: ["pr-1", "main"] });
});
