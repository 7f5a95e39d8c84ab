// Who acts without being asked from outside.
import { expect, test } from "bun:test";
import { cleaner, deployer, engineItself, runItself } from "./inner-actor.ts";

test("whoever acts inside came from nowhere", () => {
  for (const actor of [engineItself, cleaner, deployer, runItself("r1")]) expect(actor.origin).toBeUndefined();
  expect(runItself("r1")).toEqual({ kind: "run", id: "r1" });
});
