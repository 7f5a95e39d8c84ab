// One view of everything that is kept: each entry from the head or from a chunk, never from both, while sealing goes on.
import { existsSync } from "node:fs";
import type { Labels } from "../entry.ts";
import { decodeChunk, sumOf } from "./chunk.ts";
import { archivedDays, catalogVersion } from "../archive/catalog.ts";
import type { ArchivedDay } from "../archive/catalog.ts";
import { ArchiveReads, usualPlace } from "../archive/archive-reads.ts";
import { LogDatabase } from "./database.ts";
import { bodyOf, chunksIn, countsOf, daysIn, streamsIn } from "./day.ts";
import type { ChunkRow, Counted } from "./day.ts";
import { HeadCache } from "./head-cache.ts";
import { dayFile, dayOf, headFile, readMark, timeMsMax, tombstonesIn } from "./head.ts";
import type { Tombstone } from "./head.ts";
import type { Rows } from "./rows.ts";
import type { Damage } from "./sealing.ts";

/** A sealing may end while the files are opened, one after the other; then they are opened again. */
const attemptsMax = 100;

export interface Span {
  readonly tenant: string;
  /** From this moment, */
  readonly fromMs: number;
  /** to before this one. */
  readonly toMs: number;
}

/** A part of what is kept that can be looked at by itself. */
export interface Part {
  /** Undefined for a piece of the head. */
  readonly chunk: ChunkRow | undefined;
  /** Times of its entries; those of a part whose rows have to be looked at may be anything. */
  readonly minMs: number;
  readonly maxMs: number;
  /** Entries by minute and level; undefined where rows have to be counted. */
  readonly counts: () => Uint8Array | undefined;
  /** Undefined where it is damaged, which was told. */
  readonly rows: () => Rows | undefined;
}

export class Snapshot {
  readonly #head: LogDatabase;
  readonly #days: ReadonlyMap<string, LogDatabase>;
  readonly #sealed: number;
  readonly #archived: ReadonlyMap<string, ArchivedDay>;
  readonly #archive: ArchiveReads;
  readonly #pieces: HeadCache;
  /** Number of the last entry that is in it. */
  readonly lastSeq: number;
  readonly tombstones: readonly Tombstone[];
  readonly #damage: Damage[] = [];

  private constructor(p: {
    readonly head: LogDatabase;
    readonly days: ReadonlyMap<string, LogDatabase>;
    readonly sealed: number;
    readonly archived: readonly ArchivedDay[];
    readonly archive: ArchiveReads;
    readonly pieces: HeadCache;
    readonly damage: readonly Damage[];
  }) {
    this.#archived = new Map(p.archived.map((each) => [each.day, each]));
    this.#archive = p.archive;
    this.#pieces = p.pieces;
    this.#head = p.head;
    this.#days = p.days;
    this.#sealed = p.sealed;
    this.#damage.push(...p.damage);
    const found = p.head.sql<{ last: number | null }>("SELECT max(last_seq) AS last FROM batches").get();
    this.lastSeq = Math.max(found?.last ?? 0, p.sealed);
    this.tombstones = tombstonesIn(p.head);
  }

