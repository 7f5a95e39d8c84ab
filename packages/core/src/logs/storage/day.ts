// One file a UTC day with the chunks of its entries: keeping less is removing files.
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Labels } from "../entry.ts";
import type { Chunk, ChunkHead } from "./chunk.ts";
import { sumOf } from "./chunk.ts";
import { inTransaction, openToWrite } from "./database.ts";
import type { LogDatabase } from "./database.ts";
import { dayFile } from "./head.ts";
import { untold } from "./steps.ts";
import type { StepTold } from "./steps.ts";

const daySchema = `
CREATE TABLE IF NOT EXISTS chunks (
  id INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  sealed_to INTEGER NOT NULL,
  min_ms INTEGER NOT NULL,
  max_ms INTEGER NOT NULL,
  min_seq INTEGER NOT NULL,
  max_seq INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  raw_bytes INTEGER NOT NULL,
  about TEXT NOT NULL,
  counts BLOB NOT NULL,
  tokens BLOB,
  sum TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS chunks_by_time ON chunks (tenant, max_ms);
CREATE INDEX IF NOT EXISTS chunks_by_seal ON chunks (sealed_to);
`;

/** What stands in `about`. */
type About = Pick<ChunkHead, "streams" | "fields" | "complete" | "longestToken">;

/** A chunk as its row says, without its body. */
export interface ChunkRow extends ChunkHead {
  readonly id: number;
  readonly tokens: Uint8Array | undefined;
}

interface HeadRow {
  readonly tenant: string;
  readonly min_ms: number;
  readonly max_ms: number;
  readonly min_seq: number;
  readonly max_seq: number;
  readonly entries: number;
  readonly raw_bytes: number;
  readonly about: string;
}

interface Row extends HeadRow {
  readonly id: number;
  readonly tokens: Uint8Array | null;
}

/** Puts the chunks of one sealing into a day's file, in one commit; leftovers of one that came to nothing go with it. */
export function putChunks(p: {
  readonly folder: string;
  readonly day: string;
  /** Entries up to this number were sealed before. */
  readonly sealed: number;
  readonly to: number;
  readonly chunks: readonly Chunk[];
  readonly step?: StepTold | undefined;
}): void {
  const step = p.step ?? untold;
  const db = openToWrite(dayFile(p.folder, p.day), daySchema);
  try {
    step("chunks");
    inTransaction(db, () => {
      db.sql("DELETE FROM chunks WHERE sealed_to > ?").run(p.sealed);
      for (const chunk of p.chunks) insertChunk(db, p.to, chunk);
    });
    step("chunks written");
  } finally {
    db.close();
  }
}

