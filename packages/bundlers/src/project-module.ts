// A module as the project itself would find it: its bundler, not ours.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/** Undefined where the project has no such module. */
export function versionOf(root: string, name: string): string | undefined {
  const folder = folderOf(root, name);
  if (folder === undefined) return undefined;
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version?: string };
  return version;
}

/** The module's namespace. Throws what the import throws. */
export async function importFrom<T>(root: string, name: string): Promise<T> {
  const path = createRequire(join(root, "package.json")).resolve(name);
  return (await import(pathToFileURL(path).href)) as T;
}

/** The same of one that is CommonJS: an import would call every getter it exports. */
export function requireFrom<T>(root: string, name: string): T {
  return createRequire(join(root, "package.json"))(name) as T;
}

/** The folder of an installed package, whether or not it exports its package.json. */
function folderOf(root: string, name: string): string | undefined {
  const lookIn = createRequire(join(root, "package.json")).resolve.paths(name) ?? [];
  for (const folder of lookIn) {
    try {
      const file = join(folder, name, "package.json");
      readFileSync(file);
      return dirname(file);
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }
  return undefined;
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
