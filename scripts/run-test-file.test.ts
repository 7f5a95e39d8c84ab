// Files that crash, hang, leave processes behind or hold nothing are told apart and never lose another's results.

import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FileResult, runTestFile } from "./run-test-file.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-runner-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HEAD = 'import { test, expect } from "bun:test";\n';

async function run(name: string, text: string): Promise<FileResult> {
  const path = join(folder, name);
  writeFileSync(path, text);
  const limits = { testTimeoutMs: 5_000, fileTimeoutMs: 1_500 };
  return runTestFile(path, { TEST_TIER: "fast" }, { limits, running: new Set() });
}

const outcomes = (result: FileResult) => result.cases.map((found) => `${found.name}: ${found.outcome}`);

test("passed, failed and skipped tests are told apart", async () => {
  const tests = 'test("a", () => {}); test("b", () => { expect(1).toBe(2); }); test.skip("c", () => {});';
  const result = await run("mixed.test.ts", HEAD + tests);
  expect(outcomes(result)).toEqual(["a: passed", "b: failed", "c: skipped"]);
  expect(result.problems).toEqual([]);
  expect(result.output).toContain("Expected: 2");
});

test("the tier reaches the tests", async () => {
  const result = await run("tier.test.ts", `${HEAD}test(process.env.TEST_TIER, () => {});`);
  expect(outcomes(result)).toEqual(["fast: passed"]);
});

test("a crash is a problem of its file", async () => {
  const result = await run("crash.test.ts", `${HEAD}test("a", () => { process.kill(process.pid, "SIGSEGV"); });`);
  expect(result.problems).toEqual(["the test process crashed (SIGSEGV)"]);
});

test("an exit in the middle is a problem even with code 0", async () => {
  const result = await run("exit.test.ts", `${HEAD}test("a", () => { process.exit(0); });`);
  expect(result.problems).toHaveLength(1);
});

test("a file that hangs is killed", async () => {
  const result = await run("hang.test.ts", `${HEAD}test("a", () => { for (;;); });`);
  expect(result.problems).toEqual(["killed: the file took longer than 1.5 s"]);
});

test("a file without tests is a problem", async () => {
  expect((await run("empty.test.ts", "export {};")).problems).toHaveLength(1);
});

test("a process left behind is killed", async () => {
  const pidFile = join(folder, "pid");
  const code = `const child = Bun.spawn(["sleep", "1000"]); child.unref(); await Bun.write("${pidFile}", String(child.pid));`;
  await run("leave.test.ts", `${HEAD}test("a", async () => { ${code} });`);
  const state = join("/proc", readFileSync(pidFile, "utf8"), "status");
  expect(existsSync(state) ? readFileSync(state, "utf8") : "State: Z").toMatch(/State:\s*[ZX]/);
});

test("a Node test is bundled and run by Node", async () => {
  const text =
    'import test from "node:test";\ntest("on node", (): void => { if ("Bun" in globalThis) throw new Error("bun"); });';
  const result = await run("a.node-test.ts", text);
  expect(outcomes(result)).toEqual(["on node: passed"]);
  expect(result.problems).toEqual([]);
  const broken = await run(
    "b.node-test.ts",
    'import test from "node:test";\ntest("bad", () => { throw new Error("no"); });',
  );
  expect(outcomes(broken)).toEqual(["bad: failed"]);
});
