// Which packages are meant: `--filter` in Turborepo's syntax, and what changed by git.
// The syntax: https://turborepo.com/docs/reference/run#--filter-string
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Git } from "../ports.ts";
import { nameTest, pathTest, plainPattern } from "../workspace/globs.ts";
import { rootName } from "../workspace/package.ts";
import { closure } from "./package-graph.ts";
import type { PackageGraph } from "./package-graph.ts";

export interface Selector {
  readonly isExcluded: boolean;
  readonly name: string | undefined;
  /** From the root on. */
  readonly folder: string | undefined;
  readonly range: { readonly from: string; readonly to: string | undefined } | undefined;
  readonly withDependencies: boolean;
  readonly withDependents: boolean;
  /** The packages themselves are left out. */
  readonly onlyOthers: boolean;
}

/** Undefined where it is none. */
export function parseSelector(text: string): Selector | undefined {
  const isExcluded = text.startsWith("!");
  let rest = isExcluded ? text.slice(1) : text;
  const withDependents = rest.startsWith("...");
  if (withDependents) rest = rest.slice(3);
  const withDependencies = rest.endsWith("...");
  if (withDependencies) rest = rest.slice(0, -3);
  const onlyOthers = (withDependents && rest.startsWith("^")) || (withDependencies && rest.endsWith("^"));
  if (onlyOthers) rest = rest.startsWith("^") ? rest.slice(1) : rest.slice(0, -1);
  const [matched, name, folder, range] =
    /^([^{}[\]]*(?:\{[^{}/]*,[^{}]*\}[^{}[\]]*)*)?(?:\{([^{}]+)\})?(?:\[([^[\]]+)\])?$/.exec(rest) ?? [];
  if (matched === undefined || matched === "") return undefined;
  const isPath = (name !== undefined && folder === undefined && /^\.{0,2}\//.test(name)) || name === ".";
  const [from, to] = range?.split("...") ?? [];
  return {
    isExcluded,
    name: isPath || name === "" ? undefined : name,
    folder: isPath ? plainPattern(name ?? "") : folder === undefined ? undefined : plainPattern(folder),
    range: from === undefined ? undefined : { from, to },
    withDependencies,
    withDependents,
    onlyOthers,
  };
}

/** The package in whose folder a path lies: the deepest one; the root where it lies in none. */
export function ownerOf(graph: PackageGraph): (path: string) => string {
  const byFolder = new Map([...graph.packages.values()].map(({ folder, name }) => [folder, name]));
  return (path) => {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      const name = byFolder.get(path.slice(0, at));
      if (name !== undefined) return name;
    }
    return rootName;
  };
}

interface Ground {
  readonly graph: PackageGraph;
  readonly git: Git;
  readonly root: string;
  /** Paths that change everything: those that all tasks depend on, lockfile included. */
  readonly isGlobal: (path: string) => boolean;
}

/** Packages with something that changed; all of them where something changed that all depend on. */
async function changedPackages(
  { graph, git, root, isGlobal }: Ground,
  range: { readonly from: string; readonly to: string | undefined },
): Promise<Result<ReadonlySet<string>>> {
  const paths = await git.changed(root, range);
  if (paths === undefined) {
    return fail({
      code: "bad_request",
      message: `Git does not know what changed since ${range.from}${range.to === undefined ? "" : ` until ${range.to}`}.`,
      hint: "Name a branch or commit that is there; a shallow clone may lack it.",
    });
  }
  if (paths.some(isGlobal)) return ok(new Set(graph.packages.keys()));
  const owner = ownerOf(graph);
  return ok(new Set(paths.map(owner)));
}

async function selected(ground: Ground, selector: Selector): Promise<Result<ReadonlySet<string>>> {
  const { graph } = ground;
  const { name, folder, range } = selector;
  let names = [...graph.packages.keys()];
  if (name !== undefined) {
    const isNamed = nameTest(name);
    const bare = names.filter((each) => isNamed(each));
    // `web` means `@shop/web` where nothing is called `web`.
    const scoped = name.includes("/")
      ? []
      : names.filter((each) => each.startsWith("@") && isNamed(each.slice(each.indexOf("/") + 1)));
    names = bare.length > 0 || scoped.length !== 1 ? bare : scoped;
  }
  if (folder !== undefined) {
    const isIn = folder === "" || folder === "." ? (path: string) => path === "" : pathTest(folder);
    names = names.filter((each) => isIn(graph.packages.get(each)?.folder ?? ""));
  }
  if (range !== undefined) {
    const changed = await changedPackages(ground, range);
    if (!changed.ok) return changed;
    names = names.filter((each) => changed.value.has(each));
  }
  const above = selector.withDependents ? closure(names, graph.dependents) : new Set(names);
  // Those above are of use only with what they need themselves.
  const found = new Set(selector.withDependencies ? closure(above, graph.dependencies) : above);
  if (selector.onlyOthers) for (const each of names) found.delete(each);
  return ok(found);
}

/** Names of packages. Without filters all of them. Fails with `bad_request` for what is no filter, or names nothing. */
export async function filterPackages(ground: Ground, filters: readonly string[]): Promise<Result<ReadonlySet<string>>> {
  const selectors: Selector[] = [];
  for (const text of filters) {
    const selector = parseSelector(text);
    if (selector === undefined)
      return fail({
        code: "bad_request",
        message: `${JSON.stringify(text)} is no filter.`,
        hint: "Such as web, @shop/*, ./apps/*, ...web, web..., [main], !docs.",
      });
    selectors.push(selector);
  }
  const isOpen = selectors.every(({ isExcluded }) => isExcluded);
  const found = new Set<string>(isOpen ? ground.graph.packages.keys() : []);
  for (const [index, selector] of selectors.entries()) {
    const names = await selected(ground, selector);
    if (!names.ok) return names;
    if (names.value.size === 0 && selector.name !== undefined && selector.range === undefined)
      return fail({ code: "bad_request", message: `No package fits ${JSON.stringify(filters[index])}.` });
    if (!selector.isExcluded) for (const name of names.value) found.add(name);
  }
  for (const selector of selectors.filter(({ isExcluded }) => isExcluded)) {
    const names = await selected(ground, selector);
    if (!names.ok) return names;
    for (const name of names.value) found.delete(name);
  }
  return ok(found);
}

/** Packages with something that changed since a base, and all that depend on them. */
export async function affectedPackages(ground: Ground, base: string): Promise<Result<ReadonlySet<string>>> {
  const changed = await changedPackages(ground, { from: base, to: undefined });
  return changed.ok ? ok(closure(changed.value, ground.graph.dependents)) : changed;
}
