// Which orders a site refuses.
import { expect, test } from "bun:test";
import { isStale } from "./drivers.ts";

test.each([
  [{ epoch: 2, ordinal: 2 }, 1, "thaw", true],
  [{ epoch: 2, ordinal: 2 }, 2, "guard", true],
  [{ epoch: 2, ordinal: 2 }, 2, "freeze", false],
  [{ epoch: 2, ordinal: 2 }, 2, "promote", false],
  [{ epoch: 2, ordinal: 6 }, 3, "guard", false],
] as const)("%j and epoch %d, %s: %p", (taken, epoch, verb, stale) => {
  expect(isStale(taken, { epoch }, verb)).toBe(stale);
});
