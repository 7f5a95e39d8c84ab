// What a package gets from outside of the workspace: of the whole lockfile only what its own dependencies lead to.
import type { Package } from "../workspace/package.ts";
import { digestOfTexts, sha256 } from "./fingerprint.ts";
import { readBerryLock } from "./lockfile-berry.ts";
import { readBunLock } from "./lockfile-bun.ts";
import { readNpmLock } from "./lockfile-npm.ts";
import { readPnpmLock } from "./lockfile-pnpm.ts";
import { readYarnLock } from "./lockfile-yarn.ts";

interface LockEntry {
  /** All about it that can change what it is. */
  readonly text: string;
  readonly dependencies: Readonly<Record<string, string>>;
  /** A file, from the root on, that is applied to it. */
  readonly patch?: string;
}

/** A lockfile as a graph. Ids are the file's own names of what is installed. */
export interface LockGraph {
  /** Empty where it is not in the file, or is a package of the workspace; several where the file does not say which of them it is. */
  resolve(from: { readonly folder: string } | { readonly id: string }, name: string, range: string): readonly string[];
  entry(id: string): LockEntry | undefined;
}

const readers: Readonly<Record<string, (text: string) => LockGraph | undefined>> = {
  "package-lock.json": readNpmLock,
  "npm-shrinkwrap.json": readNpmLock,
  "pnpm-lock.yaml": readPnpmLock,
  "yarn.lock": (text) => readYarnLock(text) ?? readBerryLock(text),
  "bun.lock": readBunLock,
};

interface Reached {
  /** In order. */
  readonly texts: readonly string[];
  readonly patches: readonly string[];
}

/** Everything that a package's dependencies lead to. */
export function reached(graph: LockGraph, pkg: Pick<Package, "folder" | "dependencies">): Reached {
  const seen = new Set<string>();
  const add = (from: Parameters<LockGraph["resolve"]>[0], dependencies: Readonly<Record<string, string>>): void => {
    for (const [name, range] of Object.entries(dependencies))
      for (const id of graph.resolve(from, name, range)) seen.add(id);
  };
  add({ folder: pkg.folder }, pkg.dependencies);
  const [texts, patches]: [Set<string>, Set<string>] = [new Set(), new Set()];
  for (const id of seen) {
    const entry = graph.entry(id);
    if (entry === undefined) continue;
    texts.add(entry.text);
    if (entry.patch !== undefined) patches.add(entry.patch);
    add({ id }, entry.dependencies);
  }
  return { texts: [...texts].toSorted(), patches: [...patches].toSorted() };
}

/** Remembers what was found in a lockfile; to lose it costs the time to read it again. */
export interface LockNotes {
  note(name: string): string | undefined;
  remember(name: string, text: string): void;
}

const noteName = "external dependencies";

interface Remembered {
  readonly lock: string;
  readonly digests: Record<string, string>;
}

interface ExternalParts {
  readonly file: string | undefined;
  readonly text: string | undefined;
  readonly notes?: LockNotes | undefined;
  /** Of a file from the root on; undefined where it is not there. */
  readonly digestOf?: ((path: string) => string | undefined) | undefined;
}

/** One digest for each package. The lockfile is read when somebody asks for one that is not remembered. */
export class ExternalDependencies {
  readonly #parts: ExternalParts;
  readonly #whole: string;
  readonly #known: Remembered;
  #isNew = false;
  #graph: { readonly value: LockGraph | undefined } | undefined;

  /** A lockfile whose form is not known counts as a whole: any change of it is one for every package. */
  constructor(parts: ExternalParts) {
    this.#parts = parts;
    this.#whole = sha256(parts.text ?? "");
    const note = parts.notes?.note(noteName);
    const known = note === undefined ? undefined : (JSON.parse(note) as Remembered);
    const lock = `${readerVersion} ${parts.file ?? ""} ${this.#whole}`;
    this.#known = known?.lock === lock ? known : { lock, digests: {} };
  }

  #read(): LockGraph | undefined {
    const { file, text } = this.#parts;
    this.#graph ??= { value: file === undefined || text === undefined ? undefined : readers[file]?.(text) };
    return this.#graph.value;
  }

  get isPruned(): boolean {
    return this.#read() !== undefined;
  }

  digestFor(pkg: Package): string {
    const asked = digestOfTexts([pkg.folder, ...Object.entries(pkg.dependencies).flat()]);
    const known = this.#known.digests[asked];
    if (known !== undefined) return known;
    const graph = this.#read();
    if (graph === undefined) return this.#whole;
    const { texts, patches } = reached(graph, pkg);
    const digest = digestOfTexts(texts);
    if (patches.length > 0)
      return digestOfTexts([digest, ...patches.flatMap((path) => [path, this.#parts.digestOf?.(path) ?? ""])]);
    this.#known.digests[asked] = digest;
    this.#isNew = true;
    return digest;
  }

  /** Remembers what was found since the last time. */
  save(): void {
    if (!this.#isNew) return;
    this.#isNew = false;
    this.#parts.notes?.remember(noteName, JSON.stringify(this.#known));
  }
}

/** What was found by another reader of these files is not remembered. */
const readerVersion = 1;
