// Which files there are where git does not know the folder: everything but what `.gitignore` files leave out.
// Their form: https://git-scm.com/docs/gitignore
import type { Files } from "../ports.ts";

interface Rule {
  readonly isKept: boolean;
  readonly isFolder: boolean;
  readonly test: (path: string) => boolean;
}

/** Never inputs: what tools keep for themselves. */
export const neverInputs: ReadonlySet<string> = new Set([".git", "node_modules", ".sluice", ".turbo"]);

function ignoreRules(text: string): readonly Rule[] {
  return text.split(/\r?\n/).flatMap((line): Rule[] => {
    const bare = line.replace(/(?<!\\)\s+$/, "");
    if (bare === "" || bare.startsWith("#")) return [];
    const isKept = bare.startsWith("!");
    const pattern = (isKept ? bare.slice(1) : bare).replace(/^\\([#!])/, "$1");
    const isFolder = pattern.endsWith("/");
    const plain = pattern.replace(/\/+$/, "");
    // A slash that is not at the end ties the pattern to the folder of the file.
    const glob = new Bun.Glob(plain.includes("/") ? plain.replace(/^\//, "") : `**/${plain}`);
    return [{ isKept, isFolder, test: (path) => glob.match(path) }];
  });
}

/** Paths of files and links from the root on, sorted by code units. */
export function walkFiles(files: Files, root: string): readonly string[] {
  const found: string[] = [];
  const visit = (folder: string, above: readonly (readonly [base: string, rules: readonly Rule[]])[]): void => {
    const at = folder === "" ? root : `${root}/${folder}`;
    const own = files.readText(`${at}/.gitignore`);
    const all = own === undefined ? above : [...above, [folder, ignoreRules(own)] as const];
    const isIgnored = (path: string, isFolder: boolean): boolean => {
      for (const [base, rules] of all.toReversed()) {
        const inner = base === "" ? path : path.slice(base.length + 1);
        const last = rules.findLast((rule) => (isFolder || !rule.isFolder) && rule.test(inner));
        if (last !== undefined) return !last.isKept;
      }
      return false;
    };
    for (const { name, kind } of files.list(at)) {
      const path = folder === "" ? name : `${folder}/${name}`;
      if (neverInputs.has(name) || kind === "other" || isIgnored(path, kind === "dir")) continue;
      if (kind === "dir") visit(path, all);
      else found.push(path);
    }
  };
  visit("", []);
  return found.toSorted();
}
