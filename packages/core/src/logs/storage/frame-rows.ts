// A frame as columns, without an object for each entry: what stands in the head is looked at by every query.
import type { FieldValue, Labels } from "../entry.ts";
import { ByteReader } from "./bytes.ts";
import { entriesOf, frameParts, readValue, skipValue } from "./frame.ts";
import { once, rowsOf } from "./rows.ts";
import type { FieldColumn, Rows } from "./rows.ts";
import { PlainTexts } from "./texts.ts";

/** Places of values that a frame may need, four bytes each. */
const placesMax = 2_000_000;

/** A field of some rows: where the value of each stands in the frame; 0 where there is none. */
interface Places {
  readonly at: Uint32Array;
  isText: boolean;
}

/** The rows of a frame; the first has the number `firstSeq`. Throws a `RangeError` for bytes that are none. */
export function rowsOfFrame(frame: Uint8Array, firstSeq: number): Rows {
  const { reader, streams, names, count } = frameParts(frame);
  // Many fields of few rows each are smaller as objects.
  if (names.length * count > placesMax) return rowsOf(entriesOf(frame, firstSeq));
  const columns = new FrameColumns(count, names);
  let timeMs = 0;
  for (let row = 0; row < count; row++) {
    const stream = reader.varint();
    if (stream >= streams.length) throw new RangeError("an entry is of no stream");
    timeMs += reader.zigzag();
    columns.stream[row] = stream;
    columns.timeMs[row] = timeMs;
    columns.subNs[row] = reader.varint();
    columns.level[row] = reader.byte();
    const length = reader.varint();
    columns.lineAt[row] = reader.at;
    columns.lineBytes[row] = length;
    reader.raw(length);
    for (let left = reader.varint(); left > 0; left--) columns.note(row, reader);
  }
  return columns.rows(frame, { firstSeq, streams });
}

class FrameColumns {
  readonly timeMs: Float64Array;
  readonly subNs: Float64Array;
  readonly level: Uint8Array;
  readonly stream: Uint32Array;
  readonly lineAt: Uint32Array;
  readonly lineBytes: Uint32Array;
  readonly #count: number;
  readonly #names: readonly string[];
  readonly #places: (Places | undefined)[] = [];

  constructor(count: number, names: readonly string[]) {
    this.#count = count;
    this.#names = names;
    this.timeMs = new Float64Array(count);
    this.subNs = new Float64Array(count);
    this.level = new Uint8Array(count);
    this.stream = new Uint32Array(count);
    this.lineAt = new Uint32Array(count);
    this.lineBytes = new Uint32Array(count);
  }

  /** One field of a row, which stands next. */
  note(row: number, reader: ByteReader): void {
    const name = reader.varint();
    if (name >= this.#names.length) throw new RangeError("a field has no name");
    const places = (this.#places[name] ??= { at: new Uint32Array(this.#count), isText: true });
    places.at[row] = reader.at;
    if (!skipValue(reader)) places.isText = false;
  }

  rows(frame: Uint8Array, p: { readonly firstSeq: number; readonly streams: readonly Labels[] }): Rows {
    const fields = new Map<string, FieldColumn>();
    for (const [index, name] of this.#names.entries()) {
      const places = this.#places[index];
      if (places !== undefined) fields.set(name, columnOf(frame, places));
    }
    return {
      count: this.#count,
      streams: p.streams,
      seq: once(() => Float64Array.from({ length: this.#count }, (_, row) => p.firstSeq + row)),
      timeMs: () => this.timeMs,
      subNs: () => this.subNs,
      level: () => this.level,
      stream: () => this.stream,
      line: once(() => this.#lines(frame)),
      fieldNames: [...fields.keys()],
      field: (name) => fields.get(name),
    };
  }

  #lines(frame: Uint8Array): PlainTexts {
    const starts = new Uint32Array(this.#count + 1);
    let total = 0;
    for (let row = 0; row < this.#count; row++) {
      starts[row] = total;
      total += this.lineBytes[row] ?? 0;
    }
    starts[this.#count] = total;
    const bytes = Buffer.allocUnsafe(total);
    for (let row = 0; row < this.#count; row++) {
      const from = this.lineAt[row] ?? 0;
      bytes.set(frame.subarray(from, from + (this.lineBytes[row] ?? 0)), starts[row] ?? 0);
    }
    return new PlainTexts(bytes, starts);
  }
}

/** Values are read when somebody looks at the field, and kept. */
function columnOf(frame: Uint8Array, { at, isText }: Places): FieldColumn {
  const values = once(() =>
    Array.from(at, (place): FieldValue | undefined =>
      place === 0 ? undefined : readValue(new ByteReader(frame, place)),
    ),
  );
  const column: FieldColumn = { at: (row) => values()[row] };
  return isText
    ? Object.defineProperty(column, "texts", { get: once(() => textsAt(frame, at)), enumerable: true })
    : column;
}

/** Texts as bytes, all of them one after the other: those of rows without one are empty. */
function textsAt(frame: Uint8Array, at: Uint32Array): PlainTexts {
  const starts = new Uint32Array(at.length + 1);
  const parts: Buffer[] = [];
  let total = 0;
  for (const [row, place] of at.entries()) {
    starts[row] = total;
    if (place === 0) continue;
    const reader = new ByteReader(frame, place + 1);
    const part = reader.raw(reader.varint());
    parts.push(part);
    total += part.length;
  }
  starts[at.length] = total;
  return new PlainTexts(Buffer.concat(parts, total), starts);
}
