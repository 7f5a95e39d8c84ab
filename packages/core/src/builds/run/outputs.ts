// What tasks leave: collected after a run, put back from the cache, known to be in place or not.
import { digestOfTexts } from "../hash/fingerprint.ts";
import type { BuildCache, Digest, Files, Git, OutputEntry } from "../ports.ts";
import type { BuildRecords, Placed, PlacedEntry } from "../records/records.ts";
import { climbsOut, fixedFolder, pathsTest, plainPattern } from "../workspace/globs.ts";

const executableBits = 0o111;

/** Of all that a task left. Of modes only whether something can be executed counts: the rest differs by machine. */
export function digestOfOutputs(entries: readonly OutputEntry[]): Digest {
  return digestOfTexts(
    entries.flatMap((entry) => {
      if (entry.type === "link") return [entry.path, "link", entry.target];
      if (entry.type === "dir") return [entry.path, "dir", ""];
      return [entry.path, (entry.mode & executableBits) === 0 ? "file" : "program", entry.digest];
    }),
  );
}

/** Why a manifest may not be put in place; undefined where it may. */
export function manifestProblem(entries: readonly OutputEntry[]): string | undefined {
  const links = new Set(entries.filter(({ type }) => type === "link").map(({ path }) => path));
  const seen = new Set<string>();
  for (const { path } of entries) {
    if (climbsOut(path) || path.includes("//") || path.split("/").includes("."))
      return `${JSON.stringify(path)} leads out of the package`;
    if (seen.has(path)) return `${JSON.stringify(path)} is there twice`;
    seen.add(path);
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      if (links.has(path.slice(0, at))) return `${JSON.stringify(path)} lies behind a link`;
    }
  }
  return undefined;
}

/** A pattern that leads out of its package; undefined where there is none. */
export function badPattern(patterns: readonly string[]): string | undefined {
  return patterns.find((each) => climbsOut(plainPattern(each.replace(/^!/, ""))));
}

interface OutputParts {
  readonly files: Files;
  readonly git: Git;
  readonly cache: BuildCache;
  readonly records: BuildRecords;
  /** Absolute. */
  readonly root: string;
}

interface Place {
  /** Id of the task. */
  readonly id: string;
  /** Of its package, from the root on. */
  readonly folder: string;
  /** Ids of tasks that it depends on: what they have in place is not its to remove, where outputs overlap. */
  readonly upstream?: readonly string[] | undefined;
}

export class Outputs {
  readonly #parts: OutputParts;
  readonly #placed: Map<string, Placed>;
  /** Of tasks whose outputs were looked at, from the root on. */
  readonly #folders = new Map<string, string>();

  constructor(parts: OutputParts) {
    this.#parts = parts;
    this.#placed = parts.records.placed();
  }

