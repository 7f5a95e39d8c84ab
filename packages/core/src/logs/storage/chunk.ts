// A chunk: many entries as compressed columns, and what can be known of them without unpacking any.
import type { FieldValue, Labels, StoredEntry } from "../entry.ts";
import { streamKey } from "../labels.ts";
import { hashOf, tokenFilterWith } from "./bloom.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { codes, deltasOf, fieldColumn, packed, readDeltas, readField, readTexts } from "./columns.ts";
import type { PackedColumn } from "./columns.ts";
import { Pieces } from "./line-pieces.ts";
import { once } from "./rows.ts";
import type { FieldColumn, Rows } from "./rows.ts";
import { TemplateTexts } from "./template-texts.ts";
import { templatesOf } from "./template-writer.ts";
import { textColumn } from "./texts.ts";
import type { PlainTexts, TextColumn } from "./texts.ts";

const chunkVersion = 1;
/** Values of a field that are listed in the zone. */
const zoneValuesMax = 8;
const zoneValueCharsMax = 64;
/** Fields that the zone says something about. */
const zoneFieldsMax = 64;
const minuteMs = 60_000;

/** What can be known of one field: filters that cannot fit any row skip the chunk. */
interface FieldZone {
  /** Every value there is, where they are few and short. */
  readonly values?: readonly FieldValue[];
  /** Where every value is a number. */
  readonly min?: number;
  readonly max?: number;
}

/** What is known of a chunk before it is unpacked. */
export interface ChunkHead {
  readonly tenant: string;
  readonly entries: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly minSeq: number;
  readonly maxSeq: number;
  readonly rawBytes: number;
  readonly streams: readonly Labels[];
  /** By name. A field that is not listed may be anything; `complete` says that those not listed are not there. */
  readonly fields: Readonly<Record<string, FieldZone>>;
  readonly complete: boolean;
  /** Bytes of the longest token. */
  readonly longestToken: number;
}

export interface Chunk {
  readonly head: ChunkHead;
  readonly body: Uint8Array;
  /** Entries by minute and level, as `countsOf` reads them. */
  readonly counts: Uint8Array;
  /** Filter of tokens; undefined where it does not pay. */
  readonly tokens: Uint8Array | undefined;
  /** Of `body`. */
  readonly sum: string;
}

/** What chunks and frames are checked with: it finds flipped bits, nobody who flips them on purpose. */
export function sumOf(bytes: Uint8Array): string {
  return Bun.hash.xxHash64(bytes).toString(16);
}

/** Packs entries as they are given: similar ones beside one another. There is at least one. */
export function encodeChunk(tenant: string, entries: readonly StoredEntry[]): Chunk {
  const places = new Map<string, number>();
  const streams: Labels[] = [];
  let [last, lastPlace]: [Labels | undefined, number] = [undefined, 0];
  const stream = entries.map(({ labels }) => {
    // Entries of one batch share the object: to spell it each time would cost more than all else.
    if (labels === last) return lastPlace;
    const key = streamKey(labels);
    const known = places.get(key) ?? places.size;
    if (known === places.size) streams.push(labels);
    places.set(key, known);
    [last, lastPlace] = [labels, known];
    return known;
  });
  const lines = textColumn(entries.map(({ line }) => line));
  const times = entries.map(({ timeMs }) => timeMs);
  const levels = entries.map(({ level }) => level);
  const ids = new Set<number>();
  const pieces = new Pieces((bytes, from, to) => void ids.add(hashOf(bytes, from, to)));
  const columns: PackedColumn[] = [
    packed("@time", codes.deltas, deltasOf(times)),
    packed("@seq", codes.deltas, deltasOf(entries.map(({ seq }) => seq))),
    packed("@level", codes.deltas, deltasOf(levels)),
    { name: "@line", code: codes.templates, packed: false, bytes: templatesOf(lines, pieces, times).taken() },
  ];
  if (entries.some(({ subNs }) => subNs !== 0)) {
    columns.push(packed("@sub", codes.deltas, deltasOf(entries.map(({ subNs }) => subNs))));
  }
  if (streams.length > 1) columns.push(packed("@stream", codes.deltas, deltasOf(stream)));
  const fields = fieldsOf(entries);
  for (const [name, values] of fields.values) columns.push(fieldColumn(`.${name}`, values));
  const { bits, longest } = tokenFilterWith(ids, {
    texts: fields.texts,
    longest: pieces.longest,
    total: lines.bytes.length,
  });
  const body = bodyOf(entries.length, columns);
  const head = { ...boundsOf(tenant, entries), streams, ...fields.zones, longestToken: longest };
  const rawBytes = lines.bytes.length + fields.rawBytes;
  return { head: { ...head, rawBytes }, body, counts: countedOf(times, levels), tokens: bits, sum: sumOf(body) };
}

