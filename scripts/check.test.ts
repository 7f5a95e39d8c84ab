// The static checks as tests, so that `npm test` alone says whether the tree is sound.

import { expect, test } from "bun:test";
import { CHECKS, runCheck } from "./check.ts";

// tidy.test.ts is a test file already.
test.each(CHECKS.filter((check) => check.name !== "tidy").map((check) => [check.name, check] as const))(
  "%s",
  async (_name, check) => {
    const outcome = await runCheck(check);
    expect(outcome.ok ? "" : outcome.output).toBe("");
  },
);

test("a failing check is reported with its output", async () => {
  const outcome = await runCheck({ name: "broken", command: [process.execPath, "--print", "no such thing"] });
  expect(outcome.ok).toBe(false);
  expect(outcome.output).not.toBe("");
});
