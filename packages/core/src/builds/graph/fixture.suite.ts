// Packages for tests of graphs, without files.
import type { Package, TaskDefinition, Workspace } from "../workspace/package.ts";

export function packageOf(
  name: string,
  dependencies: readonly string[] = [],
  scripts: Readonly<Record<string, string>> = { build: "true" },
): Package {
  return {
    name,
    folder: name === "//" ? "" : `packages/${name.replace(/^@[^/]+\//, "")}`,
    ownName: name,
    version: "1.0.0",
    scripts,
    dependencies: Object.fromEntries(dependencies.map((other) => [other, "*"])),
    entries: {},
    engines: {},
    manifest: "package.json",
  };
}

export const plainDefinition: TaskDefinition = {
  dependsOn: [],
  inputs: undefined,
  outputs: [],
  env: [],
  passThroughEnv: [],
  cache: true,
  persistent: false,
  interactive: false,
  outputLogs: "full",
  with: [],
};

/** `rules`: what a task of any package but the root says. */
export function workspaceOf(
  packages: readonly Package[],
  rules: Readonly<Record<string, Partial<TaskDefinition>>>,
): Workspace {
  return {
    root: "/w",
    manager: { name: "npm", version: "10.0.0" },
    packages: new Map([["//", packageOf("//", [], {})], ...packages.map((pkg) => [pkg.name, pkg] as const)]),
    rules: {
      source: "test",
      global: { files: [], env: [], passThroughEnv: [], envMode: "strict" },
      names: new Set(Object.keys(rules)),
      definitionOf: (pkg, task) =>
        pkg.name === "//" || rules[task] === undefined ? undefined : { ...plainDefinition, ...rules[task] },
    },
    isMonorepo: true,
    lockfile: undefined,
  };
}
