// Numbers that lines hold in one place, in the shortest of three forms: as they are written, in as few bits as their span needs, or
// as differences from one to the next.
import { ByteReader } from "./bytes.ts";
import type { ByteWriter } from "./bytes.ts";

/** A new form has a new number; readers refuse those they do not know. */
const forms = { text: 0, bits: 1, deltas: 2 } as const;
/** Values that repeat are better packed as texts. */
const distinctMin = 32;
const bitsMax = 24;
const digitsMax = 9;
const zero = 0x30;
export const separator = 0x0a;

interface Numbers {
  readonly values: Uint32Array;
  readonly min: number;
  readonly bits: number;
  /** Of every value; 0 where they are as long as they are. */
  readonly width: number;
}

export interface Frames {
  /** Texts and differences. */
  readonly digits: ByteWriter;
  readonly bits: ByteWriter;
}

/** `places`: beginning and end of each value, one after the other. Says in `meta` what `readDigits` needs. */
export function writeDigits(
  meta: ByteWriter,
  frames: Frames,
  p: { readonly bytes: Buffer; readonly places: readonly number[] },
): void {
  const { bytes, places } = p;
  const width = widthOf(places);
  const numbers = numbersOf(bytes, places, width);
  const form = numbers === undefined ? forms.text : formOf(numbers);
  meta.byte(form);
  const before = frames.digits.length;
  if (numbers === undefined || form === forms.text) {
    meta.varint(width);
    writeTexts(frames.digits, p, width);
  } else {
    meta.varint(numbers.width);
    meta.varint(numbers.min);
    if (form === forms.bits) {
      meta.byte(numbers.bits);
      const bitsBefore = frames.bits.length;
      writeBits(frames.bits, numbers);
      return meta.varint(frames.bits.length - bitsBefore);
    }
    let last = numbers.min;
    for (const value of numbers.values) {
      frames.digits.zigzag(value - last);
      last = value;
    }
  }
  return meta.varint(frames.digits.length - before);
}

/** The width that all have, or 0. */
export function widthOf(places: readonly number[]): number {
  const width = (places[1] ?? 0) - (places[0] ?? 0);
  for (let i = 2; i < places.length; i += 2) if ((places[i + 1] ?? 0) - (places[i] ?? 0) !== width) return 0;
  return width;
}

/** One after the other; with a newline behind each where they are of several widths. */
export function writeTexts(
  into: ByteWriter,
  { bytes, places }: { readonly bytes: Buffer; readonly places: readonly number[] },
  width: number,
): void {
  for (let i = 0; i < places.length; i += 2) {
    into.slice(bytes, places[i] ?? 0, places[i + 1] ?? 0);
    if (width === 0) into.byte(separator);
  }
}

/** Undefined where they are not all numbers that come back as they were written. */
function numbersOf(bytes: Buffer, places: readonly number[], width: number): Numbers | undefined {
  if (width > digitsMax) return undefined;
  const values = new Uint32Array(places.length / 2);
  let [min, max] = [Infinity, 0];
  for (let i = 0; i < values.length; i++) {
    const [from, to] = [places[i * 2] ?? 0, places[i * 2 + 1] ?? 0];
    if (to - from > digitsMax || (width === 0 && to - from > 1 && bytes[from] === zero)) return undefined;
    let value = 0;
    for (let at = from; at < to; at++) value = value * 10 + (bytes[at] ?? 0) - zero;
    values[i] = value;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return { values, min, bits: 32 - Math.clz32(max - min), width };
}

function formOf({ values, bits }: Numbers): number {
  const distinct = new Set<number>();
  let changes = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (distinct.size <= distinctMin) distinct.add(value);
    changes += 33 - Math.clz32(Math.abs(value - (values[i - 1] ?? value)));
  }
  if (bits === 0) return forms.bits;
  if (distinct.size <= distinctMin && values.length > distinctMin * 2) return forms.text;
  if (changes / values.length + 1 < bits * 0.7) return forms.deltas;
  return bits > bitsMax ? forms.text : forms.bits;
}

