// The lockfile of yarn 2 and later: YAML by descriptors. https://yarnpkg.com/advanced/lexicon#lockfile
import { stableText } from "./fingerprint.ts";
import type { LockGraph } from "./lockfile.ts";
import { byName, nameIn } from "./lockfile-yarn.ts";

interface Entry {
  readonly resolution?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** A package of the workspace itself. */
function isOfWorkspace({ resolution = "" }: Entry): boolean {
  return resolution.includes("@workspace:");
}

/** Undefined where it is none. */
export function readBerryLock(text: string): LockGraph | undefined {
  let lock: Readonly<Record<string, Entry>>;
  try {
    lock = Bun.YAML.parse(text) as typeof lock;
  } catch {
    return undefined;
  }
  if (lock === null || typeof lock !== "object" || !Object.hasOwn(lock, "__metadata")) return undefined;
  const entries = new Map<string, Entry>();
  for (const [key, entry] of Object.entries(lock))
    if (key !== "__metadata") for (const descriptor of key.split(", ")) entries.set(descriptor, entry);
  const named = byName(entries);
  /** Of what a name can mean, what was changed by a patch: yarn puts some in place of what was asked for. */
  const patched = (name: string): readonly string[] =>
    (named.get(name) ?? []).filter((id) => id.startsWith(`${name}@patch:`));
  const isOutside = (id: string): boolean => {
    const entry = entries.get(id);
    return entry !== undefined && !isOfWorkspace(entry);
  };
  return {
    resolve(_from, name, range) {
      const exact = [`${name}@${range}`, `${name}@npm:${range}`].find((id) => entries.has(id));
      const found = exact === undefined ? (named.get(name) ?? []) : [exact, ...patched(name)];
      return found.filter(isOutside);
    },
    entry(id) {
      const entry = entries.get(id);
      if (entry === undefined) return undefined;
      return {
        text: `${nameIn(id)} ${stableText(entry)}`,
        dependencies: { ...entry.optionalDependencies, ...entry.dependencies },
      };
    },
  };
}
