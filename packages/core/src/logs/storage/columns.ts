// How one column stands in a chunk: the shortest of a few codes, then zstd where that pays.
import type { FieldValue } from "../entry.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import type { FieldColumn } from "./rows.ts";
import { PlainTexts, textColumn } from "./texts.ts";

/** Codes of columns; a chunk may hold others one day, which older readers refuse. */
export const codes = { deltas: 0, constant: 1, dictionary: 2, texts: 3, json: 4, whole: 5, templates: 6 } as const;

/** Values of a dictionary: an index fits a byte, the last one stands for none. */
const dictionaryMax = 250;
const absent = 255;
const wholeMax = 2 ** 51;
const packedBytesMin = 48;
const zstdLevel = 3;

export interface PackedColumn {
  readonly name: string;
  readonly code: number;
  readonly packed: boolean;
  readonly bytes: Uint8Array;
}

export function packed(name: string, code: number, body: ByteWriter): PackedColumn {
  const bytes = body.taken();
  if (bytes.length >= packedBytesMin) {
    const small = Bun.zstdCompressSync(bytes, { level: zstdLevel });
    if (small.length < bytes.length) return { name, code, packed: true, bytes: small };
  }
  return { name, code, packed: false, bytes };
}

/** Numbers as differences from the one before. */
export function deltasOf(numbers: ArrayLike<number>): ByteWriter {
  const body = new ByteWriter();
  let before = 0;
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i] ?? 0;
    body.zigzag(value - before);
    before = value;
  }
  return body;
}

export function readDeltas(bytes: Uint8Array, count: number): Float64Array {
  const reader = new ByteReader(bytes);
  const numbers = new Float64Array(count);
  let value = 0;
  for (let i = 0; i < count; i++) numbers[i] = value += reader.zigzag();
  return numbers;
}

/** Lengths, then the texts themselves in one piece. */
export function textsOf({ bytes, starts }: PlainTexts): ByteWriter {
  const body = new ByteWriter();
  for (let i = 0; i + 1 < starts.length; i++) body.varint((starts[i + 1] ?? 0) - (starts[i] ?? 0));
  body.raw(bytes);
  return body;
}

export function readTexts(bytes: Uint8Array, count: number): PlainTexts {
  const reader = new ByteReader(bytes);
  const starts = new Uint32Array(count + 1);
  let total = 0;
  for (let i = 0; i < count; i++) {
    starts[i] = total;
    total += reader.varint();
  }
  starts[count] = total;
  return new PlainTexts(reader.raw(total), starts);
}

/** A field over all rows; undefined where a row has none. At least one has. */
export function fieldColumn(name: string, values: readonly (FieldValue | undefined)[]): PackedColumn {
  const distinct = new Map<FieldValue | undefined, number>();
  for (const value of values) {
    if (!distinct.has(value)) distinct.set(value, distinct.size);
    if (distinct.size > dictionaryMax) break;
  }
  if (distinct.size === 1) return packed(name, codes.constant, jsonOf([...distinct.keys()]));
  // A dictionary that is nearly as long as the column saves nothing.
  if (distinct.size <= dictionaryMax && distinct.size * 2 <= values.length + 2) return dictionaryColumn(name, values);
  const body = new ByteWriter();
  writePresence(body, values);
  if (values.every((value) => value === undefined || isSmallWhole(value))) {
    let before = 0;
    for (const value of values) {
      if (typeof value !== "number") continue;
      body.zigzag(value - before);
      before = value;
    }
    return packed(name, codes.whole, body);
  }
  const allTexts = values.every((value) => value === undefined || typeof value === "string");
  const spelled = values.map((value) =>
    value === undefined ? "" : allTexts && typeof value === "string" ? value : spell(value),
  );
  body.raw(textsOf(textColumn(spelled)).taken());
  return packed(name, allTexts ? codes.texts : codes.json, body);
}

function isSmallWhole(value: FieldValue): boolean {
  return typeof value === "number" && Number.isInteger(value) && Math.abs(value) < wholeMax;
}

function dictionaryColumn(name: string, values: readonly (FieldValue | undefined)[]): PackedColumn {
  const places = new Map<FieldValue, number>();
  const indexes = values.map((value) => {
    if (value === undefined) return absent;
    const known = places.get(value) ?? places.size;
    places.set(value, known);
    return known;
  });
  const body = jsonOf([...places.keys()]);
  body.raw(Uint8Array.from(indexes));
  return packed(name, codes.dictionary, body);
}

/** Infinity and its like have no JSON: they are texts behind a NUL, and texts that begin with one get another. */

function spell(value: FieldValue | undefined): string {
  const marked =
    (typeof value === "number" && !Number.isFinite(value)) || (typeof value === "string" && value.startsWith("\0"));
  return JSON.stringify(marked ? `\0${value}` : (value ?? null));
}

function unspell(text: string): FieldValue {
  const value = JSON.parse(text) as FieldValue;
  if (typeof value !== "string" || !value.startsWith("\0")) return value;
  const rest = value.slice(1);
  return rest.startsWith("\0") ? rest : Number(rest);
}

function jsonOf(values: readonly (FieldValue | undefined)[]): ByteWriter {
  const body = new ByteWriter();
  body.varint(values.length);
  for (const value of values) body.text(spell(value));
  return body;
}

function readJson(reader: ByteReader): FieldValue[] {
  return Array.from({ length: reader.varint() }, () => unspell(reader.text()));
}

function writePresence(body: ByteWriter, values: readonly (FieldValue | undefined)[]): void {
  if (values.every((value) => value !== undefined)) return body.byte(0);
  body.byte(1);
  const bits = new Uint8Array(Math.ceil(values.length / 8));
  for (const [i, value] of values.entries()) {
    if (value !== undefined) bits[i >>> 3] = (bits[i >>> 3] ?? 0) | (1 << (i & 7));
  }
  body.raw(bits);
  return undefined;
}

function readPresence(reader: ByteReader, count: number): (row: number) => boolean {
  if (reader.byte() === 0) return () => true;
  const bits = reader.raw(Math.ceil(count / 8));
  return (row) => ((bits[row >>> 3] ?? 0) & (1 << (row & 7))) !== 0;
}

/** A field as `fieldColumn` wrote it. Throws a `RangeError` for a code that is not known here. */
export function readField(code: number, bytes: Uint8Array, count: number): FieldColumn {
  const reader = new ByteReader(bytes);
  if (code === codes.constant) {
    const values = readJson(reader);
    return { at: () => values[0], values };
  }
  if (code === codes.dictionary) {
    const values = readJson(reader);
    const indexes = reader.raw(count);
    return { at: (row) => values[indexes[row] ?? absent], values };
  }
  const present = readPresence(reader, count);
  if (code === codes.whole) {
    const numbers = new Float64Array(count);
    let value = 0;
    for (let row = 0; row < count; row++) if (present(row)) numbers[row] = value += reader.zigzag();
    return { kind: "whole", at: (row) => (present(row) ? numbers[row] : undefined) };
  }
  const texts = readTexts(bytes.subarray(reader.at), count);
  if (code === codes.texts) return { at: (row) => (present(row) ? texts.at(row) : undefined), texts };
  if (code === codes.json) return { at: (row) => (present(row) ? unspell(texts.at(row)) : undefined) };
  throw new RangeError(`there is no code ${code} of a column`);
}
