// Finds the packages of a workspace, as the package manager does.
import type { Files } from "../ports.ts";
import { ConfigFault, readJsonFile, readYamlFile } from "./config-file.ts";
import type { ConfigValue } from "./config-file.ts";
import { fixedFolder, pathsTest, plainPattern } from "./globs.ts";
import { rootName } from "./package.ts";
import type { ManagerName, Package, PackageManager } from "./package.ts";

export const lockfiles: readonly (readonly [file: string, manager: ManagerName])[] = [
  ["package-lock.json", "npm"],
  ["npm-shrinkwrap.json", "npm"],
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
];

const dependencyKinds = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"] as const;
const entryKeys = ["main", "module", "types", "typings", "bin", "exports", "browser"] as const;
/** Never looked into for packages. */
const neverPackages = new Set(["node_modules", ".git", ".sluice"]);

/** The nearest folder upward whose package.json has workspaces, else the nearest with a package.json at all. */
export function findRoot(files: Files, from: string): string | undefined {
  let nearest: string | undefined;
  for (let folder = from; ; folder = folder.slice(0, Math.max(1, folder.lastIndexOf("/")))) {
    const inner = folder === "/" ? "" : folder;
    const manifest = readJsonFile(files, `${inner}/package.json`, `${inner}/package.json`);
    if (manifest !== undefined) {
      nearest ??= folder;
      if (manifest.at("workspaces").isThere) return folder;
    }
    if (files.stat(`${inner}/pnpm-workspace.yaml`) !== undefined) return folder;
    if (folder === "/" || folder === "") return nearest;
  }
}

/** That of the package manager which is named, where it is there: another one may have been left behind. */
export function findLockfile(files: Files, root: string, manifest?: ConfigValue): string | undefined {
  const said = manifest?.at("packageManager").value;
  const isOfNamed = ([, manager]: (typeof lockfiles)[number]): boolean =>
    typeof said === "string" && said.startsWith(`${manager}@`);
  const there = lockfiles.filter(([file]) => files.stat(`${root}/${file}`)?.kind === "file");
  return (there.find(isOfNamed) ?? there[0])?.[0];
}

/** Whom `packageManager` names, else whose lockfile lies there, else npm. */
export function managerOf(
  manifest: ConfigValue,
  p: { readonly lockfile: string | undefined; readonly lockText: string | undefined },
): PackageManager {
  const said = manifest.at("packageManager");
  const text = said.text();
  if (text !== undefined) {
    const [, name, version] = /^(npm|pnpm|yarn|bun)@(\d[\w.-]*)/.exec(text) ?? [];
    if (name === undefined || version === undefined)
      throw said.fault(`is ${JSON.stringify(text)}; it is written as npm@10.2.0.`);
    const isBerry = name === "yarn" && !version.startsWith("1.");
    return { name: isBerry ? "berry" : (name as ManagerName), version };
  }
  const name = lockfiles.find(([file]) => file === p.lockfile)?.[1] ?? "npm";
  if (name === "yarn" && p.lockText?.includes("__metadata:") === true) return { name: "berry", version: undefined };
  return { name, version: undefined };
}

function patternsOf(files: Files, root: string, manifest: ConfigValue): readonly string[] | undefined {
  const pnpm = readYamlFile(files, `${root}/pnpm-workspace.yaml`, "pnpm-workspace.yaml");
  if (pnpm !== undefined && pnpm.at("packages").isThere) return pnpm.at("packages").texts();
  const workspaces = manifest.at("workspaces");
  if (!workspaces.isThere) return undefined;
  return Array.isArray(workspaces.value) ? workspaces.texts() : (workspaces.at("packages").texts() ?? []);
}

/** Folders with a package.json that the patterns mean, sorted. */
export function foldersOf(files: Files, root: string, patterns: readonly string[]): readonly string[] {
  const isMeant = pathsTest(patterns.map(plainPattern));
  const found = new Set<string>();
  const visit = (folder: string, depthLeft: number): void => {
    if (folder !== "" && isMeant(folder) && files.stat(`${root}/${folder}/package.json`)?.kind === "file")
      found.add(folder);
    if (depthLeft === 0) return;
    for (const { name, kind } of files.list(folder === "" ? root : `${root}/${folder}`)) {
      if (kind !== "dir" || neverPackages.has(name)) continue;
      visit(folder === "" ? name : `${folder}/${name}`, depthLeft - 1);
    }
  };
  for (const pattern of patterns) {
    if (pattern.startsWith("!")) continue;
    const plain = plainPattern(pattern);
    const fixed = fixedFolder(plain);
    const rest = plain === fixed ? [] : plain.slice(fixed === "" ? 0 : fixed.length + 1).split("/");
    visit(fixed, rest.includes("**") ? Number.POSITIVE_INFINITY : rest.length);
  }
  return [...found].toSorted();
}

function textsByName(value: ConfigValue): Record<string, string> {
  return Object.fromEntries(value.keys().map((name) => [name, value.at(name).text() ?? ""]));
}

function packageAt(manifest: ConfigValue, folder: string): Package {
  const own = manifest.at("name").text();
  const name = folder === "" ? rootName : own;
  if (name === undefined || name === "")
    throw new ConfigFault(manifest.file, {
      line: 1,
      key: "name",
      message: "is missing: a package of a workspace needs one.",
    });
  const dependencies: Record<string, string> = {};
  for (const kind of dependencyKinds) Object.assign(dependencies, textsByName(manifest.at(kind)));
  const entries: Record<string, unknown> = {};
  for (const key of entryKeys) if (manifest.at(key).isThere) entries[key] = manifest.at(key).value;
  return {
    name,
    folder,
    ownName: own ?? "",
    version: manifest.at("version").text(),
    scripts: textsByName(manifest.at("scripts")),
    dependencies,
    entries,
    engines: Array.isArray(manifest.at("engines").value) ? {} : textsByName(manifest.at("engines")),
    manifest: folder === "" ? "package.json" : `${folder}/package.json`,
  };
}

/** The packages by name, the root first. Throws a fault where a file is not what it should be, or a name is taken. */
export function readPackages(
  files: Files,
  root: string,
): { readonly manifest: ConfigValue; readonly packages: ReadonlyMap<string, Package> } {
  const manifest = readJsonFile(files, `${root}/package.json`, "package.json");
  if (manifest === undefined) throw new ConfigFault("package.json", { message: "is not there." });
  const packages = new Map<string, Package>([[rootName, packageAt(manifest, "")]]);
  for (const folder of foldersOf(files, root, patternsOf(files, root, manifest) ?? [])) {
    const name = `${folder}/package.json`;
    const inner = readJsonFile(files, `${root}/${name}`, name);
    if (inner === undefined) continue;
    const pkg = packageAt(inner, folder);
    const other = packages.get(pkg.name);
    if (other !== undefined)
      throw inner.at("name").fault(`is ${pkg.name}, as that of ${other.manifest} is: a name belongs to one package.`);
    packages.set(pkg.name, pkg);
  }
  return { manifest, packages };
}
