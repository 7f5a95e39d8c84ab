// A pass counts for the tree it was of, and not for ever.

import { afterAll, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { passedBefore, remember, treeName } from "./passed-before.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-passed-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function git(...args: string[]): void {
  const who = ["-c", "user.name=test", "-c", "user.email=test@localhost"];
  expect(spawnSync("git", ["-C", folder, ...who, ...args]).status).toBe(0);
}

test("a tree has a name once everything in it is committed, and another one after a change", () => {
  expect(treeName(folder)).toBeUndefined();
  git("init", "--quiet");
  writeFileSync(join(folder, "a"), "1");
  expect(treeName(folder)).toBeUndefined();
  git("add", "a");
  git("commit", "--quiet", "--message", "a");
  const first = treeName(folder);
  expect(first).toContain(`bun ${Bun.version}`);
  writeFileSync(join(folder, "a"), "2");
  expect(treeName(folder)).toBeUndefined();
  git("commit", "--quiet", "--all", "--message", "b");
  expect(treeName(folder)).not.toBe(first);
});

test("what passed is known of the same tree, for two hours", () => {
  const file = join(folder, "cache/passed.json");
  expect(passedBefore(file, { tree: "t", now: 0 })).toBeUndefined();
  remember(file, { tree: "t", at: 1_000, line: "3 passed, 0 failed" });
  expect(passedBefore(file, { tree: "t", now: 2_000 })?.line).toBe("3 passed, 0 failed");
  expect(passedBefore(file, { tree: "u", now: 2_000 })).toBeUndefined();
  expect(passedBefore(file, { tree: "t", now: 999 })).toBeUndefined();
  expect(passedBefore(file, { tree: "t", now: 1_000 + 2 * 3_600_000 })).toBeUndefined();
  writeFileSync(file, "{");
  expect(passedBefore(file, { tree: "t", now: 2_000 })).toBeUndefined();
});
