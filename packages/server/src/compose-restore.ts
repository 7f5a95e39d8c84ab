// Puts a backup in the place of a data folder's content. Refused while a server runs there; what was there is kept beside.
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { dataFiles, lockFile, openBlobs, openDataFolder } from "@sluice/core/store/sqlite";
import type { FileBlobs } from "@sluice/core/store/sqlite";
import { SluiceError } from "@sluice/protocol";
import { backupFormat, backupNames, readFile, syncFolder } from "./compose-backup.ts";
import { readTar } from "./compose-tar.ts";
import type { TarEntry } from "./compose-tar.ts";

export interface Restored {
  readonly data: string;
  readonly blobs: number;
  /** When the backup was made; milliseconds since 1970. */
  readonly createdAt: number;
  /** Where the content before lies; undefined when there was none. */
  readonly before: string | undefined;
}

interface About {
  readonly format: number;
  readonly createdAt: number;
}

/** What belongs to a database and its code; keys stay. The database goes last and comes last. */
const replaced = [
  dataFiles.blobs,
  "code",
  `${dataFiles.database}-wal`,
  `${dataFiles.database}-shm`,
  dataFiles.database,
];
const aboutBytesMax = 65_536;

/**
 * Restores `file` into the data folder. Rejects with `data_folder_locked` where a server runs, and with `invalid_config`,
 * `data_folder_corrupt` or `data_folder_newer` for a backup that cannot be used; the folder is as it was then.
 */
export async function restoreBackup(p: {
  readonly file: string;
  readonly data: string;
  readonly now: number;
}): Promise<Restored> {
  const { file, data, now } = p;
  if (!existsSync(file)) throw new SluiceError({ code: "invalid_config", message: `There is no file ${file}.` });
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const held = lockFile(join(data, dataFiles.lock));
  if ("heldBy" in held) throw serverRuns(data, held.heldBy);
  const incoming = join(data, `restoring-${now}`);
  try {
    const { about, blobs } = await unpack(file, incoming);
    // Opens it as a server would: a damaged one, or one of a newer version, is refused here.
    await (await openDataFolder({ folder: incoming })).release();
    const before = await swap(data, incoming, now);
    return { data, blobs, createdAt: about.createdAt, before };
  } finally {
    rmSync(incoming, { recursive: true, force: true });
    held.lock.release();
  }
}

function serverRuns(data: string, pid: number): SluiceError {
  return new SluiceError({
    code: "data_folder_locked",
    message: `A server${pid === 0 ? "" : ` (process ${pid})`} runs over the data folder ${data}: it would go on with what it has in memory.`,
    hint: "Stop it, restore, and start it again; or restore into another folder with --data.",
    details: { pid },
  });
}

async function unpack(file: string, incoming: string): Promise<{ readonly about: About; readonly blobs: number }> {
  mkdirSync(incoming, { mode: 0o700 });
  const store = openBlobs({ folder: join(incoming, dataFiles.blobs) });
  let about: About | undefined;
  let database = false;
  let blobs = 0;
  for await (const entry of readTar(readFile(file))) {
    if (entry.name === backupNames.about) about = aboutOf(await whole(entry, aboutBytesMax));
    else if (entry.name === backupNames.database) {
      await writeSynced(join(incoming, dataFiles.database), entry);
      database = true;
    } else if (entry.name.startsWith(backupNames.blobs)) {
      await keepBlob(store, entry);
      blobs++;
    } else throw damaged(`it holds ${JSON.stringify(entry.name.slice(0, 100))}, which no backup has`);
  }
  if (about === undefined || !database) throw damaged("it holds no database");
  return { about, blobs };
}

function aboutOf(bytes: Uint8Array): About {
  const about = JSON.parse(new TextDecoder().decode(bytes)) as Partial<About>;
  if (about.format !== backupFormat)
    throw damaged(`it has format ${String(about.format)}; format ${backupFormat} is read here`);
  return { format: backupFormat, createdAt: Number(about.createdAt) };
}

async function keepBlob(store: FileBlobs, entry: TarEntry): Promise<void> {
  const { hash } = await store.put(await whole(entry, Number.POSITIVE_INFINITY));
  if (backupNames.blobs + hash !== entry.name) throw damaged(`the content of ${entry.name} is not what its name says`);
}

async function whole({ name, bytes, content }: TarEntry, bytesMax: number): Promise<Uint8Array> {
  if (bytes > bytesMax) throw damaged(`${name} is too large`);
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
    for await (const chunk of content) await file.write(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function swap(data: string, incoming: string, now: number): Promise<string | undefined> {
  const before = join(data, `before-restore-${now}`);
  const there = replaced.filter((name) => existsSync(join(data, name)));
  if (there.length > 0) mkdirSync(before, { mode: 0o700 });
  for (const name of there) renameSync(join(data, name), join(before, name));
  for (const name of [dataFiles.blobs, dataFiles.database]) renameSync(join(incoming, name), join(data, name));
  await syncFolder(data);
  return there.length > 0 ? before : undefined;
}

function damaged(why: string): SluiceError {
  return new SluiceError({
    code: "invalid_config",
    message: `The backup cannot be used: ${why}.`,
    hint: "Name a file that `sluice backup` wrote, whole.",
  });
}
