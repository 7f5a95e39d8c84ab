// Patterns of paths, as the files of workspaces write them: `dist/**`, `!dist/cache/**`, `*.{ts,tsx}`.

/** Whether a path (with slashes, relative) is meant by a pattern. A pattern without any sign of one means the path itself and all beneath. */
export type PathTest = (path: string) => boolean;

const signs = /[*?[\]{}]/;

/** `dist/` and `./dist` are `dist`. */
export function plainPattern(pattern: string): string {
  return pattern.replace(/^(?:\.\/)+/, "").replace(/\/+$/, "");
}

export function pathTest(pattern: string): PathTest {
  const plain = plainPattern(pattern);
  if (plain === "" || plain === "." || plain === "**" || plain === "**/*") return () => true;
  if (!signs.test(plain)) return (path) => path === plain || path.startsWith(`${plain}/`);
  const [, folder] = /^([^*?[\]{}]+)\/\*\*(?:\/\*)?$/.exec(plain) ?? [];
  if (folder !== undefined) return (path) => path.startsWith(`${folder}/`);
  const glob = new Bun.Glob(plain);
  return (path) => glob.match(path);
}

/** One of the patterns means it, and none of those that begin with `!`. Order does not matter. */
export function pathsTest(patterns: readonly string[]): PathTest {
  const wanted = patterns.filter((each) => !each.startsWith("!")).map(pathTest);
  const unwanted = patterns.filter((each) => each.startsWith("!")).map((each) => pathTest(each.slice(1)));
  return (path) => wanted.some((test) => test(path)) && !unwanted.some((test) => test(path));
}

/** The folder in which everything lies that a pattern can mean; empty for anywhere. */
export function fixedFolder(pattern: string): string {
  const plain = plainPattern(pattern);
  const parts = plain.split("/");
  const open = parts.findIndex((part) => signs.test(part));
  return (open === -1 ? parts : parts.slice(0, open)).join("/");
}

/** Whether a path leads out of where it begins, or is no relative path at all. */
export function climbsOut(path: string): boolean {
  return path === "" || path.startsWith("/") || path.includes("\0") || path.split("/").includes("..");
}

/** As patterns of names are written: `@shop/*`, `web-{a,b}`. */
export function nameTest(pattern: string): (name: string) => boolean {
  if (!signs.test(pattern)) return (name) => name === pattern;
  const glob = new Bun.Glob(pattern);
  return (name) => glob.match(name);
}
