// The head: every entry that is not in a chunk yet, in the order in which it was committed. One file, one writer; what one commit
// holds is acknowledged together.
import { join } from "node:path";
import { Catalog, catalogSchema } from "../archive/catalog.ts";
import type { Appended, LogBatch, Place } from "../entry.ts";
import { sumOf } from "./chunk.ts";
import { inTransaction, openToWrite } from "./database.ts";
import type { LogDatabase } from "./database.ts";
import { untold } from "./steps.ts";
import type { StepTold } from "./steps.ts";

const headSchema = `
CREATE TABLE IF NOT EXISTS batches (
  last_seq INTEGER PRIMARY KEY,
  first_seq INTEGER NOT NULL,
  tenant TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  raw_bytes INTEGER NOT NULL,
  days TEXT NOT NULL,
  sum TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS keys (
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  hash TEXT NOT NULL,
  first_seq INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS keys_by_age ON keys (at_ms);
CREATE TABLE IF NOT EXISTS places (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  open INTEGER NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS places_by_age ON places (at_ms);
CREATE INDEX IF NOT EXISTS places_open ON places (name) WHERE open = 1;
CREATE TABLE IF NOT EXISTS damaged (
  last_seq INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  sum TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS tombstones (
  id INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  query TEXT NOT NULL,
  from_ms INTEGER NOT NULL,
  to_ms INTEGER NOT NULL,
  up_to_seq INTEGER NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS rewritten (id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT;
${catalogSchema}`;

/** Entries are from 1970 to 9999: later years have no day of the usual form. */
export const timeMsMax = 253_402_300_799_999;

/** The UTC day of a moment; also the name of its file. */
export function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

export function dayFile(folder: string, day: string): string {
  return join(folder, `${day}.db`);
}

export function headFile(folder: string): string {
  return join(folder, "head.db");
}

/** A sealing that was begun: chunks with numbers up to `to` may stand in the files of these days, and do not count yet. */
export interface SealIntent {
  /** All numbers above this one, */
  readonly from: number;
  /** up to this one. */
  readonly to: number;
  readonly days: readonly string[];
}

/** What somebody had deleted. It is masked at once; chunks are rewritten later. */
export interface Tombstone {
  readonly id: number;
  readonly tenant: string;
  /** A filter, without pipes. */
  readonly query: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Entries that come later are not meant. */
  readonly upToSeq: number;
}

export interface HeadState {
  /** Number of the last entry that was committed; 0 before the first. */
  readonly lastSeq: number;
  /** Entries up to this number are in chunks. */
  readonly sealed: number;
  readonly rawBytes: number;
  /** When the oldest entry of the head was committed; undefined where it is empty. */
  readonly oldestMs: number | undefined;
  readonly intent: SealIntent | undefined;
}

const zstdLevel = 1;

export class Head {
  readonly #db: LogDatabase;
  readonly #step: StepTold;
  /** Which days stand in archives. */
  readonly catalog: Catalog;
  #lastSeq: number;
  #sealed: number;
  #rawBytes: number;
  #oldestMs: number | undefined;

