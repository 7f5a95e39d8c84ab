// What of each day stands in archives, as the head knows it: the one commit by which entries leave the daily files for an archive,
// or come back. Chunks of a day that were sealed up to `upTo` do not count there any more.
import { inTransaction } from "../storage/database.ts";
import type { LogDatabase } from "../storage/database.ts";
import { untold } from "../storage/steps.ts";
import type { StepTold } from "../storage/steps.ts";

export const catalogSchema = `
CREATE TABLE IF NOT EXISTS archived (
  day TEXT PRIMARY KEY,
  up_to INTEGER NOT NULL,
  last_batch INTEGER NOT NULL,
  batches TEXT NOT NULL,
  restored_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS archive_garbage (file TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

export type ArchiveFormat = "chunks" | "json";

/** One file of an archive. */
export interface ArchivedBatch {
  /** Within the archives, such as `2026-01-31/batch-0001.chunks`. */
  readonly file: string;
  readonly format: ArchiveFormat;
  readonly sha256: string;
  readonly bytes: number;
  readonly entries: number;
  /** Bytes of lines and fields as they came. */
  readonly rawBytes: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly maxSeq: number;
  readonly tenants: readonly string[];
  /** Where the footer begins; 0 where there is none. */
  readonly footerAt: number;
}

export interface ArchivedDay {
  readonly day: string;
  /** Chunks sealed up to this number are not read from the daily file. */
  readonly upTo: number;
  /** Number of the last batch there ever was: names are never taken again. */
  readonly lastBatch: number;
  readonly batches: readonly ArchivedBatch[];
  /** When it was last brought back; it then stays for a while. */
  readonly restoredMs: number | null;
}

interface Row {
  readonly day: string;
  readonly up_to: number;
  readonly last_batch: number;
  readonly batches: string;
  readonly restored_ms: number | null;
}

/** Days from `first` to `last` of which something is, or was, archived. */
export function archivedDays(
  db: LogDatabase,
  { first, last }: { readonly first: string; readonly last: string },
): ArchivedDay[] {
  return db
    .sql<Row>("SELECT * FROM archived WHERE day >= ? AND day <= ? ORDER BY day")
    .all(first, last)
    .map(({ day, up_to: upTo, last_batch: lastBatch, batches, restored_ms: restoredMs }) => ({
      day,
      upTo,
      lastBatch,
      batches: JSON.parse(batches) as ArchivedBatch[],
      restoredMs,
    }));
}

/** Grows with every change: a snapshot that sees two values begins again. */
export function catalogVersion(db: LogDatabase): number {
  return Number(db.sql<{ value: string }>("SELECT value FROM marks WHERE name = 'archives'").get()?.value ?? 0);
}

/** Changes of the catalog, each one commit. The connection is the head's. */
export class Catalog {
  readonly #db: LogDatabase;
  readonly #step: StepTold;

  constructor(db: LogDatabase, step: StepTold = untold) {
    this.#db = db;
    this.#step = step;
  }

  days(): ArchivedDay[] {
    return archivedDays(this.#db, { first: "", last: "~" });
  }

  /** Puts a day in the place of what was known of it. `garbage`: files that nobody who begins to read now needs. */
  put(p: { readonly day: ArchivedDay; readonly garbage: readonly string[]; readonly nowMs: number }): void {
    const { day, upTo, lastBatch, batches, restoredMs } = p.day;
    this.#step("catalog");
    inTransaction(this.#db, () => {
      this.#db
        .sql("INSERT OR REPLACE INTO archived (day, up_to, last_batch, batches, restored_ms) VALUES (?, ?, ?, ?, ?)")
        .run(day, upTo, lastBatch, JSON.stringify(batches), restoredMs);
      for (const file of p.garbage) {
        this.#db.sql("INSERT OR REPLACE INTO archive_garbage (file, at_ms) VALUES (?, ?)").run(file, p.nowMs);
      }
      const version = catalogVersion(this.#db) + 1;
      this.#db.sql("INSERT OR REPLACE INTO marks (name, value) VALUES ('archives', ?)").run(String(version));
    });
    this.#step("catalogued");
  }

  /** Files that nobody has needed since before this moment. */
  garbage(beforeMs: number): string[] {
    return this.#db
      .sql<{ file: string }>("SELECT file FROM archive_garbage WHERE at_ms < ? ORDER BY file")
      .all(beforeMs)
      .map(({ file }) => file);
  }

  /** They are gone. */
  swept(files: readonly string[]): void {
    inTransaction(this.#db, () => {
      for (const file of files) this.#db.sql("DELETE FROM archive_garbage WHERE file = ?").run(file);
    });
  }
}