function boundsOf(
  tenant: string,
  entries: readonly StoredEntry[],
): Pick<ChunkHead, "tenant" | "entries" | "minMs" | "maxMs" | "minSeq" | "maxSeq"> {
  let [minMs, maxMs, minSeq, maxSeq] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { timeMs, seq } of entries) {
    minMs = Math.min(minMs, timeMs);
    maxMs = Math.max(maxMs, timeMs);
    minSeq = Math.min(minSeq, seq);
    maxSeq = Math.max(maxSeq, seq);
  }
  return { tenant, entries: entries.length, minMs, maxMs, minSeq, maxSeq };
}

function fieldsOf(entries: readonly StoredEntry[]): {
  readonly values: ReadonlyMap<string, readonly (FieldValue | undefined)[]>;
  readonly zones: Pick<ChunkHead, "fields" | "complete">;
  /** Texts of fields, for the filter of tokens. */
  readonly texts: readonly PlainTexts[];
  readonly rawBytes: number;
} {
  const values = new Map<string, (FieldValue | undefined)[]>();
  for (let row = 0; row < entries.length; row++) {
    const fields = entries[row]?.fields ?? {};
    for (const name of Object.keys(fields)) {
      let column = values.get(name);
      if (column === undefined) values.set(name, (column = Array.from({ length: entries.length })));
      column[row] = fields[name];
    }
  }
  const zones = Object.create(null) as Record<string, FieldZone>;
  const texts: PlainTexts[] = [];
  let rawBytes = 0;
  for (const [name, sparse] of values) {
    // Holes of an array are skipped by its methods.
    const column = Array.from(sparse);
    values.set(name, column);
    const there = column.filter((value) => value !== undefined);
    const spelled = textColumn([...new Set(there)].map(String));
    texts.push(spelled);
    rawBytes += there.length * (spelled.bytes.length / Math.max(1, spelled.starts.length - 1));
    if (Object.keys(zones).length < zoneFieldsMax) zones[name] = zoneOf(there);
  }
  const complete = values.size <= zoneFieldsMax;
  return { values, zones: { fields: zones, complete }, texts, rawBytes: Math.round(rawBytes) };
}