  #at(folder: string, path: string): string {
    const { root } = this.#parts;
    return [root, folder, path].filter((part) => part !== "").join("/");
  }

  /** What is in place of a task and known to be so by all that the system says of each entry. */
  inPlace({ id, folder }: Place, key: Digest): Placed | undefined {
    this.#folders.set(id, folder);
    const placed = this.#placed.get(id);
    if (placed === undefined || !placed.isWhole || placed.key !== key) return undefined;
    return placed.entries.every((each) => this.#isUntouched(folder, each)) ? placed : undefined;
  }

  #isUntouched(folder: string, { entry, mtimeMs, ctimeMs, ino }: PlacedEntry): boolean {
    const stat = this.#parts.files.stat(this.#at(folder, entry.path));
    if (stat === undefined || stat.kind !== entry.type || stat.ino !== ino) return false;
    if (entry.type === "dir") return true;
    return stat.mtimeMs === mtimeMs && stat.ctimeMs === ctimeMs && (entry.type === "link" || stat.size === entry.size);
  }

  /** Paths from the package on of all that patterns mean: files, links, and folders with nothing in them. */
  collect(
    folder: string,
    patterns: readonly string[],
  ): readonly { readonly path: string; readonly kind: "file" | "link" | "dir"; readonly mode: number }[] {
    const { files } = this.#parts;
    const isMeant = pathsTest(patterns.map(plainPattern));
    const found = new Map<
      string,
      { readonly path: string; readonly kind: "file" | "link" | "dir"; readonly mode: number }
    >();
    const visit = (path: string): void => {
      const stat = files.stat(this.#at(folder, path));
      if (stat === undefined || stat.kind === "other") return;
      const { kind, mode } = stat;
      if (kind !== "dir") {
        if (isMeant(path)) found.set(path, { path, kind, mode });
        return;
      }
      const inner = files
        .list(this.#at(folder, path))
        .filter(({ name }) => path !== "" || (name !== "node_modules" && name !== ".git" && name !== ".sluice"));
      if (inner.length === 0 && path !== "" && isMeant(path)) found.set(path, { path, kind, mode });
      for (const { name } of inner) visit(path === "" ? name : `${path}/${name}`);
    };
    for (const pattern of patterns) if (!pattern.startsWith("!")) visit(fixedFolder(pattern));
    return [...found.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** Keeps what patterns mean as blobs. */
  async keep(folder: string, patterns: readonly string[]): Promise<readonly OutputEntry[]> {
    const { cache, files } = this.#parts;
    const entries: OutputEntry[] = [];
    for (const { path, kind, mode } of this.collect(folder, patterns)) {
      const absolute = this.#at(folder, path);
      if (kind === "dir") entries.push({ path, type: "dir", mode });
      else if (kind === "link") entries.push({ path, type: "link", target: files.readLink(absolute) ?? "" });
      else entries.push({ path, type: "file", mode, ...(await cache.put({ path: absolute })) });
    }
    return entries;
  }

  /** What is there before a task runs is not what it leaves: all that it left before goes. Nothing that git tracks. */
  async clear(place: Place): Promise<void> {
    const placed = this.#placed.get(place.id);
    if (placed === undefined) return;
    this.#begin(place.id, placed);
    await this.#removeEntries(
      place,
      placed.entries.map(({ entry }) => entry),
    );
  }

  /** What is in place is not whole from here on, also for whoever comes after a crash. */
  #begin(id: string, placed: Placed): void {
    if (!placed.isWhole) return;
    const open = { key: placed.key, isWhole: false, log: placed.log, outputs: placed.outputs, entries: placed.entries };
    this.#parts.records.place(id, open);
    this.#placed.set(id, open);
  }

  /** Paths from the root on, of what these tasks have in place as they left it. */
  #heldBy(ids: readonly string[]): ReadonlySet<string> {
    const held = ids.flatMap((id) => {
      const placed = this.#placed.get(id);
      const folder = this.#folders.get(id);
      if (placed?.isWhole !== true || folder === undefined) return [];
      return placed.entries
        .filter((each) => this.#isUntouched(folder, each))
        .map(({ entry }) => this.#at(folder, entry.path));
    });
    return new Set(held);
  }

  async #removeEntries({ folder, upstream = [] }: Place, all: readonly OutputEntry[]): Promise<void> {
    const { files, git } = this.#parts;
    if (all.length === 0) return;
    const held = this.#heldBy(upstream);
    const entries = all.filter(({ path }) => !held.has(this.#at(folder, path)));
    const where = folder === "" ? this.#parts.root : `${this.#parts.root}/${folder}`;
    const tracked = await git.tracked(
      where,
      entries.map(({ path }) => path),
    );
    const folders = new Set<string>();
    for (const { path } of entries.toReversed()) {
      if (tracked.has(path) || climbsOut(path) || !this.#hasRealParents(folder, path)) continue;
      files.remove(this.#at(folder, path));
      for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) folders.add(path.slice(0, at));
    }
    for (const each of [...folders].toSorted((a, b) => b.length - a.length)) files.remove(this.#at(folder, each));
  }

  #hasRealParents(folder: string, path: string): boolean {
    for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
      if (this.#parts.files.stat(this.#at(folder, path.slice(0, at)))?.kind !== "dir") return false;
    }
    return true;
  }

  /** Notes that all of this is in place now. */
  settle(
    { id, folder }: Place,
    p: { readonly key: Digest; readonly log: Digest; readonly entries: readonly OutputEntry[] },
  ): Placed {
    this.#folders.set(id, folder);
    const entries = p.entries.map((entry): PlacedEntry => {
      const stat = this.#parts.files.stat(this.#at(folder, entry.path));
      return { entry, mtimeMs: stat?.mtimeMs ?? 0, ctimeMs: stat?.ctimeMs ?? 0, ino: stat?.ino ?? 0 };
    });
    const placed: Placed = { key: p.key, isWhole: true, log: p.log, outputs: digestOfOutputs(p.entries), entries };
    this.#parts.records.place(id, placed);
    this.#placed.set(id, placed);
    return placed;
  }

  /** Puts a result in place. False where something of it cannot be had, or something else is in its way: the task has to run. */
  async restore(
    place: Place,
    p: { readonly key: Digest; readonly log: Digest; readonly entries: readonly OutputEntry[] },
  ): Promise<boolean> {
    if (manifestProblem(p.entries) !== undefined) return false;
    const before = this.#placed.get(place.id);
    const old = new Map((before?.entries ?? []).map((each) => [each.entry.path, each]));
    // Both, so that whoever comes after a crash knows what may be there.
    const both = [
      ...(before?.entries ?? []),
      ...p.entries.filter(({ path }) => !old.has(path)).map((entry) => ({ entry, mtimeMs: 0, ctimeMs: 0, ino: 0 })),
    ];
    const open: Placed = { key: p.key, isWhole: false, log: p.log, outputs: "", entries: both };
    this.#parts.records.place(place.id, open);
    this.#placed.set(place.id, open);
    const wanted = new Set(p.entries.map(({ path }) => path));
    await this.#removeEntries(
      place,
      [...old.values()].map(({ entry }) => entry).filter(({ path }) => !wanted.has(path)),
    );
    for (const entry of p.entries) {
      const there = old.get(entry.path);
      const isThere = there !== undefined && isSameEntry(there.entry, entry) && this.#isUntouched(place.folder, there);
      if (!isThere && !(await this.#put(place.folder, entry))) return false;
    }
    this.settle(place, p);
    return true;
  }

  async #put(folder: string, entry: OutputEntry): Promise<boolean> {
    const { cache, files } = this.#parts;
    const absolute = this.#at(folder, entry.path);
    for (let at = entry.path.indexOf("/"); at !== -1; at = entry.path.indexOf("/", at + 1)) {
      const parent = this.#at(folder, entry.path.slice(0, at));
      const kind = files.stat(parent)?.kind;
      // Nothing is written through a link, wherever that leads.
      if (kind !== undefined && kind !== "dir") files.remove(parent);
      if (kind !== "dir") files.makeFolder(parent);
    }
    const kind = files.stat(absolute)?.kind;
    if (entry.type === "dir") {
      if (kind !== undefined && kind !== "dir") files.remove(absolute);
      files.makeFolder(absolute);
      files.setMode(absolute, entry.mode);
      return true;
    }
    if (kind === "dir") {
      files.remove(absolute);
      if (files.stat(absolute) !== undefined) return false;
    }
    if (entry.type === "link") {
      files.makeLink(absolute, entry.target);
      return true;
    }
    if ((await cache.fetch(entry.digest, absolute)) !== "ok") return false;
    files.setMode(absolute, entry.mode);
    return true;
  }
}

function isSameEntry(a: OutputEntry, b: OutputEntry): boolean {
  if (a.type === "file") return b.type === "file" && a.digest === b.digest && a.mode === b.mode;
  if (a.type === "link") return b.type === "link" && a.target === b.target;
  return b.type === "dir" && a.mode === b.mode;
}
