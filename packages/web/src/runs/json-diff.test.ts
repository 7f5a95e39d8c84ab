// Differences of JSON values.
import { expect, test } from "bun:test";
import { differencesMax, jsonDiff } from "./json-diff.ts";

test.each([
  [1, 1, []],
  [{ a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
  [1, "1", ["changed "]],
  [null, {}, ["changed "]],
  [[1], { 0: 1 }, ["changed "]],
  [{ a: 1, b: 2 }, { b: 3, c: 4 }, ["removed a", "changed b", "added c"]],
  [{ a: { "x y": [1, 2] } }, { a: { "x y": [1, 3, 4] } }, ['changed a["x y"][1]', 'added a["x y"][2]']],
  [{ a: undefined }, {}, ["removed a"]],
  [JSON.parse('{"__proto__": 1}'), {}, ["removed __proto__"]],
  [Number.NaN, Number.NaN, []],
])("%j and %j", (before, after, expected) => {
  expect(jsonDiff(before, after).map(({ kind, path }) => `${kind} ${path}`)).toEqual(expected as string[]);
});

test("there is an end to them, and to how deep one looks", () => {
  const list = Array.from({ length: 5_000 }, (_, index) => index);
  expect(
    jsonDiff(
      list,
      list.map((each) => each + 1),
    ),
  ).toHaveLength(differencesMax);
  let [deep, other]: unknown[] = [1, 2];
  for (let depth = 0; depth < 1_000; depth++) [deep, other] = [[deep], [other]];
  expect(jsonDiff(deep, other)).toHaveLength(1);
});