  /** `folder` is there. */
  constructor(p: { readonly folder: string; readonly step?: StepTold | undefined }) {
    this.#step = p.step ?? untold;
    this.#db = openToWrite(headFile(p.folder), headSchema);
    this.catalog = new Catalog(this.#db, this.#step);
    this.#sealed = Number(readMark(this.#db, "sealed") ?? 0);
    const found = this.#db
      .sql<{ last: number | null; raw: number | null; oldest: number | null }>(
        "SELECT max(last_seq) AS last, sum(raw_bytes) AS raw, min(at_ms) AS oldest FROM batches",
      )
      .get();
    this.#lastSeq = Math.max(found?.last ?? 0, this.#sealed);
    this.#rawBytes = found?.raw ?? 0;
    this.#oldestMs = found?.oldest ?? undefined;
  }

  get state(): HeadState {
    return {
      lastSeq: this.#lastSeq,
      sealed: this.#sealed,
      rawBytes: this.#rawBytes,
      oldestMs: this.#oldestMs,
      intent: intentIn(this.#db),
    };
  }

  /** Commits batches together; they are on the disk when this returns. Keys and places older than `keysFromMs` are forgotten. */
  append(
    batches: readonly LogBatch[],
    { nowMs, keysFromMs }: { readonly nowMs: number; readonly keysFromMs: number },
  ): Appended[] {
    this.#step("append");
    let { lastSeq, rawBytes } = { lastSeq: this.#lastSeq, rawBytes: this.#rawBytes };
    const results = inTransaction(this.#db, () => {
      this.#db.sql("DELETE FROM keys WHERE at_ms < ?").run(keysFromMs);
      // Those of one thing have a colon; those of whole kinds stay.
      this.#db.sql("DELETE FROM places WHERE at_ms < ? AND name GLOB '*:*'").run(keysFromMs);
      return batches.map((batch): Appended => {
        const known = this.#knownBy(batch);
        if (known !== undefined) return known;
        for (const place of batch.places ?? []) this.#note(place, nowMs);
        const firstSeq = lastSeq + 1;
        if (batch.entries > 0) {
          lastSeq += batch.entries;
          rawBytes += batch.rawBytes;
          this.#insert(batch, { firstSeq, lastSeq, nowMs });
        }
        this.#remember(batch, firstSeq, nowMs);
        return { outcome: "stored", firstSeq, entries: batch.entries };
      });
    });
    this.#lastSeq = lastSeq;
    if (rawBytes > this.#rawBytes) this.#oldestMs ??= nowMs;
    this.#rawBytes = rawBytes;
    this.#step("appended");
    return results;
  }

  #insert(
    { tenant, frame, rawBytes, days }: LogBatch,
    p: { readonly firstSeq: number; readonly lastSeq: number; readonly nowMs: number },
  ): void {
    const body = Bun.zstdCompressSync(frame, { level: zstdLevel });
    this.#db
      .sql(
        "INSERT INTO batches (last_seq, first_seq, tenant, at_ms, raw_bytes, days, sum, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      )
      .run(p.lastSeq, p.firstSeq, tenant, p.nowMs, rawBytes, JSON.stringify(days), sumOf(body), body);
  }

  #note({ name, value, open }: Place, nowMs: number): void {
    this.#db
      .sql("INSERT OR REPLACE INTO places (name, value, open, at_ms) VALUES (?, ?, ?, ?)")
      .run(name, value, open ? 1 : 0, nowMs);
  }

  /** Those of these names that are kept. */
  places(names: readonly string[]): Place[] {
    return this.#db
      .sql<PlaceRow>("SELECT name, value, open FROM places WHERE name IN (SELECT value FROM json_each(?))")
      .all(JSON.stringify(names))
      .map(placeOf);
  }

  /** Those with more to come, in order of their names, behind one of them. */
  openPlaces({ after, limit }: { readonly after: string; readonly limit: number }): Place[] {
    return this.#db
      .sql<PlaceRow>("SELECT name, value, open FROM places WHERE open = 1 AND name > ? ORDER BY name LIMIT ?")
      .all(after, limit)
      .map(placeOf);
  }

  #knownBy({ tenant, key }: LogBatch): Appended | undefined {
    if (key === undefined) return undefined;
    const row = this.#db
      .sql<{ hash: string; first_seq: number; entries: number }>(
        "SELECT hash, first_seq, entries FROM keys WHERE tenant = ? AND name = ?",
      )
      .get(tenant, key.name);
    if (row === null) return undefined;
    if (row.hash !== key.hash) return { outcome: "conflict" };
    return { outcome: "duplicate", firstSeq: row.first_seq, entries: row.entries };
  }

  #remember({ tenant, key, entries }: LogBatch, firstSeq: number, nowMs: number): void {
    if (key === undefined) return;
    this.#db
      .sql("INSERT INTO keys (tenant, name, hash, first_seq, entries, at_ms) VALUES (?, ?, ?, ?, ?, ?)")
      .run(tenant, key.name, key.hash, firstSeq, entries, nowMs);
  }

