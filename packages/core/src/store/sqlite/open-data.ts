// The data folder: made when it is missing, locked for one process, checked and brought up to date before anything uses it.
import { chmodSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SluiceError } from "@sluice/protocol";
import { lockFile } from "./file-lock.ts";
import { dataFiles, prepareDatabase, type Prepared } from "./prepare-database.ts";
import { settleReplacement, type Replaced } from "./replace-data.ts";

export interface DataFolder {
  readonly folder: string;
  readonly databaseFile: string;
  readonly blobsFolder: string;
  /** `created`, `current`, or `migrated` with the copy made before. */
  readonly prepared: Prepared;
  /** Set when a replacement of the data was committed by a process that did not live to finish it: it was finished now. */
  readonly replaced: Replaced | undefined;
  /** Lets the next process have the folder; after the store was closed. */
  release(): Promise<void>;
}

/**
 * Opens a data folder. Rejects with `data_folder_locked` (naming the process that has it), `data_folder_newer` or
 * `data_folder_corrupt`; the folder's files are untouched then. An older database is copied beside itself and migrated.
 */
export async function openDataFolder(p: { readonly folder: string }): Promise<DataFolder> {
  const { folder } = p;
  makePrivate(folder);
  const held = lockFile(join(folder, dataFiles.lock));
  if ("heldBy" in held) throw locked(folder, held.heldBy);
  try {
    const databaseFile = join(folder, dataFiles.database);
    const blobsFolder = join(folder, dataFiles.blobs);
    const replaced = settleReplacement(folder);
    removeCopies(folder);
    const prepared = prepareDatabase({ file: databaseFile });
    makePrivate(blobsFolder);
    const release = async (): Promise<void> => held.lock.release();
    return { folder, databaseFile, blobsFolder, prepared, replaced, release };
  } catch (error) {
    held.lock.release();
    throw error;
  }
}

/** Copies of the database that a backup was sending when its process was killed; nobody else knows of them. */
const leftCopy = /^backup-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.db(?:\.part)?(?:-journal|-wal|-shm)?$/;

function removeCopies(folder: string): void {
  for (const name of readdirSync(folder)) if (leftCopy.test(name)) rmSync(join(folder, name), { force: true });
}

function makePrivate(folder: string): void {
  // Undefined when the folder was there: its owner's choice of mode stays.
  if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) chmodSync(folder, 0o700);
}

function locked(folder: string, pid: number): SluiceError {
  const who = pid === 0 ? "Another process" : `The process ${pid}`;
  return new SluiceError({
    code: "data_folder_locked",
    message: `${who} has the data folder ${folder} open.`,
    hint: "Stop it, take its place with `sluice up --replace`, talk to it with --url, or choose another folder with --data.",
    details: { pid },
  });
}
