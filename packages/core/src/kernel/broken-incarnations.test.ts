import { expect, test } from "bun:test";
import { brokenError, BrokenIncarnations } from "./broken-incarnations.ts";

test("an incarnation stays broken, and those before it; its run writes again under a later epoch", () => {
  const broken = new BrokenIncarnations();
  expect([broken.some, broken.has("a", 1)]).toEqual([false, false]);
  broken.note("a", 3);
  broken.note("a", 2);
  expect([broken.some, broken.has("a", 2), broken.has("a", 3), broken.has("b", 3)]).toEqual([true, true, true, false]);
  expect(broken.has("a", 4)).toBe(false);
  expect(broken.some).toBe(false);
});

test("the refusal names the run", () => {
  expect(brokenError("r1")).toMatchObject({ code: "store_failed", message: expect.stringContaining("r1") });
});