function zoneOf(values: readonly FieldValue[]): FieldZone {
  const distinct = new Set<FieldValue>();
  let [min, max] = [Infinity, -Infinity];
  for (const value of values) {
    if (distinct.size <= zoneValuesMax) distinct.add(value);
    if (typeof value !== "number" || !Number.isFinite(value)) {
      [min, max] = [-Infinity, Infinity];
      continue;
    }
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  const short = [...distinct].every((value) => String(value).length <= zoneValueCharsMax);
  const listed = distinct.size <= zoneValuesMax && short && Number.isFinite(min + max);
  const texts = [...distinct].every((value) => typeof value !== "number");
  return {
    ...(listed || (texts && short && distinct.size <= zoneValuesMax) ? { values: [...distinct] } : {}),
    ...(Number.isFinite(min) && Number.isFinite(max) ? { min, max } : {}),
  };
}

/** Entries by minute and level: a histogram needs nothing else of a chunk, or of a piece of the head. */
export function countedOf(timeMs: ArrayLike<number>, levels: ArrayLike<number>): Uint8Array {
  const counts = new Map<number, number>();
  for (let row = 0; row < timeMs.length; row++) {
    const key = Math.floor((timeMs[row] ?? 0) / minuteMs) * 8 + (levels[row] ?? 0);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const body = new ByteWriter();
  let before = 0;
  body.varint(counts.size);
  for (const [key, count] of [...counts].toSorted(([a], [b]) => a - b)) {
    body.zigzag(key - before);
    body.varint(count);
    before = key;
  }
  return body.taken();
}

/** Calls back for each minute and level of a chunk. `minute`: since 1970. */
export function eachCount(
  counts: Uint8Array,
  told: (p: { readonly minute: number; readonly level: number; readonly count: number }) => void,
): void {
  const reader = new ByteReader(counts);
  let key = 0;
  for (let left = reader.varint(); left > 0; left--) {
    key += reader.zigzag();
    const level = ((key % 8) + 8) % 8;
    told({ minute: (key - level) / 8, level, count: reader.varint() });
  }
}

function bodyOf(count: number, columns: readonly PackedColumn[]): Uint8Array {
  const out = new ByteWriter();
  out.byte(chunkVersion);
  out.varint(count);
  out.varint(columns.length);
  for (const { name, code, packed: isPacked, bytes } of columns) {
    out.text(name);
    out.byte(code);
    out.byte(isPacked ? 1 : 0);
    out.varint(bytes.length);
  }
  for (const { bytes } of columns) out.raw(bytes);
  return out.taken();
}

interface Place {
  readonly code: number;
  readonly packed: boolean;
  readonly at: number;
  readonly length: number;
}

/** Chunks of before there were templates have their lines as texts. */
function linesOf(
  code: number | undefined,
  bytes: Uint8Array | undefined,
  p: { readonly count: number; readonly timeMs: () => Float64Array },
): TextColumn {
  if (code === codes.templates && bytes !== undefined) return new TemplateTexts(bytes, p);
  return readTexts(bytes ?? new Uint8Array(0), p.count);
}

/** The rows of a chunk whose checksum was right. Throws a `RangeError` for a body that cannot be read. */
export function decodeChunk(body: Uint8Array, streams: readonly Labels[]): Rows {
  const reader = new ByteReader(body);
  if (reader.byte() !== chunkVersion) throw new RangeError("the chunk is of another version");
  const count = reader.varint();
  const listed: (Omit<Place, "at"> & { readonly name: string })[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    const [name, code, isPacked] = [reader.text(), reader.byte(), reader.byte() === 1];
    listed.push({ name, code, packed: isPacked, length: reader.varint() });
  }
  const places = new Map<string, Place>();
  let at = reader.at;
  for (const { name, ...place } of listed) {
    places.set(name, { ...place, at });
    at += place.length;
  }
  const bytesOf = (name: string): Uint8Array | undefined => {
    const place = places.get(name);
    if (place === undefined) return undefined;
    const bytes = body.subarray(place.at, place.at + place.length);
    return place.packed ? Bun.zstdDecompressSync(bytes) : bytes;
  };
  const numbers = (name: string): Float64Array => {
    const bytes = bytesOf(name);
    return bytes === undefined ? new Float64Array(count) : readDeltas(bytes, count);
  };
  const fields = new Map<string, FieldColumn>();
  const timeMs = once(() => numbers("@time"));
  return {
    count,
    streams,
    seq: once(() => numbers("@seq")),
    timeMs,
    subNs: once(() => numbers("@sub")),
    level: once(() => Uint8Array.from(numbers("@level"))),
    stream: once(() => Uint32Array.from(numbers("@stream"))),
    line: once(() => linesOf(places.get("@line")?.code, bytesOf("@line"), { count, timeMs })),
    fieldNames: [...places.keys()].filter((name) => name.startsWith(".")).map((name) => name.slice(1)),
    field: (name) => {
      const known = fields.get(name);
      const place = places.get(`.${name}`);
      if (known !== undefined || place === undefined) return known;
      const column = readField(place.code, bytesOf(`.${name}`) ?? new Uint8Array(0), count);
      fields.set(name, column);
      return column;
    },
  };
}
