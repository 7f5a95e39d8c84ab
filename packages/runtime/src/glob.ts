// Which files match a pattern, on runtimes without a matcher of their own: a walk that leaves out what cannot match.

import type { DirEntry } from "./fs.ts";

export interface GlobOptions {
  /** Where the pattern begins. Default: the working directory. */
  readonly cwd?: string;
  /** Whether names that begin with a dot can match without being written out. Default false. */
  readonly dot?: boolean;
}

export interface Globber {
  /**
   * Files, not folders, whose path from `cwd` matches: `*`, `**`, `?`, `[…]`, `{a,b}`. Links to folders are not followed. In
   * the order of their UTF-16 code units.
   */
  glob(pattern: string, options?: GlobOptions): Promise<readonly string[]>;
}

/** Compiles a pattern; the result tells whether a relative path matches. */
export type Matcher = (pattern: string, options: { readonly dot: boolean }) => (path: string) => boolean;

/** Walks a folder and keeps what matches. */
export async function globByWalking(
  parts: { readonly readDir: (path: string) => Promise<readonly DirEntry[]>; readonly matcher: Matcher },
  pattern: string,
  options: GlobOptions = {},
): Promise<readonly string[]> {
  const { cwd = ".", dot = false } = options;
  const matches = parts.matcher(pattern, { dot });
  const found: string[] = [];
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = await parts.readDir(`${cwd}/${folder}`);
    for (const { name, kind } of entries) {
      const path = `${folder}${name}`;
      // A folder whose name begins with a dot is walked where the pattern may write it out.
      if (kind === "folder" && (dot || !name.startsWith(".") || pattern.includes("."))) folders.push(`${path}/`);
      else if (kind !== "folder" && matches(path)) found.push(path);
    }
  }
  return found.toSorted();
}
