// Puts other data in the place of what a data folder holds. Whatever ends the process or the machine in between, the folder
// has wholly the old data or, from the commit on, wholly the new: the next start finishes what was begun.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { sync } from "./backup.ts";
import { dataFiles } from "./prepare-database.ts";

/**
 * Folders inside a data folder, each followed by the time of the replacement: where the new data is gathered, where it
 * stands from the commit until it is in place, and where the data before is kept.
 */
const prefixes = { gathering: "restoring-", committed: "restored-", before: "before-restore-" } as const;

/** The write-ahead log and its index belong to the database they were written with: new data comes without. */
const outgoing = [
  dataFiles.blobs,
  `${dataFiles.database}-wal`,
  `${dataFiles.database}-shm`,
  dataFiles.database,
] as const;
/** The database comes last: once it is there, everything is. */
const incoming = [dataFiles.blobs, dataFiles.database] as const;

/** New data on its way into a data folder. */
export interface Replacement {
  /** Where to put a closed database (without a log) and the folder of its blobs, under the names they have in a data folder. */
  readonly folder: string;
  /**
   * From here on the new data is what the folder holds; `settleReplacement` puts it into place. All of it must be durable,
   * and the data folder's store closed.
   */
  commit(): void;
  /** Gives it up, before the commit. */
  discard(): void;
}

/** Begins to replace the data of a folder that the caller has locked. `now` in milliseconds since 1970. */
export function beginReplacement(p: { readonly data: string; readonly now: number }): Replacement {
  const stamp = new Date(p.now).toISOString().replaceAll(/[-:.]/g, "");
  const folder = join(p.data, prefixes.gathering + stamp);
  mkdirSync(folder, { mode: 0o700 });
  return {
    folder,
    commit: () => {
      for (const name of incoming) {
        if (!existsSync(join(folder, name)))
          throw new Error(`there is no ${name} to put into the place of the old one`);
      }
      const log = statSync(join(folder, `${dataFiles.database}-wal`), { throwIfNoEntry: false });
      if ((log?.size ?? 0) > 0) throw new Error("the database has a log that was not moved into it");
      sync(folder);
      renameSync(folder, join(p.data, prefixes.committed + stamp));
      sync(p.data);
    },
    discard: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface Replaced {
  /** Where the data before is kept; undefined when there was none. */
  readonly before: string | undefined;
}

/**
 * Finishes a replacement that was committed and removes what was gathered for one that was not. The folder must be locked
 * and no store open in it. Undefined when nothing was committed.
 */
export function settleReplacement(data: string): Replaced | undefined {
  let replaced: Replaced | undefined;
  for (const name of readdirSync(data)) {
    if (name.startsWith(prefixes.gathering)) rmSync(join(data, name), { recursive: true, force: true });
    if (!name.startsWith(prefixes.committed)) continue;
    const stamp = name.slice(prefixes.committed.length);
    const steps = putIntoPlace(data, stamp);
    while (steps.next().done !== true);
    const before = join(data, prefixes.before + stamp);
    replaced = { before: existsSync(before) ? before : undefined };
  }
  return replaced;
}

/**
 * The steps of a committed replacement; the process may end after any of them, and the steps begun anew finish it. A name is
 * still the old data's as long as its successor stands in the folder of the new.
 */
export function* putIntoPlace(data: string, stamp: string): Generator<void> {
  const from = join(data, prefixes.committed + stamp);
  const before = join(data, prefixes.before + stamp);
  if (existsSync(join(from, dataFiles.database))) {
    const old = outgoing.filter((name) => existsSync(join(data, name)) && !hasArrived(from, name));
    if (old.length > 0) mkdirSync(before, { recursive: true, mode: 0o700 });
    for (const name of old) {
      renameSync(join(data, name), join(before, name));
      yield;
    }
    if (old.length > 0) sync(before);
    sync(data);
    for (const name of incoming.filter((each) => existsSync(join(from, each)))) {
      renameSync(join(from, name), join(data, name));
      sync(data);
      yield;
    }
    sync(from);
  }
  rmSync(from, { recursive: true, force: true });
  yield;
  sync(data);
}

function hasArrived(from: string, name: string): boolean {
  return (incoming as readonly string[]).includes(name) && !existsSync(join(from, name));
}
