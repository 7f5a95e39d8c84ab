// Artifacts on their way from where the bundler wrote them to where they are wanted: hashed, stored, put in place one by one by a
// rename, and those of the bundle before removed. A bundle that fails leaves everything as it was.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import type { BundleArtifact } from "./bundle.ts";

/** Keeps bytes under the name it gives them. */
export interface ArtifactStore {
  put(bytes: Uint8Array, hash: string): Promise<string>;
}

/** The list of what the last bundle put there, in `outdir`. */
const listName = ".sluice-bundle.json";

export async function takeArtifacts(
  staging: string,
  store: ArtifactStore | undefined,
): Promise<readonly BundleArtifact[]> {
  const artifacts: BundleArtifact[] = [];
  for (const file of filesIn(staging)) {
    const bytes = readFileSync(file);
    const hash = createHash("sha256").update(bytes).digest("hex");
    const blob = store === undefined ? null : await store.put(bytes, hash);
    artifacts.push({ path: relative(staging, file).split(sep).join("/"), size_bytes: bytes.length, hash, blob });
  }
  return artifacts.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Only what an earlier bundle listed is ever removed. */
export function placeArtifacts(staging: string, outdir: string, artifacts: readonly BundleArtifact[]): void {
  const stale = new Set(listed(outdir));
  for (const { path } of artifacts) {
    const target = join(outdir, path);
    mkdirSync(dirname(target), { recursive: true });
    renameSync(join(staging, path), target);
    stale.delete(path);
  }
  for (const path of stale) rmSync(join(outdir, path), { force: true });
  writeFileSync(join(outdir, listName), `${JSON.stringify(artifacts.map(({ path }) => path))}\n`);
}

function listed(outdir: string): readonly string[] {
  try {
    const list: unknown = JSON.parse(readFileSync(join(outdir, listName), "utf8"));
    if (!Array.isArray(list)) return [];
    // A list that somebody else wrote is not to lead out of the folder.
    return list.filter(
      (path): path is string => typeof path === "string" && !path.split("/").includes("..") && !path.startsWith("/"),
    );
  } catch {
    return [];
  }
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}
