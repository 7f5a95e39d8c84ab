import { expect, test } from "bun:test";
import { isComparison, isSet, selectorsIn } from "./ast.ts";
import { parsePromQl } from "./parse.ts";

test("every selector of an expression is found", () => {
  const found = selectorsIn(
    parsePromQl('-sum(rate(a[5m])) + quantile(scalar(b), c) * 2 > vector(1) or label_replace(d, "x", "y", "z", "")'),
  );
  expect(found.map(({ matchers }) => matchers[0]?.value)).toEqual(["a", "b", "c", "d"]);
});

test("operators are of three kinds", () => {
  expect([isComparison("=="), isComparison("+"), isSet("and"), isSet("<")]).toEqual([true, false, true, false]);
});