function writeBits(into: ByteWriter, { values, min, bits }: Numbers): void {
  let [held, count] = [0, 0];
  for (const value of values) {
    held |= (value - min) << count;
    count += bits;
    while (count >= 8) {
      into.byte(held & 0xff);
      held >>>= 8;
      count -= 8;
    }
  }
  if (count > 0) into.byte(held & 0xff);
}

/** Where values of one place stand, as `meta` says. */
export interface DigitValues {
  /** Of every value; 0: each has a newline behind it. */
  readonly width: number;
  /** All of them as texts. */
  readonly texts: () => Buffer;
}

/** Reads in order what `writeDigits` wrote, for places with so many values. Throws a `RangeError` for a form that is not known here. */
export class DigitReader {
  readonly #meta: ByteReader;
  readonly #frames: { readonly digits: () => Buffer; readonly bits: () => Buffer };
  #digitsAt = 0;
  #bitsAt = 0;

  constructor(meta: ByteReader, frames: { readonly digits: () => Buffer; readonly bits: () => Buffer }) {
    this.#meta = meta;
    this.#frames = frames;
  }

  next(count: () => number): DigitValues {
    const meta = this.#meta;
    const [form, width] = [meta.byte(), meta.varint()];
    const { digits, bits: packed } = this.#frames;
    if (form === forms.text) {
      const from = this.#digitsAt;
      const to = (this.#digitsAt += meta.varint());
      return { width, texts: () => digits().subarray(from, to) };
    }
    const min = meta.varint();
    if (form === forms.bits) {
      const bits = meta.byte();
      const from = this.#bitsAt;
      this.#bitsAt += meta.varint();
      return {
        width,
        texts: once(() => textsOfNumbers(readBits(packed(), { from, bits, count: count(), min }), width)),
      };
    }
    if (form !== forms.deltas) throw new RangeError(`there is no form ${form} of numbers`);
    const from = this.#digitsAt;
    this.#digitsAt += meta.varint();
    return { width, texts: once(() => textsOfNumbers(readChanges(digits(), { from, count: count(), min }), width)) };
  }
}

function readBits(
  bytes: Buffer,
  p: { readonly from: number; readonly bits: number; readonly count: number; readonly min: number },
): Uint32Array {
  const { bits, count, min } = p;
  const values = new Uint32Array(count);
  const mask = 2 ** bits - 1;
  let [at, held, there] = [p.from, 0, 0];
  for (let i = 0; i < count; i++) {
    while (there < bits) {
      held |= (bytes[at++] ?? 0) << there;
      there += 8;
    }
    values[i] = min + (held & mask);
    held >>>= bits;
    there -= bits;
  }
  return values;
}

function readChanges(
  bytes: Buffer,
  { from, count, min }: { readonly from: number; readonly count: number; readonly min: number },
): Uint32Array {
  const reader = new ByteReader(bytes, from);
  const values = new Uint32Array(count);
  let value = min;
  for (let i = 0; i < count; i++) values[i] = value += reader.zigzag();
  return values;
}

/** Numbers as they stood in their lines. */
function textsOfNumbers(values: Uint32Array, width: number): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * (width === 0 ? digitsMax + 1 : width));
  let length = 0;
  for (const each of values) {
    let digits = width;
    if (width === 0) for (digits = 1; digits < digitsMax && each >= 10 ** digits;) digits++;
    let value = each;
    for (let at = length + digits - 1; at >= length; at--) {
      bytes[at] = zero + (value % 10);
      value = Math.floor(value / 10);
    }
    length += digits;
    if (width === 0) bytes[length++] = separator;
  }
  return bytes.subarray(0, length);
}

function once(make: () => Buffer): () => Buffer {
  let made: Buffer | undefined;
  return () => (made ??= make());
}
