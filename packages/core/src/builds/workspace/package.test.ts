// The name of the root among packages.
import { expect, test } from "bun:test";
import { rootName } from "./package.ts";

test("the root is called as no package can be: names of packages have at most one slash", () => {
  expect(rootName).toBe("//");
  expect(/^(?:@[\w.~-]+\/)?[\w.~-]+$/.test(rootName)).toBe(false);
});
