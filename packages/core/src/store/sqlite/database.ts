// Opening connections: what every connection is set to, and what the writer's has besides.
import { SqliteConnection } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { SluiceError } from "@sluice/protocol";
import { migrate } from "./migrate.ts";

/** Oldest SQLite without the known defects of WAL resets. */
export const sqliteVersionMin: readonly number[] = [3, 51, 3];

/** Limits of the store on SQLite, each with its unit. */
export interface SqliteLimits {
  /** Verbs waiting for the writer; more are refused with `unavailable`. */
  readonly writerQueueMax: number;
  /** Verbs in one commit. */
  readonly batchVerbsMax: number;
  /** Pages in the write-ahead log after which they are moved into the database file. */
  readonly checkpointPages: number;
  /** Size of the write-ahead log past which long reads are given up, or waited for, so that it can be emptied. */
  readonly walBytesMax: number;
  /** What is kept of the write-ahead log's file once it was emptied. */
  readonly walKeptBytes: number;
  /** Memory for pages of the write connection. */
  readonly writerCacheBytes: number;
  /** Memory for pages of each read connection. */
  readonly readerCacheBytes: number;
  /** Long reads waiting for the reader thread; more are refused with `unavailable`. */
  readonly readerQueueMax: number;
  /** How long the reader thread stays without work. */
  readonly readerIdleMs: number;
  /** Pages given back to the file system after a commit that deleted something. */
  readonly vacuumPagesMax: number;
}

export const sqliteLimits: SqliteLimits = {
  writerQueueMax: 100_000,
  batchVerbsMax: 4_096,
  checkpointPages: 4_000,
  walBytesMax: 1_073_741_824,
  walKeptBytes: 33_554_432,
  writerCacheBytes: 16_777_216,
  readerCacheBytes: 2_097_152,
  readerQueueMax: 10_000,
  readerIdleMs: 5_000,
  vacuumPagesMax: 512,
};

/** `full`: a commit is on the disk when it is acknowledged. `relaxed`: the last ones may be lost with the power. */
export type Durability = "full" | "relaxed";

export interface WriterSettings {
  readonly file: string;
  /** The data is there, and in no file. */
  readonly postgres?: { readonly url: string } | undefined;
  readonly durability: Durability;
  readonly limits: SqliteLimits;
}

/** Opens the one write connection; a new file gets the schema. */
export function openWriter(p: WriterSettings): SqliteConnection {
  const db = new SqliteConnection(p.file, "create");
  checkVersion(db);
  // Takes effect on an empty file only, and before the first table.
  db.run("PRAGMA auto_vacuum = INCREMENTAL");
  db.run("PRAGMA journal_mode = WAL");
  db.run(`PRAGMA synchronous = ${p.durability === "full" ? "FULL" : "NORMAL"}`);
  db.run("PRAGMA foreign_keys = OFF");
  db.run("PRAGMA temp_store = MEMORY");
  db.run(`PRAGMA cache_size = ${-Math.ceil(p.limits.writerCacheBytes / 1_024)}`);
  db.run(`PRAGMA wal_autocheckpoint = ${p.limits.checkpointPages}`);
  db.run(`PRAGMA journal_size_limit = ${p.limits.walKeptBytes}`);
  migrate(db);
  return db;
}

/** Opens a connection that can only read. */
export function openReader(p: { readonly file: string; readonly limits: SqliteLimits }): SqliteConnection {
  const db = new SqliteConnection(p.file, "read");
  db.run("PRAGMA temp_store = MEMORY");
  db.run(`PRAGMA cache_size = ${-Math.ceil(p.limits.readerCacheBytes / 1_024)}`);
  return db;
}

/** That of this runtime. */
export function sqliteVersion(): string {
  const db = new SqliteConnection(":memory:", "create");
  try {
    return versionOf(db);
  } finally {
    db.close();
  }
}

function versionOf(db: Connection): string {
  return db.rows<{ version: string }>("SELECT sqlite_version() AS version")[0]?.version ?? "";
}

function checkVersion(db: Connection): void {
  const text = versionOf(db);
  const version = text.split(".").map(Number);
  for (const [index, least] of sqliteVersionMin.entries()) {
    const part = version[index] ?? 0;
    if (part > least) return;
    if (part < least) {
      const message = `SQLite ${text} is too old; ${sqliteVersionMin.join(".")} or newer is needed.`;
      throw new SluiceError({ code: "store_failed", message, hint: "Use the Bun that comes with the package." });
    }
  }
}