function insertChunk(db: LogDatabase, to: number, { head, body, counts, tokens, sum }: Chunk): void {
  const about: About = {
    streams: head.streams,
    fields: head.fields,
    complete: head.complete,
    longestToken: head.longestToken,
  };
  db.sql(
    `INSERT INTO chunks (tenant, sealed_to, min_ms, max_ms, min_seq, max_seq, entries, raw_bytes, about, counts, tokens, sum, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    head.tenant,
    to,
    head.minMs,
    head.maxMs,
    head.minSeq,
    head.maxSeq,
    head.entries,
    head.rawBytes,
    JSON.stringify(about),
    counts,
    tokens ?? null,
    sum,
    body,
  );
}

/** Takes out what a sealing that came to nothing has left in a day's file. */
export function dropUnsealed(p: { readonly folder: string; readonly day: string; readonly sealed: number }): void {
  if (!existsSync(dayFile(p.folder, p.day))) return;
  const db = openToWrite(dayFile(p.folder, p.day), daySchema);
  try {
    db.sql("DELETE FROM chunks WHERE sealed_to > ?").run(p.sealed);
  } finally {
    db.close();
  }
}

/** Puts others in the place of some chunks, in one commit. `sealed_to` stays: what readers have counted stays counted. */
export function replaceChunks(p: {
  readonly folder: string;
  readonly day: string;
  readonly replaced: readonly { readonly id: number; readonly by: Chunk | undefined }[];
  readonly step?: StepTold | undefined;
}): void {
  const step = p.step ?? untold;
  const db = openToWrite(dayFile(p.folder, p.day), daySchema);
  try {
    step("rewrite");
    inTransaction(db, () => {
      for (const { id, by } of p.replaced) {
        const row = db.sql<{ sealed_to: number }>("SELECT sealed_to FROM chunks WHERE id = ?").get(id);
        if (row === null) continue;
        db.sql("DELETE FROM chunks WHERE id = ?").run(id);
        if (by !== undefined) insertChunk(db, row.sealed_to, by);
      }
    });
    step("rewritten");
  } finally {
    db.close();
  }
}

/** Which chunks of a day's file count: those that were sealed, and are not read from an archive. */
export interface Counted {
  readonly sealed: number;
  /** Those sealed up to this number stand in an archive; none without it. */
  readonly archived?: number | undefined;
}

/** Chunks of a tenant that may hold entries from `fromMs` to before `toMs`, those with the latest entries first. */
export function chunksIn(
  db: LogDatabase,
  p: Counted & { readonly tenant: string; readonly fromMs: number; readonly toMs: number },
): ChunkRow[] {
  return db
    .sql<Row>(
      `SELECT id, tenant, min_ms, max_ms, min_seq, max_seq, entries, raw_bytes, about, tokens FROM chunks
       WHERE tenant = ? AND max_ms >= ? AND min_ms < ? AND sealed_to <= ? AND sealed_to > ? ORDER BY max_ms DESC, id DESC`,
    )
    .all(p.tenant, p.fromMs, p.toMs, p.sealed, p.archived ?? 0)
    .map((row) => ({ ...headOf(row), id: row.id, tokens: row.tokens ?? undefined }));
}

function headOf(row: HeadRow): ChunkHead {
  return {
    ...(JSON.parse(row.about) as About),
    tenant: row.tenant,
    minMs: row.min_ms,
    maxMs: row.max_ms,
    minSeq: row.min_seq,
    maxSeq: row.max_seq,
    entries: row.entries,
    rawBytes: row.raw_bytes,
  };
}

/** Whole chunks, those of a tenant together and in time. Throws a `RangeError` for one whose checksum is wrong. */
export function* wholeChunks(db: LogDatabase, p: Counted): Generator<Chunk> {
  const ids = db
    .sql<{ id: number }>("SELECT id FROM chunks WHERE sealed_to <= ? AND sealed_to > ? ORDER BY tenant, min_ms, id")
    .all(p.sealed, p.archived ?? 0);
  for (const { id } of ids) {
    const row = db
      .sql<HeadRow & { counts: Uint8Array; tokens: Uint8Array | null; sum: string; body: Uint8Array }>(
        "SELECT * FROM chunks WHERE id = ?",
      )
      .get(id);
    if (row === null) continue;
    if (sumOf(row.body) !== row.sum) throw new RangeError(`the checksum of chunk ${id} is wrong`);
    yield { head: headOf(row), body: row.body, counts: row.counts, tokens: row.tokens ?? undefined, sum: row.sum };
  }
}

/** Takes out what is read from an archive, and the whole file where nothing else is in it. Nothing seals meanwhile. */
export function dropArchived(p: {
  readonly folder: string;
  readonly day: string;
  readonly upTo: number;
  readonly step?: StepTold | undefined;
}): void {
  if (!existsSync(dayFile(p.folder, p.day))) return;
  const step = p.step ?? untold;
  step("drop");
  const db = openToWrite(dayFile(p.folder, p.day), daySchema);
  let left: number;
  try {
    left =
      db.sql<{ count: number }>("SELECT count(*) AS count FROM chunks WHERE sealed_to > ?").get(p.upTo)?.count ?? 0;
    if (left > 0) {
      db.sql("DELETE FROM chunks WHERE sealed_to <= ?").run(p.upTo);
      db.run("PRAGMA incremental_vacuum");
    }
  } finally {
    db.close();
  }
  if (left === 0) removeDay(p.folder, p.day);
  step("dropped");
}

/** Puts chunks back that count only once the day is no longer one of an archive up to `upTo`. One commit. */
export function bringBack(p: {
  readonly folder: string;
  readonly day: string;
  readonly upTo: number;
  readonly chunks: Iterable<Chunk>;
  /** Others of them that are there already go. */
  readonly isFirst: boolean;
  readonly step?: StepTold | undefined;
}): void {
  const step = p.step ?? untold;
  const db = openToWrite(dayFile(p.folder, p.day), daySchema);
  try {
    step("bring back");
    inTransaction(db, () => {
      if (p.isFirst) db.sql("DELETE FROM chunks WHERE sealed_to <= ?").run(p.upTo);
      for (const chunk of p.chunks) insertChunk(db, p.upTo, chunk);
    });
    step("brought back");
  } finally {
    db.close();
  }
}

export function bodyOf(db: LogDatabase, id: number): { readonly body: Uint8Array; readonly sum: string } | undefined {
  return db.sql<{ body: Uint8Array; sum: string }>("SELECT body, sum FROM chunks WHERE id = ?").get(id) ?? undefined;
}

export function countsOf(db: LogDatabase, id: number): Uint8Array | undefined {
  return db.sql<{ counts: Uint8Array }>("SELECT counts FROM chunks WHERE id = ?").get(id)?.counts;
}

/** Labels of every stream of a day, as far as chunks go. */
export function streamsIn(db: LogDatabase, p: Counted & { readonly tenant: string }): Labels[] {
  const rows = db
    .sql<{ about: string }>("SELECT about FROM chunks WHERE tenant = ? AND sealed_to <= ? AND sealed_to > ?")
    .all(p.tenant, p.sealed, p.archived ?? 0);
  return rows.flatMap(({ about }) => [...(JSON.parse(about) as About).streams]);
}

/** The days that have a file, oldest first, with the bytes these take. */
export function daysIn(folder: string): { readonly day: string; readonly bytes: number }[] {
  const days = new Map<string, number>();
  for (const name of readdirSync(folder)) {
    const day = /^(\d{4}-\d\d-\d\d)\.db(?:-wal|-shm)?$/.exec(name)?.[1];
    if (day !== undefined) days.set(day, (days.get(day) ?? 0) + (sizeOf(join(folder, name)) ?? 0));
  }
  return [...days].map(([day, bytes]) => ({ day, bytes })).toSorted((a, b) => (a.day < b.day ? -1 : 1));
}

/** Undefined for a file that has gone meanwhile. */
function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

/** Removes the files of a day. The main one goes first: without it the others mean nothing. */
export function removeDay(folder: string, day: string): void {
  const file = dayFile(folder, day);
  for (const suffix of ["", "-wal", "-shm"]) rmSync(file + suffix, { force: true });
}
