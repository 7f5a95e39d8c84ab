// Projects that are described by a file of their own beside package.json, or in its place: both kinds become packages.
import type { Files } from "../ports.ts";
import { pathsTest } from "./globs.ts";
import type { ConfigValue } from "./config-file.ts";
import type { Package } from "./package.ts";

export interface Project {
  /** From the root on. */
  readonly folder: string;
  readonly name: string;
  /** Names of projects that it depends on. */
  readonly dependsOn: readonly string[];
  /** The file that describes it, from the root on. */
  readonly file: string;
}

const neverProjects = new Set(["node_modules", ".git", ".sluice", ".nx", ".moon", "dist", "coverage"]);

/** Folders that hold a file of this name, sorted. */
export function foldersWith(files: Files, root: string, name: string): readonly string[] {
  const found: string[] = [];
  const visit = (folder: string): void => {
    for (const entry of files.list(folder === "" ? root : `${root}/${folder}`)) {
      if (entry.kind === "file" && entry.name === name) found.push(folder);
      if (entry.kind !== "dir" || neverProjects.has(entry.name)) continue;
      visit(folder === "" ? entry.name : `${folder}/${entry.name}`);
    }
  };
  visit("");
  return found.toSorted();
}

/** Folders that the patterns mean, sorted. */
export function foldersMeant(files: Files, root: string, patterns: readonly string[]): readonly string[] {
  const isMeant = pathsTest(patterns);
  const found: string[] = [];
  const visit = (folder: string): void => {
    for (const { name, kind } of files.list(folder === "" ? root : `${root}/${folder}`)) {
      if (kind !== "dir" || neverProjects.has(name)) continue;
      const inner = folder === "" ? name : `${folder}/${name}`;
      if (isMeant(inner)) found.push(inner);
      visit(inner);
    }
  };
  visit("");
  return found.toSorted();
}

/** Packages under the names of their projects. What depends on the name in package.json depends on the project, too. */
export function withProjects(
  packages: ReadonlyMap<string, Package>,
  projects: readonly Project[],
  root: string,
): ReadonlyMap<string, Package> {
  const byFolder = new Map(projects.map((project) => [project.folder, project]));
  const renamed = new Map<string, string>();
  const result = new Map<string, Package>();
  for (const pkg of packages.values()) {
    const project = pkg.name === root ? undefined : byFolder.get(pkg.folder);
    const name = project?.name ?? pkg.name;
    if (name !== pkg.name) renamed.set(pkg.name, name);
    result.set(name, { ...pkg, name });
  }
  const known = new Set([...result.values()].map(({ folder }) => folder));
  for (const { folder, name, file } of projects) {
    if (known.has(folder)) continue;
    result.set(name, {
      name,
      folder,
      ownName: name,
      version: undefined,
      scripts: {},
      dependencies: {},
      entries: {},
      engines: {},
      manifest: file,
    });
  }
  for (const [name, pkg] of result) {
    const more = Object.entries(pkg.dependencies).flatMap(([other, range]) => {
      const to = renamed.get(other);
      return to === undefined ? [] : [[to, range] as const];
    });
    const asked = byFolder.get(pkg.folder)?.dependsOn ?? [];
    result.set(name, {
      ...pkg,
      dependencies: {
        ...pkg.dependencies,
        ...Object.fromEntries(more),
        ...Object.fromEntries(asked.map((each) => [each, "workspace:*"])),
      },
    });
  }
  return result;
}

/** A name that another project has, or that a package elsewhere has, is a fault. */
export function checkNames(projects: readonly { readonly project: Project; readonly at: ConfigValue }[]): void {
  const seen = new Map<string, string>();
  for (const { project, at } of projects) {
    const other = seen.get(project.name);
    if (other !== undefined)
      throw at.fault(`is ${project.name}, as that of ${other} is: a name belongs to one project.`);
    seen.set(project.name, project.file);
  }
}
