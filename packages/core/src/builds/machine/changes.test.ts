// What changes in a folder.
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isTold, machineChanges } from "./changes.ts";

const after = (delayMs: number, callback: () => void): (() => void) => {
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
};

test("is told whether somebody waited before or after, and the end is told too", async () => {
  const root = mkdtempSync(join(tmpdir(), "sluice-changes-"));
  mkdirSync(join(root, "a/b"), { recursive: true });
  const changes = machineChanges(root, after);
  const first = changes.next();
  writeFileSync(join(root, "a/b/file"), "1");
  await first;
  writeFileSync(join(root, "a/b/file"), "2");
  await changes.next();
  const last = changes.next();
  changes.close();
  await last;
  await changes.next();
  rmSync(root, { recursive: true, force: true });
});

test.each([
  ["src/a.ts", true],
  ["packages/app/node_modules/x/index.js", false],
  [".git/index", false],
  [".sluice/builds/builds.db", false],
  [".github/workflows/ci.yml", true],
])("%s is told: %p", (path, told) => {
  expect(isTold(path)).toBe(told);
});
