// Remembers that the fast tier has passed on a commit, so that `npm run test:full` right after `npm test` need not run it again.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** What is remembered: of which tree, when, and what it came to. */
export interface PassedBefore {
  readonly tree: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly line: string;
}

/** A pass is worth something for so long: what is installed beside the tree may change. */
const keptMs = 2 * 3_600_000;

/** Names the tree that is checked out, with the runtime; undefined where something in it is not committed. */
export function treeName(folder = "."): string | undefined {
  const git = (...args: string[]) => spawnSync("git", ["-C", folder, ...args], { encoding: "utf8" });
  const [head, status] = [git("rev-parse", "HEAD^{tree}"), git("status", "--porcelain")];
  if (head.status !== 0 || status.status !== 0 || status.stdout !== "") return undefined;
  return `${head.stdout.trim()} bun ${Bun.version} ${process.platform}-${process.arch}`;
}

export function remember(file: string, passed: PassedBefore): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(passed));
}

/** What the fast tier came to on this very tree, if it passed not long ago. */
export function passedBefore(
  file: string,
  p: { readonly tree: string; readonly now: number },
): PassedBefore | undefined {
  let passed: PassedBefore;
  try {
    passed = JSON.parse(readFileSync(file, "utf8")) as PassedBefore;
  } catch {
    return undefined;
  }
  const ageMs = p.now - passed.at;
  return passed.tree === p.tree && ageMs >= 0 && ageMs < keptMs ? passed : undefined;
}
