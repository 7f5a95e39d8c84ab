import { expect, test } from "bun:test";
import { by, newRun } from "./fixture.suite.ts";
import { Tables } from "./tables.ts";

test("two sets of tables share nothing", () => {
  const [one, two] = [new Tables("n"), new Tables("n")];
  one.runs.add(newRun("a"), by);
  one.locks.get("l").fence = 3;
  expect(two.runs.get("a")).toBeUndefined();
  expect(two.locks.get("l").fence).toBe(0);
});
