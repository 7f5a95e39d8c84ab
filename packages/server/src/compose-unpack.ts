// Takes a backup apart beside the data that it is to replace, and looks at all of it before any of that is touched.
import { mkdirSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { beginReplacement, dataFiles, openBlobs } from "@sluice/core/store/sqlite";
import type { FileBlobs, Replacement } from "@sluice/core/store/sqlite";
import { verifyData } from "@sluice/core/store/sqlite/checks";
import { SluiceError } from "@sluice/protocol";
import { backupFormat, backupNames } from "./compose-backup.ts";
import { readTar } from "./compose-tar.ts";
import type { TarEntry } from "./compose-tar.ts";

/** A backup that was found whole, ready to be put into place. */
export interface StagedBackup {
  readonly replacement: Replacement;
  /** When the backup was made; milliseconds since 1970. */
  readonly createdAt: number;
  readonly runs: number;
  readonly blobs: number;
}

const aboutBytesMax = 65_536;
const sumBytes = 64;
/** Larger than any value or bundle: what says it is longer is damaged. */
const blobBytesMax = 2_147_483_647;

/**
 * Unpacks an archive into the data folder, which the caller has locked, and checks every byte of it: its sum, the content of
 * its blobs, and the database as `sluice doctor` does. Rejects with `invalid_config` for a backup that cannot be used and
 * with `disk_full`; nothing is left of it then.
 */
export async function stageBackup(p: {
  readonly archive: AsyncIterable<Uint8Array>;
  readonly data: string;
  readonly now: number;
}): Promise<StagedBackup> {
  const replacement = beginReplacement(p);
  try {
    const { createdAt, blobs } = await unpack(p.archive, replacement.folder);
    const { findings, runs } = await verifyData(replacement);
    // Leftovers that belong to nothing do no harm: they were in the data when it was copied.
    const wrong = findings.find(({ kind }) => kind !== "orphaned");
    if (wrong !== undefined) throw unusable(wrong.message);
    return { replacement, createdAt, runs, blobs };
  } catch (error) {
    replacement.discard();
    throw refusalFor(error);
  }
}

async function unpack(
  archive: AsyncIterable<Uint8Array>,
  folder: string,
): Promise<{ readonly createdAt: number; readonly blobs: number }> {
  const blobsFolder = join(folder, dataFiles.blobs);
  mkdirSync(blobsFolder, { mode: 0o700 });
  const store = openBlobs({ folder: blobsFolder });
  let createdAt: number | undefined;
  let database = false;
  let blobs = 0;
  let complete = false;
  for await (const entry of readTar(archive)) {
    if (complete) throw unusable("there is something behind its sum");
    if (entry.name === backupNames.about) createdAt = timeOf(await textOf(entry, aboutBytesMax));
    else if (entry.name === backupNames.database) {
      if (database) throw unusable("it holds two databases");
      await writeSynced(join(folder, dataFiles.database), entry);
      database = true;
    } else if (entry.name.startsWith(backupNames.blobs)) {
      await keepBlob(store, entry);
      blobs++;
    } else if (entry.name === backupNames.sum) {
      if ((await textOf(entry, sumBytes)) !== entry.sumBefore) throw unusable("its sum is not that of its content");
      complete = true;
    } else throw unusable(`it holds ${JSON.stringify(entry.name.slice(0, 100))}, which no backup has`);
  }
  if (createdAt === undefined || !database || !complete) throw unusable("it holds no whole backup");
  return { createdAt, blobs };
}

function timeOf(about: string): number {
  let known: unknown;
  try {
    known = JSON.parse(about);
  } catch {
    throw unusable(`${backupNames.about} is not JSON`);
  }
  const { format, createdAt } = Object(known) as { readonly format?: unknown; readonly createdAt?: unknown };
  if (format !== backupFormat) throw unusable(`it has format ${String(format)}; format ${backupFormat} is read here`);
  if (typeof createdAt !== "number" || Number.isNaN(new Date(createdAt).getTime()))
    throw unusable(`${backupNames.about} does not say when it was made`);
  return createdAt;
}

async function keepBlob(store: FileBlobs, entry: TarEntry): Promise<void> {
  const { hash } = await store.put(await whole(entry, blobBytesMax));
  if (backupNames.blobs + hash !== entry.name) throw unusable(`the content of ${entry.name} is not what its name says`);
}

async function textOf(entry: TarEntry, bytesMax: number): Promise<string> {
  return new TextDecoder().decode(await whole(entry, bytesMax));
}

async function whole({ name, bytes, content }: TarEntry, bytesMax: number): Promise<Uint8Array> {
  if (bytes > bytesMax) throw unusable(`${name} is too large`);
  const all = new Uint8Array(bytes);
  let at = 0;
  for await (const chunk of content) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

async function writeSynced(path: string, { content }: TarEntry): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    for await (const chunk of content) await file.writeFile(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** What went wrong, as far as the backup is concerned: its database is judged as that of a data folder. */
function refusalFor(error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOSPC" || code === "EDQUOT") {
    const message = "The disk that holds the data folder has no room for the backup; nothing was replaced.";
    return new SluiceError(
      { code: "disk_full", message, hint: "Free some space and restore again." },
      { cause: error },
    );
  }
  if (code === "data_folder_newer") return unusable("a newer version wrote it", "Restore it with that version.");
  if (code === "data_folder_corrupt") return unusable("its database is damaged or not one of ours");
  return error;
}

function unusable(why: string, hint = "Name a file that `sluice backup` wrote, whole."): SluiceError {
  return new SluiceError({ code: "invalid_config", message: `The backup cannot be used: ${why}.`, hint });
}
