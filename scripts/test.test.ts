// The closing line agrees with the exit code whatever came before it.

import { expect, test } from "bun:test";
import type { TestCase } from "./junit.ts";
import type { FileResult } from "./run-test-file.ts";
import { closing, countFile, selectFiles, tierOf } from "./test.ts";

function file(outcomes: TestCase["outcome"][], problems: string[] = []): FileResult {
  const cases = outcomes.map((outcome) => ({ name: "x", outcome, message: undefined }));
  return { path: "a.test.ts", cases, problems, output: "", elapsedMs: 1 };
}

test("all passed", () => {
  expect(closing([file(["passed"]), file(["passed", "passed"])])).toEqual({ line: "3 passed, 0 failed", exitCode: 0 });
});

test("skipped tests are counted apart", () => {
  expect(closing([file(["passed", "skipped"])])).toEqual({ line: "1 passed, 0 failed, 1 skipped", exitCode: 0 });
});

test("a failure and a crash each fail the run", () => {
  expect(closing([file(["passed", "failed"])])).toEqual({ line: "1 passed, 1 failed", exitCode: 1 });
  expect(closing([file(["passed"], ["crashed"])])).toEqual({ line: "1 passed, 1 failed", exitCode: 1 });
  expect(countFile(file([], ["crashed"]))).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test("a run without a single test fails", () => {
  expect(closing([])).toEqual({ line: "0 passed, 1 failed", exitCode: 1 });
  expect(closing([file(["skipped"])])).toEqual({ line: "0 passed, 1 failed, 1 skipped", exitCode: 1 });
});

test("files fall into tiers by name, unit tests come first", () => {
  expect(["a.test.ts", "a.slow.test.ts", "a.soak.test.ts"].map(tierOf)).toEqual(["fast", "slow", "soak"]);
  const paths = ["e2e/a.test.ts", "packages/b.test.ts", "packages/b.slow.test.ts", "packages/a.test.ts"];
  expect(selectFiles(paths, "fast", [])).toEqual(["packages/a.test.ts", "packages/b.test.ts", "e2e/a.test.ts"]);
  expect(selectFiles(paths, "fast", ["b."])).toEqual(["packages/b.test.ts"]);
  expect(selectFiles(paths, "slow", [])).toEqual(["packages/b.slow.test.ts"]);
});
