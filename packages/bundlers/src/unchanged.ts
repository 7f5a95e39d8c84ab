// What a bundle was made of, remembered, so that one is not made again that would come out the same. Besides the files that were read it
// holds the names in every folder where an import might have been looked for: a file that is added can stand before another.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { BundleArtifact, BundleMessage } from "./bundle.ts";
import { changedSince } from "./changed-since.ts";
import { isBuildOutput, isWithin } from "./context.ts";
import type { Order } from "./context.ts";

/** A file as it was. While size, times, inode and mode agree its bytes are not read again. */
interface Known {
  readonly path: string;
  readonly stat: string;
  readonly hash: string;
}

interface Remembered {
  readonly files: readonly Known[];
  /** Folders, and the SHA-256 of the names in each. */
  readonly folders: readonly (readonly [path: string, names: string])[];
  readonly artifacts: readonly (BundleArtifact & { readonly stat: string })[];
  readonly warnings: readonly BundleMessage[];
  readonly buildMs: number;
}

export interface Comparison {
  readonly checked: number;
  readonly hits: number;
  /** What is there already; undefined where it has to be made. */
  readonly before: Remembered | undefined;
}

/** Files that say how modules are found or understood, in every folder on the way to one. */
const setting =
  /^(?:package\.json|[jt]sconfig.*\.json|bunfig\.toml|\.browserslistrc|package-lock\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lockb?)$/;

/** Compares what was remembered under this name with the files of now. What cannot be read counts as nothing. */
export function compare(order: Order, key: string): Comparison {
  const before = recall(order, key);
  if (before === undefined) return { checked: 0, hits: 0, before };
  const same = before.files.filter((file) => isSame(file)).length;
  const isWhole =
    same === before.files.length &&
    before.folders.every(([path, names]) => namesIn(order, path) === names) &&
    before.artifacts.every((each) => isSame({ ...each, path: join(order.outdir, each.path) }));
  return { checked: before.files.length, hits: same, before: isWhole ? before : undefined };
}

/** Remembers a bundle; the next one with this name is compared with it. `startedMs`: what changed since is not known to be in it. */
export function remember(
  order: Order,
  key: string,
  made: {
    readonly inputs: readonly string[];
    readonly artifacts: readonly BundleArtifact[];
    readonly warnings: readonly BundleMessage[];
    readonly buildMs: number;
    readonly startedMs: number;
  },
): void {
  const files = new Map<string, Known>();
  const folders = new Map<string, string>();
  for (const path of made.inputs) {
    const known = knownOf(path);
    if (known === undefined) continue;
    // It changed while it was bundled: nobody knows which of the two was.
    if (changedSince(path, made.startedMs)) return;
    files.set(path, known);
    for (const folder of foldersAbove(order.root, path)) {
      if (folders.has(folder)) break;
      folders.set(folder, namesIn(order, folder));
      for (const file of settingsIn(folder)) {
        const said = knownOf(file);
        if (said !== undefined) files.set(file, said);
      }
    }
  }
  const artifacts = made.artifacts.map((each) => ({ ...each, stat: statOf(join(order.outdir, each.path)) ?? "" }));
  const { warnings, buildMs } = made;
  const remembered: Remembered = { files: [...files.values()], folders: [...folders], artifacts, warnings, buildMs };
  const path = fileOf(order, key);
  mkdirSync(dirname(path), { recursive: true });
  const beside = `${path}.${process.pid}`;
  writeFileSync(beside, JSON.stringify(remembered));
  renameSync(beside, path);
}

/** The name of a bundle's memory: what is asked for, of which version of which bundler, in which environment. */
export function keyOf(order: Order, tool: { readonly name: string; readonly version: string }): string {
  const { entries, plugins: _plugins, ...rest } = order;
  // Vite puts these into what it makes.
  const environment = Object.entries(process.env).filter(([name]) => name === "NODE_ENV" || name.startsWith("VITE_"));
  const asked = {
    ...tool,
    ...rest,
    entries: [...entries],
    environment: environment.toSorted(([a], [b]) => (a < b ? -1 : 1)),
  };
  return createHash("sha256").update(JSON.stringify(asked)).digest("hex");
}

function recall(order: Order, key: string): Remembered | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(order, key), "utf8")) as Remembered;
  } catch {
    // There is none, or it was cut off: the bundle is made.
    return undefined;
  }
}

function fileOf({ root }: Order, key: string): string {
  return join(root, "node_modules", ".cache", "sluice-bundles", `${key}.json`);
}

function isSame({ path, stat, hash }: Known): boolean {
  const now = statOf(path);
  return now !== undefined && (now === stat || hashOf(path) === hash);
}

function knownOf(path: string): Known | undefined {
  const stat = statOf(path);
  return stat === undefined ? undefined : { path, stat, hash: hashOf(path) };
}

function statOf(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
  if (stat?.isFile() !== true) return undefined;
  const { size, mtimeNs, ctimeNs, ino, mode } = stat;
  return [size, mtimeNs, ctimeNs, ino, mode].join(" ");
}

/** SHA-256 in hexadecimal. */
function hashOf(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

function settingsIn(folder: string): readonly string[] {
  const found = readdirSync(folder).filter((name) => setting.test(name));
  return found.map((name) => join(folder, name));
}

/** The folder of a file and those above it, up to the project's. */
function* foldersAbove(root: string, path: string): Generator<string> {
  for (let folder = dirname(path); isWithin(root, folder); folder = dirname(folder)) {
    yield folder;
    if (folder === root) return;
  }
}

/** Names in a folder and, where it has packages of its own, in its node_modules; without what is built. */
function namesIn(order: Order, folder: string): string {
  const hash = createHash("sha256");
  const add = (path: string): void => {
    let names: string[] = [];
    try {
      names = readdirSync(path).toSorted();
    } catch {
      // It is not there: then it has no names.
      return;
    }
    for (const name of names) {
      const each = join(path, name);
      if (isBuildOutput(order, each)) continue;
      if (name === "node_modules") {
        add(each);
        continue;
      }
      const isPackages = basename(path) === "node_modules";
      // What tools keep for themselves beside the packages.
      if (isPackages && name.startsWith(".")) continue;
      hash.update(`${name}\0`);
      if (isPackages && name.startsWith("@")) add(each);
    }
  };
  add(folder);
  return hash.digest("hex");
}
