// Numbers and texts in bytes, written and read from the front: what frames and chunks are made of.

const startBytes = 4_096;
const low7 = 0x7f;
const more = 0x80;

/** Grows as it is written. */
export class ByteWriter {
  #bytes: Buffer = Buffer.allocUnsafe(startBytes);
  #at = 0;

  get length(): number {
    return this.#at;
  }

  #room(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + count));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
  }

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#at++] = value;
  }

  /** A whole number from 0 to 2^53 - 1, seven bits a byte, the lowest first (LEB128). */
  varint(value: number): void {
    this.#room(8);
    let rest = value;
    while (rest > low7) {
      this.#bytes[this.#at++] = (rest % more) | more;
      rest = Math.floor(rest / more);
    }
    this.#bytes[this.#at++] = rest;
  }

  /** A whole number of any sign, up to 2^52 away from 0. */
  zigzag(value: number): void {
    this.varint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  float(value: number): void {
    this.#room(8);
    this.#bytes.writeDoubleLE(value, this.#at);
    this.#at += 8;
  }

  /** Length in bytes of UTF-8, then those. */
  text(value: string): void {
    const bytes = Buffer.byteLength(value);
    this.varint(bytes);
    this.#room(bytes);
    this.#bytes.write(value, this.#at, "utf8");
    this.#at += bytes;
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** A part of some bytes. Short ones are copied byte by byte: a call costs more. */
  slice(bytes: Buffer, from: number, to: number): void {
    const length = to - from;
    this.#room(length);
    if (length > 48) bytes.copy(this.#bytes, this.#at, from, to);
    else for (let i = 0; i < length; i++) this.#bytes[this.#at + i] = bytes[from + i] ?? 0;
    this.#at += length;
  }

  /** What was written, in memory of its own. */
  taken(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes.subarray(0, this.#at));
  }
}

/** Reads what a `ByteWriter` wrote. Throws a `RangeError` where the bytes end too early. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new RangeError("the bytes end inside of a number");
    return value;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const next = this.byte();
      value += (next & low7) * scale;
      if (next < more) return value;
      scale *= more;
      if (scale > Number.MAX_SAFE_INTEGER) throw new RangeError("a number is too long");
    }
  }

  zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  float(): number {
    const at = this.#skip(8);
    return this.#bytes.readDoubleLE(at);
  }

  text(): string {
    const length = this.varint();
    const at = this.#skip(length);
    return this.#bytes.toString("utf8", at, at + length);
  }

  /** A view, not a copy. */
  raw(length: number): Buffer {
    const at = this.#skip(length);
    return this.#bytes.subarray(at, at + length);
  }

  #skip(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw new RangeError("the bytes end too early");
    this.#at += length;
    return at;
  }
}
