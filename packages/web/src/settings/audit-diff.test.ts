// What an action changed, field by field.

import { expect, test } from "bun:test";
import { changesBetween, parsed } from "./audit-diff.ts";

const words = (before: unknown, after: unknown) =>
  changesBetween(before, after).map(
    ({ path, kind, before: was, after: is }) => `${kind} ${path.join(".")} ${was ?? "-"} ${is ?? "-"}`,
  );

test("finds what was added, taken away and changed, also inside", () => {
  expect(
    words(
      { name: "ada", roles: ["viewer"], limits: { a: 1, b: 2 } },
      { name: "ada", roles: ["admin"], limits: { a: 1 }, x: null },
    ),
  ).toEqual([
    'same name "ada" "ada"',
    'changed roles ["viewer"] ["admin"]',
    "same limits.a 1 1",
    "removed limits.b 2 -",
    "added x - null",
  ]);
});

test("has everything as added where nothing was before, and the other way round", () => {
  expect(words(undefined, { a: 1 })).toEqual(["added a - 1"]);
  expect(words({ a: { b: 1 } }, undefined)).toEqual(['removed a {"b":1} -']);
  expect(words(undefined, undefined)).toEqual([]);
});

test("compares what has no fields whole, and names of Object's own are no fields", () => {
  expect(words("x", "y")).toEqual(['changed  "x" "y"']);
  expect(words({}, { constructor: 1 })).toEqual(["added constructor - 1"]);
});

test("takes what is no JSON as text", () => {
  expect(parsed(null)).toBeUndefined();
  expect(parsed("{")).toBe("{");
  expect(parsed('{"a":1}')).toEqual({ a: 1 });
});
