// npm's lockfile of versions 2 and 3: a map by folders of node_modules.
// The format: https://docs.npmjs.com/cli/configuring-npm/package-lock-json
import type { LockGraph } from "./lockfile.ts";

interface Entry {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const modules = "node_modules/";

/** Undefined where it is none of these versions. */
export function readNpmLock(text: string): LockGraph | undefined {
  let lock: { readonly lockfileVersion?: number; readonly packages?: Readonly<Record<string, Entry>> };
  try {
    lock = JSON.parse(text) as typeof lock;
  } catch {
    return undefined;
  }
  const { packages } = lock;
  if (packages === undefined || packages === null || typeof packages !== "object") return undefined;
  return {
    resolve(from, name) {
      let folder = "folder" in from ? from.folder : from.id;
      for (;;) {
        const id = folder === "" ? `${modules}${name}` : `${folder}/${modules}${name}`;
        const entry = packages[id];
        if (entry !== undefined) return entry.link === true ? [] : [id];
        if (folder === "") return [];
        // Upward: out of a package, then folder by folder.
        folder = folder.includes("/") ? folder.slice(0, folder.lastIndexOf("/")) : "";
        while (folder.endsWith("/node_modules") || folder === "node_modules")
          folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/")));
      }
    },
    entry(id) {
      const entry = packages[id];
      if (entry === undefined) return undefined;
      const name = id.slice(id.lastIndexOf(modules) + modules.length);
      const { version = "", resolved = "", integrity = "" } = entry;
      return {
        text: `${name}@${version} ${integrity === "" ? resolved : integrity}`,
        dependencies: { ...entry.peerDependencies, ...entry.optionalDependencies, ...entry.dependencies },
      };
    },
  };
}
