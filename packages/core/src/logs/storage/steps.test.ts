import { expect, test } from "bun:test";
import { storageSteps, untold } from "./steps.ts";

test("every step has a name of its own, and telling nobody changes nothing", () => {
  expect(new Set(storageSteps).size).toBe(storageSteps.length);
  expect(storageSteps.map((step) => untold(step))).toEqual(storageSteps.map(() => undefined));
});
