// Outcomes of tasks that were not reached.
import { expect, test } from "bun:test";
import { unreached } from "./outcome.ts";

test("what was not reached has no key, and says why", () => {
  expect(unreached("a#build", "skipped", "b#build failed")).toMatchObject({
    status: "skipped",
    hash: "",
    cache: "none",
    why: "b#build failed",
  });
});
