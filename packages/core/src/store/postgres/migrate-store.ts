// Takes a store's data from one place to another: from a data folder to PostgreSQL and back. What was broken off goes on where it
// was; nothing can be opened that is not whole; at the end both sides are read and compared.
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { SluiceError } from "@sluice/protocol";
import { SqliteConnection, type Connection } from "../sqlite/connection.ts";
import { migrate, readSchemaVersion } from "../sqlite/migrate.ts";
import { openDataFolder } from "../sqlite/open-data.ts";
import { dataFiles } from "../sqlite/prepare-database.ts";
import { sync } from "../sqlite/backup.ts";
import { contentOf, copyTable, settleNumbers, tablesOf, type CopiedTable, type TableContent } from "./copy.ts";
import { beginCopy, endCopy, openPostgresAlone } from "./open-threads.ts";

/** A data folder, or a database of a server. */
export type StorePlace = { readonly folder: string } | { readonly postgres: string };

export interface MigratedTable extends TableContent {
  readonly name: string;
}

export interface StoreMigration {
  readonly from: StorePlace;
  readonly to: StorePlace;
  /** Told of each table and how many of its rows have been copied now. */
  readonly onProgress?: ((table: string, rows: number) => void) | undefined;
}

interface Opened {
  readonly db: Connection;
  close(): Promise<void>;
}

/**
 * Copies everything and compares it. Throws `data_folder_locked` where a server has one of the two open, `conflict` where the
 * target has data of its own, `store_failed` where the two differ at the end.
 */
export async function migrateStore(p: StoreMigration): Promise<readonly MigratedTable[]> {
  const from = await openSource(p.from);
  try {
    const to = await openTarget(p.to, from.db);
    try {
      const tables = tablesOf(from.db.dialect === "sqlite" ? from.db : to.db);
      for (const table of tables) {
        copyTable(from.db, to.db, { table, copied: (rows) => p.onProgress?.(table.name, rows) });
      }
      settleNumbers(from.db, to.db);
      const compared = tables.map((table) => compare(from.db, to.db, table));
      await to.finish();
      return compared;
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

function compare(from: Connection, to: Connection, table: CopiedTable): MigratedTable {
  const [there, here] = [contentOf(from, table), contentOf(to, table)];
  if (there.sha256 === here.sha256) return { name: table.name, ...here };
  throw new SluiceError({
    code: "store_failed",
    message: `The table ${table.name} has ${there.rows} rows and ${here.rows} in the copy, and they differ.`,
    hint: "The copy is not used. Empty its place, and migrate again.",
  });
}

async function openSource(place: StorePlace): Promise<Opened> {
  if ("postgres" in place) {
    const db = openPostgresAlone(place.postgres);
    return { db, close: async () => db.close() };
  }
  const folder = await openDataFolder(place);
  const db = new SqliteConnection(folder.databaseFile, "write");
  if (readSchemaVersion(db) === 0) migrate(db);
  const close = async (): Promise<void> => {
    db.close();
    await folder.release();
  };
  return { db, close };
}

interface Target extends Opened {
  /** From here on it can be opened. */
  finish(): Promise<void>;
}

/** Name of the data that a copy is of: one of other data is not gone on with. */
function nameOf(db: Connection): string {
  return db.rows<{ value: string }>("SELECT value FROM meta WHERE name = 'instance'")[0]?.value ?? "";
}

async function openTarget(place: StorePlace, source: Connection): Promise<Target> {
  const copyOf = nameOf(source);
  if ("postgres" in place) {
    const db = openPostgresAlone(place.postgres, { copying: true });
    if (!beginCopy(db, copyOf)) {
      db.close();
      throw taken("The database");
    }
    return { db, finish: async () => endCopy(db), close: async () => db.close() };
  }
  const folder = await openDataFolder(place);
  const file = folder.databaseFile;
  const part = join(folder.folder, `copy-${copyOf}.db`);
  if (existsSync(file) || folder.prepared.outcome !== "created") {
    await folder.release();
    throw taken(`The data folder ${folder.folder}`);
  }
  const db = new SqliteConnection(part, "create");
  db.run("PRAGMA auto_vacuum = INCREMENTAL");
  db.run("PRAGMA journal_mode = WAL");
  migrate(db);
  let open = true;
  const closeFile = (): void => {
    if (open) db.close();
    open = false;
  };
  const finish = async (): Promise<void> => {
    db.rows("PRAGMA wal_checkpoint(TRUNCATE)");
    closeFile();
    sync(part);
    renameSync(part, join(folder.folder, dataFiles.database));
    sync(folder.folder);
  };
  const close = async (): Promise<void> => {
    closeFile();
    await folder.release();
  };
  return { db, finish, close };
}

function taken(what: string): SluiceError {
  const message = `${what} has data of its own; nothing was changed.`;
  return new SluiceError({ code: "conflict", message, hint: "Migrate to an empty one." });
}
