// One view of everything that is kept: each entry from the head or from a chunk, never from both, while sealing goes on.
import { existsSync } from "node:fs";
import type { Labels } from "../entry.ts";
import { decodeChunk, sumOf } from "./chunk.ts";
import { LogDatabase } from "./database.ts";
import { bodyOf, chunksIn, countsOf, daysIn, streamsIn } from "./day.ts";
import type { ChunkRow } from "./day.ts";
import { dayFile, dayOf, headFile, readMark, timeMsMax, tombstonesIn } from "./head.ts";
import type { Tombstone } from "./head.ts";
import { rowsOf } from "./rows.ts";
import type { Rows } from "./rows.ts";
import { headBatches } from "./sealing.ts";
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
  /** Number of the last entry that is in it. */
  readonly lastSeq: number;
  readonly tombstones: readonly Tombstone[];
  readonly #damage: Damage[] = [];

  private constructor(p: {
    readonly head: LogDatabase;
    readonly days: ReadonlyMap<string, LogDatabase>;
    readonly sealed: number;
    readonly damage: readonly Damage[];
  }) {
    this.#head = p.head;
    this.#days = p.days;
    this.#sealed = p.sealed;
    this.#damage.push(...p.damage);
    const found = p.head.sql<{ last: number | null }>("SELECT max(last_seq) AS last FROM batches").get();
    this.lastSeq = Math.max(found?.last ?? 0, p.sealed);
    this.tombstones = tombstonesIn(p.head);
  }

  /** Of the days from `fromMs` to before `toMs`. The folder has a head. To be closed. */
  static open(folder: string, span: Pick<Span, "fromMs" | "toMs">): Snapshot {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const head = new LogDatabase(headFile(folder), "read");
      const before = sealedIn(head);
      const { days, damage } = openDays(folder, daysOf(folder, span));
      // From here on neither changes under the reader. What was sealed up to `before` stands in files that were there to open.
      head.run("BEGIN");
      const sealed = sealedIn(head);
      if (sealed === before) return new Snapshot({ head, days, sealed, damage });
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
    for (const { entries } of headBatches(this.#head, { above, to: this.lastSeq, tenant: span.tenant, damaged })) {
      const kept = entries.filter(({ timeMs }) => timeMs >= span.fromMs && timeMs < span.toMs);
      if (kept.length === 0) continue;
      const maxMs = kept.reduce((max, { timeMs }) => Math.max(max, timeMs), -Infinity);
      const rows = rowsOf(kept);
      yield { chunk: undefined, maxMs, counts: () => undefined, rows: () => rows };
    }
    for (const day of [...this.#days.keys()].toSorted().toReversed()) yield* this.#partsOfDay(day, span, aboveSeq);
  }

  *#partsOfDay(day: string, span: Span, aboveSeq: number): Generator<Part> {
    const db = this.#days.get(day);
    if (db === undefined) return;
    const listed = { tenant: span.tenant, sealed: this.#sealed, ...within(span) };
    const chunks = this.#guarded({ file: day, id: 0 }, () => chunksIn(db, listed)) ?? [];
    for (const chunk of chunks) {
      if (chunk.maxSeq <= aboveSeq) continue;
      yield {
        chunk,
        maxMs: chunk.maxMs,
        counts: () => this.#guarded({ file: day, id: chunk.id }, () => countsOf(db, chunk.id)),
        rows: () => this.#guarded({ file: day, id: chunk.id }, () => readChunk(db, chunk)),
      };
    }
  }

  /** Labels of every stream that has entries in these days. */
  streams(tenant: string): Labels[] {
    const found: Labels[] = [];
    const damaged = (damage: Damage): void => void this.#damage.push(damage);
    for (const { entries } of headBatches(this.#head, { above: this.#sealed, to: this.lastSeq, tenant, damaged })) {
      for (const { labels } of entries) if (found.at(-1) !== labels) found.push(labels);
    }
    for (const [day, db] of this.#days) {
      found.push(...(this.#guarded({ file: day, id: 0 }, () => streamsIn(db, { tenant, sealed: this.#sealed })) ?? []));
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

function daysOf(folder: string, { fromMs, toMs }: Pick<Span, "fromMs" | "toMs">): string[] {
  const [first, last] = [dayOf(Math.max(0, fromMs)), dayOf(Math.min(timeMsMax, Math.max(0, toMs)))];
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
