import { describe, expect, test } from "bun:test";
import { compileMatchers } from "./source.ts";

describe("matchers", () => {
  test.each([
    ["=", "b", true, false],
    ["!=", "b", false, true],
    ["=~", "a|b", true, false],
    ["=~", "b.+", false, false],
    ["!~", "b.*", false, true],
    ["=", "", false, true],
    ["=~", ".*", true, true],
  ] as const)("%s %p of a label, and of one that is not there", (op, value, there, absent) => {
    const fits = compileMatchers([{ name: "a", op, value }]);
    expect([fits({ a: "b" }), fits({})]).toEqual([there, absent]);
  });

  test("have to fit all, and take nothing from prototypes", () => {
    const fits = compileMatchers([
      { name: "a", op: "=", value: "1" },
      { name: "constructor", op: "=", value: "" },
    ]);
    expect([fits({ a: "1" }), fits({ a: "2" })]).toEqual([true, false]);
    expect(() => compileMatchers([{ name: "a", op: "=~", value: "(" }])).toThrow();
  });
});
