import { expect, test } from "bun:test";
import { ByteBudget } from "./byte-budget.ts";

test("a budget gives what it has, whole or not at all, and takes it back", () => {
  const budget = new ByteBudget(10);
  expect([budget.take(6), budget.take(5), budget.left]).toEqual([true, false, 4]);
  budget.give(6);
  expect([budget.take(10), budget.left]).toEqual([true, 0]);
});
