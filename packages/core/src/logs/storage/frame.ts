// Entries in the order they came, as bytes: what one request becomes on its way to the head, and what stands there.
import type { FieldValue, Labels, LogEntry, StoredEntry } from "../entry.ts";
import { labelsOf, streamKey } from "../labels.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";

const frameVersion = 1;
const dayMs = 86_400_000;
/** Kinds of values. */
const kinds = { text: 0, whole: 1, float: 2, no: 3, yes: 4 } as const;
/** Whole numbers further from 0 are written as floats. */
const wholeMax = 2 ** 51;

/** Collects entries; names and labels that repeat are written once. */
export class FrameWriter {
  readonly #body = new ByteWriter();
  readonly #streams = new Map<string, number>();
  readonly #names = new Map<string, number>();
  readonly #days = new Set<number>();
  #entries = 0;
  #lastMs = 0;
  #rawBytes = 0;

  get entries(): number {
    return this.#entries;
  }

  /** Bytes of lines and fields as they were given. */
  get rawBytes(): number {
    return this.#rawBytes;
  }

  /** UTC days of the entries. */
  get days(): string[] {
    return Array.from(this.#days, (day) => new Date(day * dayMs).toISOString().slice(0, 10));
  }

  /** The number of a stream, for `addTo`. */
  stream(labels: Labels): number {
    return numberOf(this.#streams, streamKey(labels));
  }

  add(entry: LogEntry & { readonly level: number }): void {
    this.addTo(this.stream(entry.labels), entry);
  }

  /** The same where the stream is known: shippers send many entries of one. */
  addTo(stream: number, entry: Omit<LogEntry, "labels"> & { readonly level: number }): void {
    const body = this.#body;
    const before = body.length;
    body.varint(stream);
    body.zigzag(entry.timeMs - this.#lastMs);
    this.#lastMs = entry.timeMs;
    body.varint(entry.subNs);
    body.byte(entry.level);
    body.text(entry.line);
    const names = Object.keys(entry.fields);
    body.varint(names.length);
    for (const name of names) {
      body.varint(numberOf(this.#names, name));
      writeValue(body, entry.fields[name] ?? "");
    }
    this.#days.add(Math.floor(entry.timeMs / dayMs));
    this.#rawBytes += body.length - before;
    this.#entries++;
  }

  taken(): Uint8Array<ArrayBuffer> {
    const out = new ByteWriter();
    out.byte(frameVersion);
    for (const table of [this.#streams, this.#names]) {
      out.varint(table.size);
      for (const text of table.keys()) out.text(text);
    }
    out.varint(this.#entries);
    out.raw(this.#body.taken());
    return out.taken();
  }
}

function numberOf(table: Map<string, number>, text: string): number {
  const known = table.get(text);
  if (known !== undefined) return known;
  table.set(text, table.size);
  return table.size - 1;
}

function writeValue(body: ByteWriter, value: FieldValue): void {
  if (typeof value === "string") {
    body.byte(kinds.text);
    body.text(value);
  } else if (typeof value === "boolean") body.byte(value ? kinds.yes : kinds.no);
  else if (Number.isInteger(value) && Math.abs(value) <= wholeMax) {
    body.byte(kinds.whole);
    body.zigzag(value + 0);
  } else {
    body.byte(kinds.float);
    body.float(value);
  }
}

export function readValue(reader: ByteReader): FieldValue {
  const kind = reader.byte();
  if (kind === kinds.text) return reader.text();
  if (kind === kinds.whole) return reader.zigzag();
  if (kind === kinds.float) return reader.float();
  if (kind === kinds.no || kind === kinds.yes) return kind === kinds.yes;
  throw new RangeError(`there is no kind of value ${kind}`);
}

/** Goes past a value. False where it is no text. */
export function skipValue(reader: ByteReader): boolean {
  const kind = reader.byte();
  if (kind === kinds.text) reader.raw(reader.varint());
  else if (kind === kinds.whole) reader.varint();
  else if (kind === kinds.float) reader.raw(8);
  else if (kind !== kinds.no && kind !== kinds.yes) throw new RangeError(`there is no kind of value ${kind}`);
  return kind === kinds.text;
}

/** What stands before the entries of a frame; the reader is at the first of them. Throws a `RangeError` for bytes that are none. */
export function frameParts(frame: Uint8Array): {
  readonly reader: ByteReader;
  readonly streams: readonly Labels[];
  readonly names: readonly string[];
  readonly count: number;
} {
  const reader = new ByteReader(frame);
  if (reader.byte() !== frameVersion) throw new RangeError("the frame is of another version");
  const streams = listOf(reader).map(labelsOf);
  const names = listOf(reader);
  const count = reader.varint();
  // Each takes several bytes: a damaged count must not make room for more than there can be.
  if (count > frame.length) throw new RangeError("there are fewer entries than the frame says");
  return { reader, streams, names, count };
}

/** The entries of a frame; the first has the number `firstSeq`. Throws a `RangeError` for bytes that are none. */
export function entriesOf(frame: Uint8Array, firstSeq: number): StoredEntry[] {
  const { reader, streams, names, count } = frameParts(frame);
  const entries: StoredEntry[] = [];
  let timeMs = 0;
  for (let i = 0; i < count; i++) {
    const labels = streams[reader.varint()];
    if (labels === undefined) throw new RangeError("an entry is of no stream");
    timeMs += reader.zigzag();
    const subNs = reader.varint();
    const level = reader.byte();
    const line = reader.text();
    entries.push({ seq: firstSeq + i, labels, timeMs, subNs, level, line, fields: fieldsOf(reader, names) });
  }
  return entries;
}

function fieldsOf(reader: ByteReader, names: readonly string[]): Record<string, FieldValue> {
  // Without a prototype: a field may have any name.
  const fields = Object.create(null) as Record<string, FieldValue>;
  for (let left = reader.varint(); left > 0; left--) {
    const name = names[reader.varint()];
    if (name === undefined) throw new RangeError("a field has no name");
    fields[name] = readValue(reader);
  }
  return fields;
}

function listOf(reader: ByteReader): string[] {
  const list: string[] = [];
  for (let left = reader.varint(); left > 0; left--) list.push(reader.text());
  return list;
}
