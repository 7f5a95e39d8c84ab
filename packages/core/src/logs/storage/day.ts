// One file a UTC day with the chunks of its entries: keeping less is removing files.
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Labels } from "../entry.ts";
import type { Chunk, ChunkHead } from "./chunk.ts";
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

interface Row {
  readonly id: number;
  readonly tenant: string;
  readonly min_ms: number;
  readonly max_ms: number;
  readonly min_seq: number;
  readonly max_seq: number;
  readonly entries: number;
  readonly raw_bytes: number;
  readonly about: string;
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

/** Chunks of a tenant that may hold entries from `fromMs` to before `toMs`, those with the latest entries first. */
export function chunksIn(
  db: LogDatabase,
  p: { readonly tenant: string; readonly fromMs: number; readonly toMs: number; readonly sealed: number },
): ChunkRow[] {
  return db
    .sql<Row>(
      `SELECT id, tenant, min_ms, max_ms, min_seq, max_seq, entries, raw_bytes, about, tokens FROM chunks
       WHERE tenant = ? AND max_ms >= ? AND min_ms < ? AND sealed_to <= ? ORDER BY max_ms DESC, id DESC`,
    )
    .all(p.tenant, p.fromMs, p.toMs, p.sealed)
    .map(({ about, tokens, ...row }) => ({
      ...(JSON.parse(about) as About),
      id: row.id,
      tenant: row.tenant,
      minMs: row.min_ms,
      maxMs: row.max_ms,
      minSeq: row.min_seq,
      maxSeq: row.max_seq,
      entries: row.entries,
      rawBytes: row.raw_bytes,
      tokens: tokens ?? undefined,
    }));
}

export function bodyOf(db: LogDatabase, id: number): { readonly body: Uint8Array; readonly sum: string } | undefined {
  return db.sql<{ body: Uint8Array; sum: string }>("SELECT body, sum FROM chunks WHERE id = ?").get(id) ?? undefined;
}

export function countsOf(db: LogDatabase, id: number): Uint8Array | undefined {
  return db.sql<{ counts: Uint8Array }>("SELECT counts FROM chunks WHERE id = ?").get(id)?.counts;
}

/** Labels of every stream of a day, as far as chunks go. */
export function streamsIn(db: LogDatabase, p: { readonly tenant: string; readonly sealed: number }): Labels[] {
  const rows = db
    .sql<{ about: string }>("SELECT about FROM chunks WHERE tenant = ? AND sealed_to <= ?")
    .all(p.tenant, p.sealed);
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
