// pnpm's lockfile of versions 5 (pnpm 6 and 7), 6 (pnpm 8) and 9 (pnpm 9 and later).
// The format: https://github.com/pnpm/spec/tree/master/lockfile
import { stableText } from "./fingerprint.ts";
import type { LockGraph } from "./lockfile.ts";

type Texts = Readonly<Record<string, string>>;

/** A dependency as an importer names it: what it resolved to, or that with the range that was asked for. */
type Named = string | { readonly version?: string };

interface Importer {
  readonly dependencies?: Readonly<Record<string, Named>>;
  readonly devDependencies?: Readonly<Record<string, Named>>;
  readonly optionalDependencies?: Readonly<Record<string, Named>>;
}

interface Entry {
  readonly dependencies?: Texts;
  readonly optionalDependencies?: Texts;
}

interface Lock extends Importer {
  readonly lockfileVersion?: string | number;
  readonly importers?: Readonly<Record<string, Importer>>;
  readonly packages?: Readonly<Record<string, Entry>>;
  readonly snapshots?: Readonly<Record<string, Entry>>;
}

const knownMajors = new Set([5, 6, 9]);

/** From version 9 on what a package is stands apart from what it resolved to, under its id without the peers in brackets. */
function withoutPeers(id: string): string {
  const at = id.indexOf("(");
  return at === -1 ? id : id.slice(0, at);
}

function documentOf(text: string): Lock | undefined {
  let read: unknown;
  try {
    read = Bun.YAML.parse(text);
  } catch {
    return undefined;
  }
  // pnpm 11 puts what it needs itself into a document of its own, before that of the workspace.
  const last: unknown = Array.isArray(read) ? read.at(-1) : read;
  return last !== null && typeof last === "object" ? last : undefined;
}

/** Undefined where it is none of these versions. */
export function readPnpmLock(text: string): LockGraph | undefined {
  const lock = documentOf(text);
  if (lock === undefined || !knownMajors.has(Math.trunc(Number(lock.lockfileVersion)))) return undefined;
  const packages = lock.packages ?? {};
  const snapshots = lock.snapshots ?? packages;
  const has = (id: string): boolean => Object.hasOwn(snapshots, id);
  const named = (from: Parameters<LockGraph["resolve"]>[0], name: string): Named | undefined => {
    if ("id" in from) {
      const entry = snapshots[from.id];
      return entry?.dependencies?.[name] ?? entry?.optionalDependencies?.[name];
    }
    const importer = lock.importers?.[from.folder === "" ? "." : from.folder] ?? (from.folder === "" ? lock : {});
    return importer.dependencies?.[name] ?? importer.devDependencies?.[name] ?? importer.optionalDependencies?.[name];
  };
  return {
    resolve(from, name) {
      const found = named(from, name);
      const version = typeof found === "string" ? found : found?.version;
      if (version === undefined || version.startsWith("link:")) return [];
      // An alias or a place elsewhere is named by its whole id.
      return [version, `/${name}/${version}`, `/${name}@${version}`, `${name}@${version}`].filter(has).slice(0, 1);
    },
    entry(id) {
      const entry = snapshots[id];
      if (entry === undefined) return undefined;
      return {
        text: `${id} ${stableText(entry)} ${entry === packages[id] ? "" : stableText(packages[withoutPeers(id)])}`,
        dependencies: { ...entry.optionalDependencies, ...entry.dependencies },
      };
    },
  };
}
