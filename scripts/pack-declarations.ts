// Lays the compiler's declarations out so that they resolve where the workspace does not exist: only what the entries
// reach, and every import of a workspace package turned into a path.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";

export interface Declarations {
  /** Each entry's source and its declaration, relative to the output folder. */
  entries: Record<string, string>;
  /** npm packages that the declarations import. */
  packages: string[];
}

interface Layout {
  /** Folder the compiler wrote to, mirroring the workspace. */
  emitted: string;
  /** Sources of the public entries, relative to the workspace. */
  entries: string[];
  /** Sources of the workspace's packages by import name. */
  workspace: Record<string, string>;
  outdir: string;
}

// Comments are matched first, so that an example in one is left as it is.
const SPECIFIER =
  /\/\*[\s\S]*?\*\/|\/\/.*|(\bfrom\s*|\bimport\s*\(\s*|\bimport\s+|\bdeclare module\s+)(["'])([^"']+)\2/g;

function declarationOf(source: string): string {
  return source.replace(/\.ts$/, ".d.ts");
}

function packageName(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

export function flattenDeclarations(layout: Layout): Declarations {
  const packages = new Set<string>();
  const queue = [...layout.entries];
  const seen = new Set(queue);
  for (let source = queue.shift(); source !== undefined; source = queue.shift()) {
    const from = source;
    const text = readFileSync(join(layout.emitted, declarationOf(from)), "utf8");
    const rewritten = text.replace(SPECIFIER, (whole, ...[lead, quote, path]: string[]) => {
      if (lead === undefined || path === undefined) return whole;
      const target = path.startsWith(".")
        ? posix.normalize(posix.join(posix.dirname(from), path)).replace(/\.js$/, ".ts")
        : layout.workspace[path];
      if (target === undefined) {
        if (!/^(node|bun):|^bun$/.test(path)) packages.add(packageName(path));
        return whole;
      }
      if (!seen.has(target)) queue.push(target);
      seen.add(target);
      const step = posix.relative(posix.dirname(from), target).replace(/\.ts$/, ".js");
      return `${lead}${quote}${step.startsWith(".") ? step : `./${step}`}${quote}`;
    });
    const out = join(layout.outdir, declarationOf(from));
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, rewritten);
  }
  const entries = Object.fromEntries(layout.entries.map((entry) => [entry, declarationOf(entry)]));
  return { entries, packages: [...packages].toSorted() };
}