  /** Of the days from `fromMs` to before `toMs`. The folder has a head. `archive`: of the usual place without it. To be closed. */
  static open(
    folder: string,
    span: Pick<Span, "fromMs" | "toMs">,
    { archive, pieces = new HeadCache() }: { readonly archive?: ArchiveReads; readonly pieces?: HeadCache } = {},
  ): Snapshot {
    const { first, last } = reachOf(span);
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const head = new LogDatabase(headFile(folder), "read");
      const before = [sealedIn(head), catalogVersion(head)];
      const { days, damage } = openDays(folder, daysOf(folder, span));
      // From here on neither changes under the reader. What was sealed up to `before` stands in files that were there to open, or
      // in archives that were catalogued.
      head.run("BEGIN");
      const sealed = sealedIn(head);
      if (sealed === before[0] && catalogVersion(head) === before[1]) {
        const archived = archivedDays(head, { first, last });
        const usual = archive ?? ArchiveReads.of(usualPlace(folder).path);
        return new Snapshot({ head, days, sealed, archived, archive: usual, pieces, damage });
      }
      closeAll(head, days);
    }
    throw new Error("the head was sealed each time it was looked at");
  }

  /** What was damaged so far. */
  get damage(): readonly Damage[] {
    return this.#damage;
  }

  /** Everything that may hold entries of the span: the head first, then chunks, those with the latest entries first. */
  *parts(span: Span, aboveSeq = 0): Generator<Part> {
    const damaged = (damage: Damage): void => void this.#damage.push(damage);
    const above = Math.max(this.#sealed, aboveSeq);
    const inHead = { above, to: this.lastSeq, tenant: span.tenant, damaged };
    for (const { rows, minMs, maxMs, counts } of this.#pieces.pieces(this.#head, inHead)) {
      if (maxMs < span.fromMs || minMs >= span.toMs) continue;
      yield { chunk: undefined, minMs, maxMs, counts, rows: () => rows };
    }
    const days = new Set([...this.#days.keys(), ...this.#archived.keys()]);
    for (const day of [...days].toSorted().toReversed()) {
      yield* this.#partsOfDay(day, span, aboveSeq);
      yield* this.#archivedParts(day, span, aboveSeq);
    }
  }

  *#partsOfDay(day: string, span: Span, aboveSeq: number): Generator<Part> {
    const db = this.#days.get(day);
    if (db === undefined) return;
    const listed = { tenant: span.tenant, ...this.#countedOf(day), ...within(span) };
    const chunks = this.#guarded({ file: day, id: 0 }, () => chunksIn(db, listed)) ?? [];
    for (const chunk of chunks) {
      if (chunk.maxSeq <= aboveSeq) continue;
      yield {
        chunk,
        minMs: chunk.minMs,
        maxMs: chunk.maxMs,
        counts: () => this.#guarded({ file: day, id: chunk.id }, () => countsOf(db, chunk.id)),
        rows: () => this.#guarded({ file: day, id: chunk.id }, () => readChunk(db, chunk)),
      };
    }
  }

  #countedOf(day: string): Counted {
    return { sealed: this.#sealed, archived: this.#archived.get(day)?.upTo ?? 0 };
  }

  /** What of a day stands in files of an archive, those with the latest entries first. */
  *#archivedParts(day: string, span: Span, aboveSeq: number): Generator<Part> {
    const batches = (this.#archived.get(day)?.batches ?? []).filter(
      ({ tenants, minMs, maxMs, maxSeq }) =>
        tenants.includes(span.tenant) && maxMs >= span.fromMs && minMs < span.toMs && maxSeq > aboveSeq,
    );
    for (const batch of batches.toSorted((a, b) => b.maxMs - a.maxMs)) {
      const { file, format, minMs, maxMs } = batch;
      if (format === "json") {
        const rows = (): Rows | undefined => this.#guarded({ file, id: 0 }, () => this.#archive.entries(batch));
        yield { chunk: undefined, minMs, maxMs, counts: () => undefined, rows };
        continue;
      }
      const chunks = this.#guarded({ file, id: 0 }, () => this.#archive.chunks(batch, span)) ?? [];
      for (const { row, counts, rows } of chunks.toSorted((a, b) => b.row.maxMs - a.row.maxMs)) {
        if (row.maxSeq <= aboveSeq) continue;
        const guarded = (): Rows | undefined => this.#guarded({ file, id: row.id }, rows);
        yield { chunk: row, minMs: row.minMs, maxMs: row.maxMs, counts: () => counts, rows: guarded };
      }
    }
  }

  /** Labels of every stream that has entries in these days. */
  streams(tenant: string): Labels[] {
    const found: Labels[] = [];
    const damaged = (damage: Damage): void => void this.#damage.push(damage);
    const inHead = { above: this.#sealed, to: this.lastSeq, tenant, damaged };
    for (const { rows } of this.#pieces.pieces(this.#head, inHead)) found.push(...rows.streams);
    for (const [day, db] of this.#days) {
      const counted = this.#countedOf(day);
      found.push(...(this.#guarded({ file: day, id: 0 }, () => streamsIn(db, { tenant, ...counted })) ?? []));
    }
    for (const day of this.#archived.keys()) {
      for (const { chunk, rows } of this.#archivedParts(day, { tenant, fromMs: -Infinity, toMs: Infinity }, 0)) {
        found.push(...(chunk?.streams ?? rows()?.streams ?? []));
      }
    }
    return found;
  }

  close(): void {
    closeAll(this.#head, this.#days);
  }

  /** One damaged piece is told and left out; the rest is read on. */
  #guarded<T>(at: Pick<Damage, "file" | "id">, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      this.#damage.push({ ...at, why: error instanceof Error ? error.message : String(error) });
      return undefined;
    }
  }
}

/** SQLite takes whole numbers only. */
function within({ fromMs, toMs }: Span): Pick<Span, "fromMs" | "toMs"> {
  return { fromMs: Math.max(fromMs, 0), toMs: Math.min(toMs, timeMsMax + 1) };
}

function readChunk(db: LogDatabase, chunk: ChunkRow): Rows {
  const found = bodyOf(db, chunk.id);
  if (found === undefined) throw new Error("the chunk is not there");
  if (sumOf(found.body) !== found.sum) throw new Error("the checksum is wrong");
  return decodeChunk(found.body, chunk.streams);
}

function sealedIn(head: LogDatabase): number {
  return Number(readMark(head, "sealed") ?? 0);
}

function reachOf({ fromMs, toMs }: Pick<Span, "fromMs" | "toMs">): { readonly first: string; readonly last: string } {
  return {
    first: dayOf(Math.min(timeMsMax, Math.max(0, fromMs))),
    last: dayOf(Math.min(timeMsMax, Math.max(0, toMs))),
  };
}

function daysOf(folder: string, span: Pick<Span, "fromMs" | "toMs">): string[] {
  const { first, last } = reachOf(span);
  return daysIn(folder).flatMap(({ day }) => (day >= first && day <= last ? [day] : []));
}

function openDays(
  folder: string,
  wanted: readonly string[],
): { readonly days: Map<string, LogDatabase>; readonly damage: readonly Damage[] } {
  const days = new Map<string, LogDatabase>();
  const damage: Damage[] = [];
  for (const day of wanted) {
    // One that has become too old in this moment is gone.
    if (!existsSync(dayFile(folder, day))) continue;
    try {
      const db = new LogDatabase(dayFile(folder, day), "read");
      days.set(day, db);
      db.run("BEGIN");
      // A transaction begins with the first thing that is read in it.
      const made = db.sql("SELECT 1 FROM sqlite_master WHERE name = 'chunks'").get();
      if (made !== null) continue;
      // Its first sealing is just making it: nothing in it counts yet.
      db.close();
      days.delete(day);
    } catch (error) {
      days.get(day)?.close();
      days.delete(day);
      if (existsSync(dayFile(folder, day))) {
        damage.push({ file: day, id: 0, why: error instanceof Error ? error.message : String(error) });
      }
    }
  }
  return { days, damage };
}

function closeAll(head: LogDatabase, days: ReadonlyMap<string, LogDatabase>): void {
  head.close();
  for (const db of days.values()) db.close();
}
