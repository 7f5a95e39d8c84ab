// A backup while work goes on: a consistent copy of the database first, then every blob there is, then a sum over all of it,
// as one archive. Blobs never change, and none is collected meanwhile, so the copy finds every blob that it names.
import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, RunStore } from "@sluice/core";
import type { FileBlobs } from "@sluice/core/store/sqlite";
import { writeTar } from "./compose-tar.ts";
import type { TarFile } from "./compose-tar.ts";

/** Names inside an archive. `sum` holds the SHA-256 (hex) of the archive up to it and is the last file. */
export const backupNames = {
  about: "sluice-backup.json",
  database: "state.db",
  blobs: "blobs/",
  sum: "sha256",
} as const;
export const backupFormat = 1;

export interface BackupParts {
  readonly store: RunStore;
  readonly blobs: FileBlobs;
  /** The data folder: the copy of the database lies there until it has been sent. */
  readonly folder: string;
  readonly clock: Clock;
  /** Of the product. */
  readonly version: string;
  readonly newId: () => string;
  /** No blob is collected until what it returns is called. */
  readonly holdBlobs: () => () => void;
}

/** The archive as a stream. Rejects with `disk_full` and the like before anything is sent. */
export async function streamBackup(parts: BackupParts): Promise<ReadableStream<Uint8Array>> {
  const release = parts.holdBlobs();
  const copy = join(parts.folder, `backup-${parts.newId()}.db`);
  const close = async (): Promise<void> => {
    release();
    await rm(copy, { force: true });
  };
  try {
    await parts.store.backup({ path: copy });
  } catch (error) {
    await close();
    throw error;
  }
  const pieces = archive(parts, copy);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = await pieces.next();
          if (next.done !== true) {
            controller.enqueue(next.value);
            return;
          }
          await close();
          controller.close();
        } catch (error) {
          await close();
          throw error;
        }
      },
      async cancel() {
        await pieces.return(undefined);
        await close();
      },
    },
    { highWaterMark: 1 },
  );
}

async function* archive(parts: BackupParts, copy: string): AsyncGenerator<Uint8Array> {
  const sum = createHash("sha256");
  for await (const piece of writeTar(files(parts, copy, sum))) {
    sum.update(piece);
    yield piece;
  }
}

/** `sum` is that of what was sent so far, whenever the next file is asked for. */
async function* files({ blobs, clock, version }: BackupParts, copy: string, sum: Hash): AsyncGenerator<TarFile> {
  const about = { format: backupFormat, version, createdAt: clock.now() };
  yield inMemory(backupNames.about, new TextEncoder().encode(JSON.stringify(about)));
  yield { name: backupNames.database, bytes: (await stat(copy)).size, content: readFile(copy) };
  for await (const hash of blobs.list()) {
    // One that was changed would spoil the backup: none with it can be restored.
    const found = await blobs.find(hash);
    if (found === undefined) continue;
    yield { name: backupNames.blobs + hash, bytes: found.bytes, content: readFile(found.file) };
  }
  yield inMemory(backupNames.sum, new TextEncoder().encode(sum.copy().digest("hex")));
}

function inMemory(name: string, bytes: Uint8Array): TarFile {
  async function* content(): AsyncGenerator<Uint8Array> {
    if (bytes.length > 0) yield bytes;
  }
  return { name, bytes: bytes.length, content: content() };
}

/** A file, piece by piece. */
export async function* readFile(path: string): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(path)) yield chunk as Uint8Array;
}