  /** Notes that what is in the head is about to be sealed, and into which files. */
  intend(intent: SealIntent): void {
    if (intent.from !== this.#sealed) throw new Error("a sealing begins where the one before ended");
    this.#step("intend");
    this.#mark("sealing", JSON.stringify(intent));
    this.#step("intended");
  }

  /**
   * The chunks are there: from here on they count, and what they hold is no longer in the head. One commit. Batches that could
   * not be read are put aside.
   */
  truncate(to: number, damaged: readonly number[] = []): void {
    this.#step("truncate");
    inTransaction(this.#db, () => {
      this.#mark("sealed", String(to));
      for (const id of damaged) {
        this.#db.sql("INSERT INTO damaged SELECT last_seq, tenant, sum, body FROM batches WHERE last_seq = ?").run(id);
      }
      this.#db.sql("DELETE FROM marks WHERE name = 'sealing'").run();
      this.#db.sql("DELETE FROM batches WHERE last_seq <= ?").run(to);
    });
    this.#sealed = to;
    const left = this.#db
      .sql<{ raw: number | null; oldest: number | null }>(
        "SELECT sum(raw_bytes) AS raw, min(at_ms) AS oldest FROM batches",
      )
      .get();
    this.#rawBytes = left?.raw ?? 0;
    this.#oldestMs = left?.oldest ?? undefined;
    this.#db.run("PRAGMA incremental_vacuum");
    this.#step("truncated");
  }

  /** A sealing that came to nothing is forgotten; its chunks are gone. */
  forget(): void {
    this.#db.sql("DELETE FROM marks WHERE name = 'sealing'").run();
  }

  /** Masks what fits from here on. */
  bury(p: Omit<Tombstone, "id" | "upToSeq"> & { readonly nowMs: number }): Tombstone {
    this.#step("tombstone");
    const upToSeq = this.#lastSeq;
    const { lastInsertRowid } = this.#db
      .sql("INSERT INTO tombstones (tenant, query, from_ms, to_ms, up_to_seq, at_ms) VALUES (?, ?, ?, ?, ?, ?)")
      .run(p.tenant, p.query, p.fromMs, p.toMs, upToSeq, p.nowMs);
    this.#step("tombstoned");
    return { id: Number(lastInsertRowid), tenant: p.tenant, query: p.query, fromMs: p.fromMs, toMs: p.toMs, upToSeq };
  }

  /** No chunk holds anything of it any more. Queries that are under way may have chunks open that do: it masks on for a while. */
  rewritten(id: number, nowMs: number): void {
    this.#db.sql("INSERT OR REPLACE INTO rewritten (id, at_ms) VALUES (?, ?)").run(id, nowMs);
  }

  /** What was deleted and still stands in chunks, or in the head. */
  get buried(): Tombstone[] {
    const done = new Set(
      this.#db
        .sql<{ id: number }>("SELECT id FROM rewritten")
        .all()
        .map(({ id }) => id),
    );
    return tombstonesIn(this.#db).filter(({ id }) => !done.has(id));
  }

  /** Forgets what was rewritten before this moment. */
  unbury(beforeMs: number): void {
    this.#step("unbury");
    inTransaction(this.#db, () => {
      this.#db.sql("DELETE FROM tombstones WHERE id IN (SELECT id FROM rewritten WHERE at_ms < ?)").run(beforeMs);
      this.#db.sql("DELETE FROM rewritten WHERE at_ms < ?").run(beforeMs);
    });
    this.#step("unburied");
  }

  close(): void {
    this.#db.close();
  }

  #mark(name: string, value: string): void {
    this.#db.sql("INSERT OR REPLACE INTO marks (name, value) VALUES (?, ?)").run(name, value);
  }
}

type PlaceRow = Omit<Place, "open"> & { readonly open: number };

function placeOf({ open, ...place }: PlaceRow): Place {
  return { ...place, open: open === 1 };
}

export function readMark(db: LogDatabase, name: string): string | undefined {
  return db.sql<{ value: string }>("SELECT value FROM marks WHERE name = ?").get(name)?.value;
}

function intentIn(db: LogDatabase): SealIntent | undefined {
  const text = readMark(db, "sealing");
  return text === undefined ? undefined : (JSON.parse(text) as SealIntent);
}

export function tombstonesIn(db: LogDatabase): Tombstone[] {
  return db
    .sql<Tombstone>(
      `SELECT id, tenant, query, from_ms AS fromMs, to_ms AS toMs, up_to_seq AS upToSeq FROM tombstones ORDER BY id`,
    )
    .all();
}
