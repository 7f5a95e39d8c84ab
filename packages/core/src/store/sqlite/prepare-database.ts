// Looks at a database before it is used: whether it is one, whole as far as a quick look tells, and of which version.
import { SqliteConnection } from "./connection.ts";
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { SluiceError } from "@sluice/protocol";
import { backup } from "./backup.ts";
import { applicationId, migrate, migrations as knownMigrations, newer, readSchemaVersion } from "./migrate.ts";

/** Names inside a data folder. */
export const dataFiles = { database: "state.db", blobs: "blobs", lock: "lock" } as const;

export type Prepared =
  | { readonly outcome: "created" | "current" }
  | { readonly outcome: "migrated"; readonly from: number; readonly backup: string };

/** Bytes of the header of a SQLite file; its layout is section 1.3 of https://www.sqlite.org/fileformat2.html. */
const headerBytes = 100;
const magic = "SQLite format 3\0";

/**
 * Makes the database of a data folder usable. Throws `data_folder_newer` and `data_folder_corrupt`, and has then changed
 * nothing. A database of an earlier version is copied to a file beside it first.
 */
export function prepareDatabase(p: {
  readonly file: string;
  readonly migrations?: readonly string[];
  /** Only look. */
  readonly readonly?: boolean;
}): Prepared {
  const migrations = p.migrations ?? knownMigrations;
  if (!existsSync(p.file) || statSync(p.file).size === 0) {
    // A log without its database belongs to one that was removed by hand.
    if (hasContent(`${p.file}-wal`)) throw corrupt(p.file, "its write-ahead log is there, but the database is not");
    return { outcome: "created" };
  }
  checkHeader(p.file);
  const version = inspect(p.file);
  if (version > migrations.length) throw newer(version, migrations.length);
  if (version === migrations.length || p.readonly === true) return { outcome: "current" };
  const copy = `${p.file}.v${version}.backup`;
  withDatabase(p.file, true, (db) => backup(db, copy));
  withDatabase(p.file, false, (db) => migrate(db, migrations));
  return { outcome: "migrated", from: version, backup: copy };
}

function hasContent(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

function checkHeader(path: string): void {
  const header = Buffer.alloc(headerBytes);
  const file = openSync(path, "r");
  try {
    if (readSync(file, header, 0, headerBytes, 0) < headerBytes) throw corrupt(path, "it is cut off");
  } finally {
    closeSync(file);
  }
  if (header.toString("latin1", 0, magic.length) !== magic) throw corrupt(path, "it is not a SQLite database");
  const pageBytes = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  const pages = header.readUInt32BE(28);
  // With a log beside it, pages that the file lacks are there.
  if (!hasContent(`${path}-wal`) && pages * pageBytes > statSync(path).size) throw corrupt(path, "it is cut off");
}

/** The schema's version, after a look at the schema and at the first page of each table and index. */
function inspect(path: string): number {
  try {
    return withDatabase(path, true, (db) => {
      const version = readSchemaVersion(db);
      const tables = db.rows<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'");
      for (const { name } of tables) db.rows(`SELECT * FROM "${name.replaceAll('"', '""')}" LIMIT 1`);
      const owner = db.rows<{ application_id: number }>("PRAGMA application_id")[0]?.application_id;
      if (tables.length > 0 && (version === 0 || owner !== applicationId))
        throw corrupt(path, "it belongs to another program");
      return version;
    });
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    throw corrupt(path, error instanceof Error ? error.message : String(error));
  }
}

function withDatabase<T>(path: string, readonly: boolean, use: (db: SqliteConnection) => T): T {
  const db = new SqliteConnection(path, readonly ? "read" : "write");
  try {
    return use(db);
  } finally {
    db.close();
  }
}

function corrupt(path: string, why: string): SluiceError {
  return new SluiceError({
    code: "data_folder_corrupt",
    message: `The database ${path} cannot be used: ${why}. It was not touched.`,
    hint: "Run `sluice doctor` for what is wrong with it; restore a backup with `sluice restore`.",
  });
}
