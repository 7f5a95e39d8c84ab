import { describe, expect, test } from "bun:test";
import { parsePromQl } from "./parse.ts";
import { compileJoin, compileReplace } from "./relabelling.ts";

const argsOf = (text: string) => {
  const call = parsePromQl(text);
  if (call.kind !== "call") throw new Error(text);
  return call.args;
};
const vector = [
  {
    labels: new Map([
      ["a", "x1"],
      ["b", "y"],
    ]),
    value: 1,
  },
];
const replaced = (rest: string) => [...(compileReplace(argsOf(`label_replace(v, ${rest})`))(vector)[0]?.labels ?? [])];

describe("label_replace", () => {
  test("takes groups by number and by name, and leaves what does not fit", () => {
    expect(replaced('"c", "$2-${1}$$", "a", "(.)(.)"')).toContainEqual(["c", "1-x$"]);
    expect(replaced('"c", "$n$9$none", "a", "(?P<n>.).*"')).toContainEqual(["c", "x"]);
    expect(replaced('"c", "z", "a", "1"')).toHaveLength(2);
    expect(replaced('"b", "", "a", ".*"')).toEqual([["a", "x1"]]);
  });

  test("refuses what is no label and no expression", () => {
    expect(() => replaced('"1c", "", "a", ""')).toThrow("invalid destination label name");
    expect(() => replaced('"c", "", "a", "("')).toThrow("invalid regular expression");
  });
});

test("label_join joins labels, absent ones as empty", () => {
  const joined = compileJoin(argsOf('label_join(v, "c", "/", "a", "none", "b")'))(vector);
  expect([...(joined[0]?.labels ?? [])]).toContainEqual(["c", "x1//y"]);
  expect(() => compileJoin(argsOf('label_join(v, "-", "/")'))).toThrow("invalid destination label name");
});
