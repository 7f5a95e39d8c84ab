// Bun's text lockfile: JSON with commas at the end, packages by the way to them. https://bun.com/docs/pm/lockfile
import { plainJson } from "../workspace/config-file.ts";
import { stableText } from "./fingerprint.ts";
import type { LockGraph } from "./lockfile.ts";

interface Details {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

interface Lock {
  readonly lockfileVersion?: number;
  readonly workspaces?: Readonly<Record<string, { readonly name?: string }>>;
  /** Name with version, then where it comes from, details and digest, as far as there are. */
  readonly packages?: Readonly<Record<string, readonly (string | Details)[]>>;
  readonly patchedDependencies?: Readonly<Record<string, string>>;
}

/** Names on the way, outermost first: those of a scope have a slash of their own. */
function namesIn(path: string): readonly string[] {
  return path.match(/@[^/]+\/[^/]+|[^/]+/g) ?? [];
}

/** Undefined where it is none. */
export function readBunLock(text: string): LockGraph | undefined {
  let lock: Lock;
  try {
    lock = JSON.parse(plainJson(text)) as Lock;
  } catch {
    return undefined;
  }
  if (lock === null || typeof lock !== "object" || typeof lock.lockfileVersion !== "number") return undefined;
  const { packages = {}, workspaces = {}, patchedDependencies = {} } = lock;
  const whatOf = (id: string): string => {
    const what = packages[id]?.[0];
    return typeof what === "string" ? what : "";
  };
  return {
    resolve(from, name) {
      const start = "id" in from ? from.id : from.folder === "" ? "" : (workspaces[from.folder]?.name ?? "");
      const way = namesIn(start);
      for (let depth = way.length; depth >= 0; depth--) {
        const id = [...way.slice(0, depth), name].join("/");
        if (!Object.hasOwn(packages, id)) continue;
        return whatOf(id).includes("@workspace:") ? [] : [id];
      }
      return [];
    },
    entry(id) {
      const entry = packages[id];
      if (entry === undefined) return undefined;
      const details = entry.find((each): each is Details => typeof each === "object") ?? {};
      const patch = patchedDependencies[whatOf(id)];
      return {
        text: stableText([...entry, patch ?? ""]),
        dependencies: { ...details.peerDependencies, ...details.optionalDependencies, ...details.dependencies },
        ...(patch === undefined ? {} : { patch }),
      };
    },
  };
}
