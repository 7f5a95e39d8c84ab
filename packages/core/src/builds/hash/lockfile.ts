// What a package gets from outside of the workspace: of the whole lockfile only what its own dependencies lead to.
import type { Package } from "../workspace/package.ts";
import { digestOfTexts, sha256 } from "./fingerprint.ts";
import { readNpmLock } from "./lockfile-npm.ts";

/** A lockfile as a graph. Ids are the file's own names of what is installed. */
export interface LockGraph {
  /** Undefined where it is not in the file, or is a package of the workspace. */
  resolve(from: { readonly folder: string } | { readonly id: string }, name: string, range: string): string | undefined;
  /** `text` says all about it that can change what it is. */
  entry(id: string): { readonly text: string; readonly dependencies: Readonly<Record<string, string>> } | undefined;
}

const readers: Readonly<Record<string, (text: string) => LockGraph | undefined>> = {
  "package-lock.json": readNpmLock,
  "npm-shrinkwrap.json": readNpmLock,
};

/** Everything that is reached, as texts in order. */
export function reachedEntries(graph: LockGraph, pkg: Pick<Package, "folder" | "dependencies">): readonly string[] {
  const seen = new Set<string>();
  const add = (from: Parameters<LockGraph["resolve"]>[0], dependencies: Readonly<Record<string, string>>): void => {
    for (const [name, range] of Object.entries(dependencies)) {
      const id = graph.resolve(from, name, range);
      if (id !== undefined) seen.add(id);
    }
  };
  add({ folder: pkg.folder }, pkg.dependencies);
  const texts: string[] = [];
  for (const id of seen) {
    const entry = graph.entry(id);
    if (entry === undefined) continue;
    texts.push(entry.text);
    add({ id }, entry.dependencies);
  }
  return texts.toSorted();
}

/** Names and versions of everything, for explanations; one digest for keys. */
export class ExternalDependencies {
  readonly #graph: LockGraph | undefined;
  readonly #whole: string;

  /** A lockfile whose form is not known counts as a whole: any change of it is one for every package. */
  constructor(p: { readonly file: string | undefined; readonly text: string | undefined }) {
    this.#graph = p.file === undefined || p.text === undefined ? undefined : readers[p.file]?.(p.text);
    this.#whole = sha256(p.text ?? "");
  }

  get isPruned(): boolean {
    return this.#graph !== undefined;
  }

  digestFor(pkg: Package): string {
    return this.#graph === undefined ? this.#whole : digestOfTexts(reachedEntries(this.#graph, pkg));
  }
}
