// Yarn's lockfile of version 1, a form of its own. https://classic.yarnpkg.com/en/docs/yarn-lock
import { stableText } from "./fingerprint.ts";
import type { LockGraph } from "./lockfile.ts";

interface Entry {
  readonly name: string;
  readonly fields: Record<string, string>;
  readonly dependencies: Record<string, string>;
}

/** Words of a line; quoted ones are as JSON writes them. */
function wordsOf(line: string): readonly string[] {
  return (line.match(/"(?:[^"\\]|\\.)*"|[^\s,:"]+(?::[^\s,"]+)*/g) ?? []).map((word) =>
    word.startsWith('"') ? (JSON.parse(word) as string) : word,
  );
}

/** The name in `@scope/name@range`. */
export function nameIn(descriptor: string): string {
  const at = descriptor.indexOf("@", 1);
  return at === -1 ? descriptor : descriptor.slice(0, at);
}

/** Every entry by each descriptor that it stands for. Undefined where a line is not of this form. */
function entriesIn(text: string): ReadonlyMap<string, Entry> | undefined {
  const entries = new Map<string, Entry>();
  let [entry, isInDependencies]: [Entry | undefined, boolean] = [undefined, false];
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const depth = line.length - line.trimStart().length;
    const words = wordsOf(line.trim());
    const [first = "", second = ""] = words;
    if (depth === 0) {
      if (!line.endsWith(":") || first === "") return undefined;
      entry = { name: nameIn(first), fields: {}, dependencies: {} };
      isInDependencies = false;
      for (const word of words) entries.set(word, entry);
    } else if (entry === undefined) return undefined;
    else if (depth === 2) {
      isInDependencies = line.endsWith(":") && words.length === 1;
      if (!isInDependencies) entry.fields[first] = second;
    } else if (isInDependencies) entry.dependencies[first] = second;
  }
  return entries;
}

/** By name, each entry once. */
export function byName<T>(entries: Iterable<readonly [id: string, entry: T]>): ReadonlyMap<string, readonly string[]> {
  const [seen, found] = [new Set<T>(), new Map<string, string[]>()];
  for (const [id, entry] of entries) {
    if (seen.has(entry)) continue;
    seen.add(entry);
    const name = nameIn(id);
    found.set(name, [...(found.get(name) ?? []), id]);
  }
  return found;
}

/** Undefined where it is none of version 1. */
export function readYarnLock(text: string): LockGraph | undefined {
  if (!/^# yarn lockfile v1\s*$/m.test(text)) return undefined;
  let entries: ReadonlyMap<string, Entry> | undefined;
  try {
    entries = entriesIn(text);
  } catch {
    return undefined;
  }
  if (entries === undefined) return undefined;
  const known = entries;
  const named = byName(known);
  return {
    resolve(_from, name, range) {
      const id = `${name}@${range}`;
      // What `resolutions` has put in its place stands under another range: any of that name may be meant.
      return known.has(id) ? [id] : (named.get(name) ?? []);
    },
    entry(id) {
      const entry = known.get(id);
      if (entry === undefined) return undefined;
      return { text: `${entry.name} ${stableText(entry.fields)}`, dependencies: entry.dependencies };
    },
  };
}
