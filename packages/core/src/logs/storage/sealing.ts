// From the head into chunks: entries of a stream side by side in time, small streams together, each day into its own file.
import type { LogDatabase } from "./database.ts";
import type { Labels, StoredEntry } from "../entry.ts";
import { streamKey } from "../labels.ts";
import { encodeChunk, sumOf } from "./chunk.ts";
import type { Chunk } from "./chunk.ts";
import { putChunks } from "./day.ts";
import { dayOf } from "./head.ts";
import { entriesOf } from "./frame.ts";
import type { StepTold } from "./steps.ts";

/** Bytes that an entry takes besides its texts, for cutting chunks. */
const entryBytes = 16;
const dayMs = 86_400_000;

/** Something that was to be read and is damaged. */
export interface Damage {
  /** `head`, or the day. */
  readonly file: string;
  /** Of the batch or the chunk. */
  readonly id: number;
  readonly why: string;
}

export interface HeadBatch {
  readonly tenant: string;
  readonly rawBytes: number;
  readonly entries: readonly StoredEntry[];
}

/** Batches of the head above a number, in order. What is damaged is told and left out. */
export function* headBatches(
  db: LogDatabase,
  p: {
    readonly above: number;
    readonly to: number;
    readonly tenant?: string | undefined;
    readonly damaged: (damage: Damage) => void;
  },
): Generator<HeadBatch> {
  const ids = db
    .sql<{ id: number; tenant: string }>(
      "SELECT last_seq AS id, tenant FROM batches WHERE last_seq > ? AND last_seq <= ? ORDER BY last_seq",
    )
    .all(p.above, p.to);
  for (const { id, tenant } of ids) {
    if (p.tenant !== undefined && tenant !== p.tenant) continue;
    const row = db
      .sql<{ first_seq: number; raw_bytes: number; sum: string; body: Uint8Array }>(
        "SELECT first_seq, raw_bytes, sum, body FROM batches WHERE last_seq = ?",
      )
      .get(id);
    if (row === null) continue;
    const entries = readBatch(row);
    if (typeof entries === "string") p.damaged({ file: "head", id, why: entries });
    else yield { tenant, rawBytes: row.raw_bytes, entries };
  }
}

/** Why it cannot be read, where it cannot. */
function readBatch(row: { first_seq: number; sum: string; body: Uint8Array }): StoredEntry[] | string {
  if (sumOf(row.body) !== row.sum) return "the checksum is wrong";
  try {
    return entriesOf(Bun.zstdDecompressSync(row.body), row.first_seq);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The days that entries of the head belong to. */
export function daysOfHead(db: LogDatabase, p: { readonly above: number; readonly to: number }): string[] {
  const rows = db
    .sql<{ day: string }>(
      "SELECT DISTINCT value AS day FROM batches, json_each(batches.days) WHERE last_seq > ? AND last_seq <= ?",
    )
    .all(p.above, p.to);
  return rows.map(({ day }) => day).toSorted();
}

export interface Sealed {
  readonly chunks: number;
  readonly entries: number;
  readonly damaged: readonly Damage[];
}

/** Writes the chunks of what stands in the head. Nobody counts them before the head was truncated. */
export function sealHead(p: {
  readonly folder: string;
  /** Of the head, to read. */
  readonly head: LogDatabase;
  readonly from: number;
  readonly to: number;
  readonly chunkBytesMax: number;
  /** Days before this one are not kept any more. */
  readonly oldestDay?: string | undefined;
  readonly step?: StepTold | undefined;
}): Sealed {
  const damaged: Damage[] = [];
  const groups = new Map<string, Group>();
  const told = (damage: Damage): void => void damaged.push(damage);
  for (const { tenant, entries } of headBatches(p.head, { above: p.from, to: p.to, damaged: told })) {
    let group: Group | undefined;
    let [fromMs, toMs] = [0, 0];
    for (const entry of entries) {
      // Most are of the day of the one before.
      if (group === undefined || entry.timeMs < fromMs || entry.timeMs >= toMs) {
        group = groupOf(groups, tenant, dayOf(entry.timeMs));
        fromMs = Math.floor(entry.timeMs / dayMs) * dayMs;
        toMs = fromMs + dayMs;
      }
      group.entries.push(entry);
    }
  }
  const days = new Map<string, Chunk[]>();
  let entries = 0;
  for (const { tenant, day, entries: found } of groups.values()) {
    if (p.oldestDay !== undefined && day < p.oldestDay) continue;
    entries += found.length;
    const chunks = days.get(day) ?? [];
    for (const part of cutIntoChunks(found, p.chunkBytesMax)) chunks.push(encodeChunk(tenant, part));
    days.set(day, chunks);
  }
  const { folder, from, to, step } = p;
  for (const [day, chunks] of days) putChunks({ folder, day, sealed: from, to, chunks, step });
  return { chunks: [...days.values()].reduce((sum, { length }) => sum + length, 0), entries, damaged };
}

interface Group {
  readonly tenant: string;
  readonly day: string;
  readonly entries: StoredEntry[];
}

function groupOf(groups: Map<string, Group>, tenant: string, day: string): Group {
  const key = JSON.stringify([tenant, day]);
  const known = groups.get(key) ?? { tenant, day, entries: [] };
  groups.set(key, known);
  return known;
}

/** In the order in which entries stand in chunks: by stream, then as they happened. */
function* cutIntoChunks(entries: readonly StoredEntry[], bytesMax: number): Generator<StoredEntry[]> {
  const keys = new Map<Labels, string>();
  const streams = Map.groupBy(entries, ({ labels }) => {
    const known = keys.get(labels) ?? streamKey(labels);
    keys.set(labels, known);
    return known;
  });
  const small: StoredEntry[] = [];
  for (const key of [...streams.keys()].toSorted()) {
    const found = (streams.get(key) ?? []).toSorted(byTime);
    const size = found.reduce((sum, entry) => sum + sizeOf(entry), 0);
    // A stream that fills half a chunk has its own: a query for it unpacks nobody else's entries.
    if (size * 2 >= bytesMax) yield* cutBySize(found, bytesMax);
    else for (const entry of found) small.push(entry);
  }
  yield* cutBySize(small, bytesMax);
}

function* cutBySize(entries: readonly StoredEntry[], bytesMax: number): Generator<StoredEntry[]> {
  let part: StoredEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = sizeOf(entry);
    if (part.length > 0 && bytes + size > bytesMax) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(entry);
    bytes += size;
  }
  if (part.length > 0) yield part;
}

/** Oldest first; entries of one moment in the order in which they came. */
export function byTime(a: StoredEntry, b: StoredEntry): number {
  return a.timeMs - b.timeMs || a.subNs - b.subNs || a.seq - b.seq;
}

function sizeOf({ line, fields }: StoredEntry): number {
  let size = line.length + entryBytes;
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    size += name.length + (typeof value === "string" ? value.length : 8);
  }
  return size;
}
