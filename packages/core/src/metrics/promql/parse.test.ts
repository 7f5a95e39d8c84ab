import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parsePromQl, parseSelector, typeOf } from "./parse.ts";
import { PromQlError } from "./promql-error.ts";

describe("what cannot be read", () => {
  test.each([
    ["", "an expression is expected"],
    ["a b", "the end is expected"],
    ["sum(", "an expression is expected"],
    ["{}", "fits no empty label"],
    ['{a=~".*"}', "fits no empty label"],
    ['a{b="c" d="e"}', ", is expected"],
    ['a{__name__="b"}', "has a name already"],
    ['a{b=~"("}', "cannot be read"],
    ["a{b=1}", "a text in quotes"],
    ["nope(a)", "nope is not known here; known are"],
    ["rate(a)", "rate takes matrix"],
    ["rate(a[5m], 1)", "rate takes matrix"],
    ["rate(a[5m:1m])", "subqueries are not known here"],
    ["rate(sum(a)[5m:])", "subqueries are not known here"],
    ["a @ 5", "the modifier @ is not known"],
    ["a[0s]", "longer than nothing"],
    ["a[5]", "a duration such as 5m"],
    ["a offset b", "a duration such as 5m"],
    ["(a) offset", "a duration"],
    ["sum(a) offset 5m", "offset stands behind a selector"],
    ["1 > 2", "need bool"],
    ["1 and a", "stands between vectors"],
    ["a + on(b) 1", "between vectors only"],
    ["a and on(b) group_left c", "takes no grouping"],
    ["a[5m] + 1", "between numbers and vectors"],
    ["topk(a)", "topk takes a scalar and a vector"],
    ['topk("x", a)', "takes a scalar first"],
    ["sum(1)", "sum takes a vector"],
    ['-"x"', "a sign stands before"],
    [`${"(".repeat(200)}a`, "nested at most"],
    [Array(600).fill("a").join("+"), "at most 500 operators"],
  ])("%p", (text, message) => {
    expect(() => parsePromQl(text)).toThrow(message);
  });

  test("is never anything but a fault with its place", () => {
    const piece = fc.constantFrom(
      "a",
      "sum",
      "rate",
      "(",
      ")",
      "[5m]",
      "{",
      "}",
      "=",
      '"x"',
      "1",
      "+",
      "by",
      ",",
      "offset",
      "-",
      "^",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        try {
          parsePromQl(pieces.join(" "));
        } catch (error) {
          expect(error).toBeInstanceOf(PromQlError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

test("expressions have the type of what they answer with", () => {
  const types = ["1 + 1", "a + 1", "a[5m]", '"x"', "sum(a)", "scalar(a)", "-scalar(a)", "time() - 1"].map((text) =>
    typeOf(parsePromQl(text)),
  );
  expect(types).toEqual(["scalar", "vector", "matrix", "string", "vector", "scalar", "scalar", "scalar"]);
});

test("a selector alone is one, and nothing else is", () => {
  expect(parseSelector('a{b!="c",}')).toEqual([
    { name: "__name__", op: "=", value: "a" },
    { name: "b", op: "!=", value: "c" },
  ]);
  expect(() => parseSelector("sum(a)")).toThrow("no selector");
  expect(() => parseSelector("a[5m]")).toThrow("no selector");
});
