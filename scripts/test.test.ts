// The closing line agrees with the exit code whatever came before it.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestCase } from "./junit.ts";
import type { FileResult } from "./run-test-file.ts";
import { closing, countFile, filesOfRun, namedFiles, selectFiles, tierOf } from "./test.ts";

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

const packageScripts = (
  JSON.parse(readFileSync(join(import.meta.dir, "../package.json"), "utf8")) as { scripts: Record<string, string> }
).scripts;

/** What `npm run NAME` runs, as paths. */
function filesOfScript(name: string): string[] {
  const run = /^exec node scripts\/test\.mjs (\w+)$/.exec(packageScripts[name] ?? "")?.[1] ?? "";
  return (filesOfRun(run) ?? []).flatMap(({ files }) => files);
}

test("npm test is the fast tier: every part of the project, and nothing that is marked as slow", () => {
  const files = filesOfScript("test");
  expect(files.filter((path) => /\.(slow|soak)\./.test(path))).toEqual([]);
  for (const part of ["packages/core/", "packages/cli/", "e2e/", "bench/", "scripts/", "tidy.test.ts"])
    expect([part, files.some((path) => path.startsWith(part))]).toEqual([part, true]);
  expect(files).toContain("packages/core/src/testing/simulation/simulation.test.ts");
  expect(files).toContain("e2e/kill.test.ts");
});

test("npm run test:full adds the slow tier, with all seeds and rounds, to the fast one", () => {
  const slow = filesOfScript("test:slow");
  expect(slow).toContain("packages/core/src/testing/simulation/simulation.slow.test.ts");
  expect(slow).toContain("e2e/kill.slow.test.ts");
  expect(filesOfScript("test:full")).toEqual([...filesOfScript("test"), ...slow]);
});

test("npm run test:soak is what nothing else runs", () => {
  const soaks = filesOfScript("test:soak");
  expect(soaks).toContain("e2e/kill.soak.test.ts");
  expect(soaks).toContain("packages/core/src/testing/simulation/simulation.soak.test.ts");
  expect(filesOfScript("test:full").filter((path) => soaks.includes(path))).toEqual([]);
});

test("what runs apart or beside others by its name is there", () => {
  const runs = ["full", "soak"].flatMap((name) => filesOfRun(name) ?? []);
  const files = new Set(runs.flatMap((run) => run.files));
  expect(namedFiles.filter((path) => !files.has(path))).toEqual([]);
});
