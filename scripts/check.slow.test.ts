// The static checks as tests, so that `npm test` alone says whether the tree is sound.

import { beforeAll, expect, test } from "bun:test";
import { type Checked, CHECKS, runCheck, runChecks } from "./check.ts";

const SECONDS_MAX = 45;
let checked: Checked;

beforeAll(async () => {
  checked = await runChecks(CHECKS, () => undefined);
}, 240_000);

test.each(CHECKS.map((check) => [check.name]))("%s", (name) => {
  const outcome = checked.outcomes.find((each) => each.name === name);
  expect(outcome?.ok === true ? "" : (outcome?.output ?? "it did not run")).toBe("");
});

test("the static part looks at house rules, types, lint, format and dead code, and takes less than 45 s", () => {
  const names = checked.outcomes.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["tidy", "types", "lint", "format", "dead code"]));
  expect(checked.elapsedMs / 1000).toBeLessThan(SECONDS_MAX);
});

test("a failing check is reported with its output", async () => {
  const outcome = await runCheck({ name: "broken", command: [process.execPath, "--print", "no such thing"] });
  expect(outcome.ok).toBe(false);
  expect(outcome.output).not.toBe("");
});
