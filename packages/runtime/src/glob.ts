// Which files match a pattern, on runtimes without a matcher of their own: a walk that leaves out what cannot match.

import type { DirEntry, GlobOptions } from "./fs.ts";

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
  // Folders whose names begin with a dot are walked where the pattern may write one out.
  const walksHidden = dot || /(?:^|[/{,])\./.test(pattern);
  const found: string[] = [];
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = await parts.readDir(`${cwd}/${folder}`);
    for (const { name, kind } of entries) {
      const path = `${folder}${name}`;
      if (kind === "folder" && (walksHidden || !name.startsWith("."))) folders.push(`${path}/`);
      else if (kind !== "folder" && matches(path)) found.push(path);
    }
  }
  return found.toSorted();
}
