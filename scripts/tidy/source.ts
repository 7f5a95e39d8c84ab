// The files that the tidy rules look at, and their text with comments and prose taken out.

import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";

export interface SourceFile {
  /** Relative to the project's root, with forward slashes. */
  path: string;
  text: string;
}

/** Every file that is, or could be, committed. */
export function trackedFiles(root: string): SourceFile[] {
  const git = Bun.spawnSync(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
  if (git.exitCode !== 0) throw new Error(`git ls-files failed: ${git.stderr.toString()}`);
  const paths = git.stdout.toString().split("\0");
  const present = paths.filter((path) => path !== "" && existsSync(`${root}/${path}`));
  return [...new Set(present)].map((path) => ({ path, text: readFileSync(`${root}/${path}`, "utf8") }));
}

export function isCode(path: string): boolean {
  return /\.(ts|tsx|mts|mjs)$/.test(path);
}

/** Tests, and the shared suites that tests run. */
export function isTest(path: string): boolean {
  return /\.(test|suite|node-test)\.(ts|tsx|mjs)$/.test(path);
}

export function isConfig(path: string): boolean {
  return /(^|\.)config\.(ts|mjs)$/.test(basename(path));
}

const LITERALS_AND_COMMENTS = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/.*|\/\*[\s\S]*?\*\//g;

/** Code without comments and without strings that hold prose or templates: what is left of a string is a specifier. */
export function bareCode(text: string): string {
  return text.replace(LITERALS_AND_COMMENTS, (found) => {
    if (found.startsWith("/")) return " ";
    return found.startsWith("`") || /\s/.test(found) ? '""' : found;
  });
}
