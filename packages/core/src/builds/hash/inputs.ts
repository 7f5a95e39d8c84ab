// Which files a task reads, as its rules say: by default all of its package that are not its outputs.
import type { Files } from "../ports.ts";
import { ownerOf } from "../graph/filter.ts";
import type { PackageGraph } from "../graph/package-graph.ts";
import { climbsOut, fixedFolder, pathsTest, pathTest, plainPattern } from "../workspace/globs.ts";
import { rootName } from "../workspace/package.ts";
import type { Package, TaskDefinition } from "../workspace/package.ts";
import { defaultInputs, fromRoot } from "../workspace/turbo.ts";
import { ownOutputs } from "./exports.ts";
import { neverInputs } from "./ignore.ts";

/** Files by the package they lie in, each sorted; paths from the root on. */
export function filesByPackage(graph: PackageGraph, paths: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const owner = ownerOf(graph);
  const byPackage = new Map<string, string[]>([...graph.packages.keys()].map((name) => [name, []]));
  let [lastFolder, lastOwner] = ["\0", rootName];
  for (const path of paths) {
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    if (folder !== lastFolder) [lastFolder, lastOwner] = [folder, owner(path)];
    byPackage.get(lastOwner)?.push(path);
  }
  return byPackage;
}

/** Files that patterns mean though git ignores them, such as a `.env`: walked for, only where a pattern asks for them. */
function walked(files: Files, root: string, pattern: string): readonly string[] {
  const isMeant = pathTest(pattern);
  const found: string[] = [];
  const visit = (path: string): void => {
    const kind = files.stat(`${root}/${path}`)?.kind;
    if (kind === "dir" || path === "")
      for (const { name } of files.list(`${root}/${path}`)) {
        if (!neverInputs.has(name)) visit(path === "" ? name : `${path}/${name}`);
      }
    else if ((kind === "file" || kind === "link") && isMeant(path)) found.push(path);
  };
  visit(fixedFolder(pattern));
  return found;
}

/** Of the files that git tracks or would track, those that a pattern of the root means. */
function listed({ byPackage }: Ground, pkg: Package, pattern: string): readonly string[] {
  const isMeant = pathTest(pattern);
  const isOwn = pkg.folder !== "" && pattern.startsWith(`${pkg.folder}/`);
  const own = (byPackage.get(pkg.name) ?? []).filter(isMeant);
  // Packages may lie within each other.
  return isOwn && own.length > 0 ? own : [...byPackage.values()].flatMap((paths) => paths.filter(isMeant));
}

/** A pattern of a package as one of the root. */
function rooted(pkg: Package, pattern: string): string | undefined {
  const inner = pattern.startsWith(fromRoot) ? pattern.slice(fromRoot.length) : plainPattern(pattern);
  if (pattern.startsWith(fromRoot)) return inner;
  const parts = pkg.folder === "" ? [] : pkg.folder.split("/");
  let rest = inner;
  for (; rest.startsWith("../"); rest = rest.slice(3)) if (parts.pop() === undefined) return undefined;
  return climbsOut(rest) ? undefined : [...parts, rest].join("/");
}

interface Ground {
  readonly files: Files;
  readonly root: string;
  readonly byPackage: ReadonlyMap<string, readonly string[]>;
}

/** Paths from the root on, sorted. Those that lead out of the root are left out. */
export function inputsOf(ground: Ground, pkg: Package, definition: TaskDefinition): readonly string[] {
  const own = ground.byPackage.get(pkg.name) ?? [];
  const prefix = pkg.folder === "" ? "" : `${pkg.folder}/`;
  const outputs = ownOutputs(pkg, definition);
  const isOutput = pathsTest(outputs);
  const byDefault = (): readonly string[] =>
    own.filter((path) => outputs.length === 0 || !isOutput(path.slice(prefix.length)));
  if (definition.inputs === undefined) return byDefault();
  const wanted = definition.inputs.filter((each) => !each.startsWith("!") && each !== defaultInputs);
  const found = new Set<string>(definition.inputs.includes(defaultInputs) || wanted.length === 0 ? byDefault() : []);
  for (const pattern of wanted) {
    const inRoot = rooted(pkg, pattern);
    if (inRoot === undefined) continue;
    const meant =
      definition.isListedInputs === true ? listed(ground, pkg, inRoot) : walked(ground.files, ground.root, inRoot);
    for (const path of meant) found.add(path);
  }
  for (const pattern of definition.inputs.filter((each) => each.startsWith("!"))) {
    const isUnwanted = pathTest(rooted(pkg, pattern.slice(1)) ?? "\0");
    for (const path of found) if (isUnwanted(path)) found.delete(path);
  }
  // What decides how a task runs is read by whoever runs it.
  if (ground.files.stat(`${ground.root}/${pkg.manifest}`) !== undefined) found.add(pkg.manifest);
  return [...found].toSorted();
}
