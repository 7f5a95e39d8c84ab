import { expect, test } from "bun:test";
import { groupsMax, heldRowsMax, valuesMax } from "./pipe.ts";

test("what pipes may hold is bounded", () => {
  expect([groupsMax, heldRowsMax, valuesMax].every((each) => Number.isSafeInteger(each) && each <= 4_000_000)).toBe(
    true,
  );
});
