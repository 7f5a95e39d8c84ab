// Blobs as files named by their content: written beside their place, synced, renamed, and the folder synced as well, all
// off the calling thread. A name that exists is therefore whole and durable. What a file holds is compared with its name when it is
// read, and one that was changed is put aside: it is not there, and can be stored again.
import { mkdir, open, readFile, readdir, rename, rm, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { SluiceError } from "@sluice/protocol";
import type { BlobCollector, BlobStore } from "../kernel/blob-store.ts";
import { BlobChecks, sha256 } from "./blob-checks.ts";
import type { Checked } from "./blob-checks.ts";

/** Files looked up in one question to the store while collecting. */
const collectedAtOnceMax = 256;
/** Files that a put left behind because the process died; so old, none is being written. */
const leftoverAgeMs = 3_600_000;
const prefixCharacters = 2;
const hashPattern = /^[0-9a-f]{64}$/;
const partFolder = "parts";
/** Files that were not what their names say, for whoever wants to know what became of them. */
const asideFolder = "damaged";
const asideKeptMs = 7 * 86_400_000;

export interface BlobSettings {
  /** Folder of the blobs; made when it is not there. */
  readonly folder: string;
  /** Told of a blob whose bytes are not those of its name, once it is not there any more. */
  readonly onDamaged?: (hash: string) => void;
}

/** What came of taking a blob as it comes. */
export type Received =
  | { readonly outcome: "kept"; readonly bytes: number; readonly release: () => void }
  | { readonly outcome: "other_content" }
  | { readonly outcome: "too_long" };

export function openBlobs(settings: BlobSettings): FileBlobs {
  return new FileBlobs(settings);
}

export class FileBlobs implements BlobStore, BlobCollector {
  readonly #folder: string;
  readonly #onDamaged: (hash: string) => void;
  readonly #checks = new BlobChecks();
  /** How many callers hold a blob that a row may be about to name. */
  readonly #held = new Map<string, number>();
  readonly #writing = new Map<string, Promise<void>>();
  readonly #deleting = new Map<string, Promise<void>>();
  /** Files of parts that are being written. */
  readonly #parts = new Set<string>();
  /** Blobs put since a collection under way began: it may not have seen the rows that name them. */
  #putMeanwhile: Set<string> | undefined;

  constructor(settings: BlobSettings) {
    this.#folder = settings.folder;
    this.#onDamaged = settings.onDamaged ?? (() => undefined);
  }

  async put(bytes: Uint8Array): Promise<{ readonly hash: string; readonly release: () => void }> {
    // A view of shared memory could change while it is read.
    const hash = await sha256(Uint8Array.from(bytes));
    const release = this.#hold(hash);
    try {
      await this.#deleting.get(hash);
      let writing = this.#writing.get(hash);
      if (writing === undefined) {
        writing = this.#write(hash, bytes).finally(() => this.#writing.delete(hash));
        this.#writing.set(hash, writing);
      }
      await writing;
    } catch (error) {
      release();
      throw failure(error);
    }
    return { hash, release };
  }

  /**
   * Takes a blob as it comes, under the name it is said to have; nothing is there under it before all of it is, verified and
   * durable. The blob is held until `release`. `other_content`: the bytes are not those of the name. Rejects with what `pieces`
   * throws, and as `put` does; nothing is left of it then.
   */
  async receive(p: {
    readonly hash: string;
    readonly pieces: AsyncIterable<Uint8Array>;
    readonly bytesMax: number;
  }): Promise<Received> {
    if (!hashPattern.test(p.hash)) return { outcome: "other_content" };
    const release = this.#hold(p.hash);
    const parts = join(this.#folder, partFolder);
    const part = this.#newPart();
    try {
      const { writePieces } = await import("./blob-intake.ts");
      await mkdir(parts, { recursive: true, mode: 0o700 });
      const taken = await writePieces(part, p.pieces, p);
      if (taken.outcome === "whole" && taken.sha256 === p.hash) {
        await this.#deleting.get(p.hash);
        await this.#place(part, p.hash);
        return { outcome: "kept", bytes: taken.bytes, release };
      }
      await this.#dropPart(part);
      release();
      return { outcome: taken.outcome === "whole" ? "other_content" : "too_long" };
    } catch (error) {
      await this.#dropPart(part);
      release();
      throw failure(error);
    }
  }

  /** Removes what puts left behind whose process died. For whoever has just locked the folder: nobody else writes. */
  async discardParts(): Promise<void> {
    const parts = join(this.#folder, partFolder);
    for (const name of await listFolder(parts)) await rm(join(parts, name), { force: true });
  }

  /** Nobody collects it until what this returns is called. */
  #hold(hash: string): () => void {
    this.#held.set(hash, (this.#held.get(hash) ?? 0) + 1);
    this.#putMeanwhile?.add(hash);
    return this.#releaseOnce(hash);
  }

  #newPart(): string {
    const part = join(this.#folder, partFolder, crypto.randomUUID());
    this.#parts.add(part);
    return part;
  }

  async #dropPart(part: string): Promise<void> {
    this.#parts.delete(part);
    await rm(part, { force: true });
  }

  /** Moves a file that is whole and synced to the place of its name. */
  async #place(part: string, hash: string): Promise<void> {
    const folder = join(this.#folder, hash.slice(0, prefixCharacters));
    const made = await mkdir(folder, { recursive: true, mode: 0o700 });
    await rename(part, this.#path(hash));
    this.#parts.delete(part);
    await this.#checks.wrote(hash, this.#path(hash));
    await syncFolder(folder);
    if (made !== undefined) await syncFolder(this.#folder);
  }

  #releaseOnce(hash: string): () => void {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = (this.#held.get(hash) ?? 1) - 1;
      if (left === 0) this.#held.delete(hash);
      else this.#held.set(hash, left);
    };
  }

  async #write(hash: string, bytes: Uint8Array): Promise<void> {
    // Whoever has the bytes mends what was changed.
    if ((await this.#checked(hash))?.outcome === "intact") return;
    const parts = join(this.#folder, partFolder);
    await mkdir(parts, { recursive: true, mode: 0o700 });
    const part = this.#newPart();
    try {
      await writeSynced(part, bytes);
      await this.#place(part, hash);
    } catch (error) {
      await this.#dropPart(part);
      throw error;
    }
  }

  async get(hash: string): Promise<Uint8Array | undefined> {
    if (!hashPattern.test(hash)) return undefined;
    try {
      const read = await this.#checks.read(hash, this.#path(hash));
      if (read.outcome === "intact") return read.content;
      await this.#putAside(hash, read);
    } catch (error) {
      if (!isMissing(error)) throw failure(error);
    }
    return undefined;
  }

  /** The file of a blob, held against its name unless it was before and has not been touched; one that was changed is not there. */
  async find(hash: string): Promise<{ readonly bytes: number; readonly file: string } | undefined> {
    if (!hashPattern.test(hash)) return undefined;
    const found = await this.#checked(hash);
    if (found?.outcome === "intact") return { bytes: found.bytes, file: this.#path(hash) };
    if (found !== undefined) await this.#putAside(hash, found);
    return undefined;
  }

  async #checked(hash: string): Promise<Checked | undefined> {
    return this.#checks.check(hash, this.#path(hash)).catch(missingToNothing);
  }

  /** Moves a file that is not what its name says out of the way, unless somebody is about to write it anew. */
  async #putAside(hash: string, { inode }: Checked): Promise<void> {
    await this.#deleting.get(hash);
    if (this.#held.has(hash)) return;
    const path = this.#path(hash);
    const aside = join(this.#folder, asideFolder);
    const moving = (async () => {
      await mkdir(aside, { recursive: true, mode: 0o700 });
      if ((await stat(path)).ino !== inode) return;
      await rename(path, join(aside, hash));
      this.#onDamaged(hash);
    })()
      .catch(missingToNothing)
      .finally(() => this.#deleting.delete(hash));
    this.#deleting.set(hash, moving);
    await moving;
  }

  async size(hash: string): Promise<number | undefined> {
    return hashPattern.test(hash) ? (await stat(this.#path(hash)).catch(missingToNothing))?.size : undefined;
  }

  fileOf(hash: string): string {
    return this.#path(hash);
  }

  async has(hash: string): Promise<boolean> {
    return hashPattern.test(hash) && exists(this.#path(hash));
  }

  /** Reads the blob and compares it with its name; changes nothing. */
  async isIntact(hash: string): Promise<boolean> {
    const bytes = await readFile(this.#path(hash)).catch(missingToNothing);
    return bytes !== undefined && (await sha256(new Uint8Array(bytes))) === hash;
  }

  /** Every blob there is, folder by folder. */
  async *list(): AsyncGenerator<string> {
    for (const prefix of (await listFolder(this.#folder)).toSorted()) {
      if (!/^[0-9a-f]{2}$/.test(prefix)) continue;
      for (const rest of (await listFolder(join(this.#folder, prefix))).toSorted()) {
        if (hashPattern.test(prefix + rest)) yield prefix + rest;
      }
    }
  }

  async collect(p: Parameters<BlobCollector["collect"]>[0]): Promise<{ deleted: number; bytes: number }> {
    if (this.#putMeanwhile !== undefined) return { deleted: 0, bytes: 0 };
    const putMeanwhile = new Set<string>();
    this.#putMeanwhile = putMeanwhile;
    const total = { deleted: 0, bytes: 0 };
    const deleteUnused = async (hashes: readonly string[]): Promise<void> => {
      const used = new Set(await p.inUse(hashes));
      for (const hash of hashes) {
        if (used.has(hash) || this.#held.has(hash) || putMeanwhile.has(hash)) continue;
        total.bytes += await this.#delete(hash);
        total.deleted++;
      }
    };
    try {
      let batch: string[] = [];
      for await (const hash of this.list()) {
        if (this.#held.has(hash) || (await changedAt(this.#path(hash))) > p.now - p.olderThanMs) continue;
        batch.push(hash);
        if (batch.length < collectedAtOnceMax) continue;
        await deleteUnused(batch);
        batch = [];
      }
      await deleteUnused(batch);
      await this.#deleteLeftovers(p.now);
    } finally {
      this.#putMeanwhile = undefined;
    }
    return total;
  }

  /** From here on a put of the same bytes waits until the file is gone, and then writes it anew. */
  async #delete(hash: string): Promise<number> {
    const path = this.#path(hash);
    let bytes = 0;
    const deleting = stat(path)
      .then(async (found) => {
        bytes = found.size;
        await unlink(path);
      })
      .catch((error: unknown) => {
        if (!isMissing(error)) throw failure(error);
      })
      .finally(() => this.#deleting.delete(hash));
    this.#deleting.set(hash, deleting);
    await deleting;
    return bytes;
  }

  async #deleteLeftovers(now: number): Promise<void> {
    const parts = join(this.#folder, partFolder);
    for (const name of await listFolder(parts)) {
      const part = join(parts, name);
      if (this.#parts.has(part)) continue;
      if ((await changedAt(part)) < now - leftoverAgeMs) await rm(part, { force: true });
    }
    const aside = join(this.#folder, asideFolder);
    for (const name of await listFolder(aside)) {
      const { ctimeMs = now } = (await stat(join(aside, name)).catch(missingToNothing)) ?? {};
      if (ctimeMs < now - asideKeptMs) await rm(join(aside, name), { force: true });
    }
  }

  #path(hash: string): string {
    return join(this.#folder, hash.slice(0, prefixCharacters), hash.slice(prefixCharacters));
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(missingToNothing)) !== undefined;
}

async function changedAt(path: string): Promise<number> {
  return (await stat(path).catch(missingToNothing))?.mtimeMs ?? Number.POSITIVE_INFINITY;
}

async function listFolder(path: string): Promise<readonly string[]> {
  return (await readdir(path).catch(missingToNothing)) ?? [];
}

function missingToNothing(error: unknown): undefined {
  if (!isMissing(error)) throw failure(error);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === "ENOENT";
}

function failure(error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const code = codeOf(error);
  if (code === "ENOSPC" || code === "EDQUOT") {
    const message = "The disk that holds the blobs is full; nothing was written.";
    return new SluiceError({ code: "disk_full", message, hint: "Free some space: work goes on by itself." });
  }
  const message = `A blob could not be read or written: ${error instanceof Error ? error.message : String(error)}`;
  return new SluiceError({ code: "store_failed", message }, { cause: error });
}
