// What the data takes of the disk. The database and the free space are looked up each time; all blobs are gone through now and
// then, aside.
import { readdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, Logger } from "@sluice/core";

export interface DiskUse {
  readonly databaseBytes: number;
  readonly blobBytes: number;
  readonly freeBytes: number;
}

/** The size of all blobs is taken as what it was until it is this old. */
const blobsKnownMs = 300_000;
/** What asks does not wait longer for a first measurement. */
const firstWaitMs = 20;

export class DiskMeter {
  readonly #p: DiskMeterOptions;
  #blobs: { readonly bytes: number; readonly at: number } | undefined;
  #measuring: Promise<void> | undefined;

  constructor(p: DiskMeterOptions) {
    this.#p = p;
  }

  /** Nothing until the blobs have been gone through once. */
  async read(): Promise<DiskUse | undefined> {
    const { clock, databaseFile } = this.#p;
    if (this.#blobs === undefined || clock.now() - this.#blobs.at > blobsKnownMs) this.#measuring ??= this.#measure();
    if (this.#blobs === undefined) await Promise.race([this.#measuring, elapsed(clock, firstWaitMs)]);
    const [database, log, space] = await Promise.all([
      sizeOf(databaseFile),
      sizeOf(`${databaseFile}-wal`),
      statfs(this.#p.blobsFolder).catch(() => statfs(join(databaseFile, ".."))),
    ]);
    if (this.#blobs === undefined) return undefined;
    return { databaseBytes: database + log, blobBytes: this.#blobs.bytes, freeBytes: space.bavail * space.bsize };
  }

  async #measure(): Promise<void> {
    const { blobsFolder, clock, log } = this.#p;
    try {
      this.#blobs = { bytes: await folderBytes(blobsFolder), at: clock.now() };
    } catch (error) {
      log("warn", "the size of the blobs could not be measured", { error: String(error) });
    } finally {
      this.#measuring = undefined;
    }
  }
}

export interface DiskMeterOptions {
  readonly databaseFile: string;
  readonly blobsFolder: string;
  readonly clock: Clock;
  readonly log: Logger;
}

function elapsed(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0;
}

/** All files in a folder and below; what goes away meanwhile counts nothing. */
async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(folder, entry.name);
    bytes += entry.isDirectory() ? await folderBytes(path) : await sizeOf(path);
  }
  return bytes;
}
