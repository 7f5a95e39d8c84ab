// Which packages of a workspace depend on which.
import { rootName } from "../workspace/package.ts";
import type { Package } from "../workspace/package.ts";

export interface PackageGraph {
  readonly packages: ReadonlyMap<string, Package>;
  /** Names of packages by name, in order of names. */
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
  readonly dependents: ReadonlyMap<string, readonly string[]>;
}

/** A range that means the package of the workspace, and not one from a registry under the same name. */
function isOwn(range: string, version: string | undefined): boolean {
  if (/^(?:workspace|file|link|portal):/.test(range)) return true;
  if (
    /^(?:npm|git|github|https?|catalog):/.test(range) ||
    version === undefined ||
    range === "" ||
    range === "*" ||
    range === "latest"
  )
    return !/^(?:npm|git|github|https?):/.test(range);
  return Bun.semver.satisfies(version, range);
}

export function packageGraph(packages: ReadonlyMap<string, Package>): PackageGraph {
  const dependencies = new Map<string, readonly string[]>();
  const dependents = new Map<string, string[]>([...packages.keys()].map((name) => [name, []]));
  for (const { name, dependencies: ranges } of packages.values()) {
    const own = Object.entries(ranges).flatMap(([other, range]) => {
      const target = packages.get(other);
      return target !== undefined && other !== name && other !== rootName && isOwn(range, target.version)
        ? [other]
        : [];
    });
    dependencies.set(name, own.toSorted());
    for (const other of own) dependents.get(other)?.push(name);
  }
  for (const list of dependents.values()) list.sort();
  return { packages, dependencies, dependents };
}

/** These and everything that is reached from them. */
export function closure(from: Iterable<string>, edges: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const reached = new Set<string>(from);
  for (const name of reached) for (const next of edges.get(name) ?? []) reached.add(next);
  return reached;
}
