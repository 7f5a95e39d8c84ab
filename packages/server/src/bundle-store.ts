// Where bundled code is kept: as a blob, for as long as a run may need it, and as a file that a worker child can load.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { BlobStore } from "@sluice/core";

export class CodeStore {
  readonly folder: string;
  readonly #blobs: BlobStore;
  /** Versions of this process: held, so that they are not collected before a row names them. */
  readonly #held = new Set<string>();

  constructor(folder: string, blobs: BlobStore) {
    this.folder = folder;
    this.#blobs = blobs;
  }

  /** Makes a bundle that lies in the folder durable. */
  async keep(version: string): Promise<void> {
    if (this.#held.has(version)) return;
    const { hash } = await this.#blobs.put(await readFile(this.#path(version)));
    if (hash !== version) throw new Error(`the bundle ${version} has changed: it is ${hash} now`);
    this.#held.add(version);
  }

  /** A file with the code of a version, made from its blob where it is missing or not whole: it is not synced. */
  async file(version: string): Promise<string | undefined> {
    const path = this.#path(version);
    if (await isWhole(path, version)) return path;
    const bytes = await this.#blobs.get(version);
    if (bytes === undefined) return undefined;
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const part = `${path}.part`;
    writeFileSync(part, bytes, { mode: 0o600 });
    renameSync(part, path);
    return path;
  }

  /** Removes the files of versions that are not among these; their blobs are somebody else's to collect. */
  tidy(keep: ReadonlySet<string>): void {
    if (!existsSync(this.folder)) return;
    for (const name of readdirSync(this.folder)) {
      if (!keep.has(name.slice(0, name.indexOf(".")))) rmSync(join(this.folder, name), { force: true });
    }
  }

  #path(version: string): string {
    return join(this.folder, `${version}.js`);
  }
}

async function isWhole(path: string, version: string): Promise<boolean> {
  if (!existsSync(path)) return false;
  return new Bun.CryptoHasher("sha256").update(await readFile(path)).digest("hex") === version;
}
