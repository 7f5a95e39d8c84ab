// Whether what others get of a package is what its task has made: only then do its outputs stand for it.
import type { Package, TaskDefinition } from "../workspace/package.ts";
import { pathsTest, plainPattern } from "../workspace/globs.ts";

/** Paths that `exports` and its older likes name, from the package on. */
export function entryPaths(entries: Readonly<Record<string, unknown>>): readonly string[] {
  const found: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value === "string") found.push(value);
    else if (Array.isArray(value)) value.forEach(visit);
    else if (value !== null && typeof value === "object") Object.values(value).forEach(visit);
  };
  const { exports, ...older } = entries;
  // Where there are exports, nothing else can be imported; programs and types are found in the older way all the same.
  if (exports === undefined) visit(older);
  else visit([exports, older["bin"], older["types"], older["typings"]]);
  return found.map(plainPattern);
}

/** Outputs from the package on; those elsewhere are left out. */
export function ownOutputs(pkg: Package, definition: TaskDefinition): readonly string[] {
  const patterns = definition.outputs.map((each) =>
    each.startsWith("!") ? `!${plainPattern(each.slice(1))}` : plainPattern(each),
  );
  if (definition.isRootedOutputs !== true || pkg.folder === "") return patterns;
  return patterns.flatMap((each) => {
    const [sign, path] = each.startsWith("!") ? ["!", each.slice(1)] : ["", each];
    return path.startsWith(`${pkg.folder}/`) ? [`${sign}${path.slice(pkg.folder.length + 1)}`] : [];
  });
}

/**
 * True where everything that others can import lies in the declared outputs. A package without any entry exports its source; so does
 * one whose entries are open at the end of a folder that is not an output.
 */
export function exportsAreOutputs(pkg: Package, definition: TaskDefinition): boolean {
  if (ownOutputs(pkg, definition).length === 0) return false;
  const isOutput = pathsTest(ownOutputs(pkg, definition));
  const entries = entryPaths(pkg.entries).filter((path) => path !== "package.json");
  return entries.length > 0 && entries.every((path) => !path.startsWith("../") && isOutput(path.replaceAll("*", "_")));
}
