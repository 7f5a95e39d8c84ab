// A hash over everything a build depends on, so that a build that is up to date is not made again.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.includes(".test."))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

/** Changes when a source, the protocol, a build script or an installed version changes. */
export function sourceStamp(home: string): string {
  const root = join(home, "../..");
  const scripts = ["build.ts", "build-css.ts", "build-stamp.ts"].map((name) => join(home, name));
  const hasher = new Bun.CryptoHasher("sha256");
  const sources = [...filesBelow(join(home, "src")), ...filesBelow(join(root, "packages/protocol/src"))];
  for (const path of [...scripts, join(root, "package-lock.json"), ...sources]) {
    hasher.update(`${path.slice(root.length)}\n`).update(readFileSync(path));
  }
  return hasher.digest("hex").slice(0, 32);
}
