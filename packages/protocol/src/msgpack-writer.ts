// The MessagePack writer below values and frames. Written by hand because a value is walked once: identity, holes,
// undefined and lone surrogates have to be seen in the same pass, and this pass runs several times in every run.
// Format: https://github.com/msgpack/msgpack/blob/master/spec.md

/** Size in bytes of the scratch buffer a writer starts with. */
const scratchBytesInitial = 2_048;
/** A scratch buffer that had to grow past this many bytes is given back after the call. */
const scratchBytesKept = 262_144;
/** Up to this many characters a loop beats the call into the native UTF-8 encoder (measured on Bun and Node). */
const loopCharsMax = 40;

const utf8Encoder = new TextEncoder();

/** Bytes that one MessagePack string, bin or ext header can announce. */
const lengthMax = 0xffff_ffff;

/** Appends MessagePack to a scratch buffer that is kept between calls. Every integer and header takes its shortest form. */
export class MsgpackWriter {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(scratchBytesInitial);
  position = 0;
  private view: DataView<ArrayBuffer> = new DataView(this.bytes.buffer);

  /** Makes room for `count` more bytes at `position`. */
  reserve(count: number): void {
    if (this.position + count > this.bytes.length) this.grow(this.position + count);
  }

  /** An owned copy of what was written from `start` on. */
  copyFrom(start: number): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(start, this.position);
  }

  /** Ends a call: a scratch buffer that a large value made large is not kept. */
  release(): void {
    this.position = 0;
    if (this.bytes.length <= scratchBytesKept) return;
    this.bytes = new Uint8Array(scratchBytesInitial);
    this.view = new DataView(this.bytes.buffer);
  }

  private grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.position));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }

  writeByte(byte: number): void {
    this.reserve(1);
    this.bytes[this.position++] = byte;
  }

  writeNil(): void {
    this.writeByte(0xc0);
  }

  writeBoolean(value: boolean): void {
    this.writeByte(value ? 0xc3 : 0xc2);
  }

  /** A safe integer in its shortest integer form; anything else, -0 included, as float64. */
  writeNumber(value: number): void {
    this.reserve(9);
    if (value >= 0 && value < 0x80 && (value | 0) === value && (value !== 0 || 1 / value > 0)) {
      this.bytes[this.position++] = value;
    } else if (Number.isSafeInteger(value) && (value !== 0 || 1 / value > 0)) {
      if (value >= 0) this.writePositive(value);
      else this.writeNegative(value);
    } else {
      this.bytes[this.position++] = 0xcb;
      this.writeFloat64(value);
    }
  }

  private writePositive(value: number): void {
    const { bytes, view, position } = this;
    if (value < 0x80) {
      bytes[position] = value;
      this.position += 1;
    } else if (value < 0x100) {
      bytes[position] = 0xcc;
      bytes[position + 1] = value;
      this.position += 2;
    } else if (value < 0x1_0000) {
      bytes[position] = 0xcd;
      view.setUint16(position + 1, value);
      this.position += 3;
    } else if (value < 0x1_0000_0000) {
      bytes[position] = 0xce;
      view.setUint32(position + 1, value);
      this.position += 5;
    } else {
      bytes[position] = 0xcf;
      view.setUint32(position + 1, value / 0x1_0000_0000);
      view.setUint32(position + 5, value);
      this.position += 9;
    }
  }

  private writeNegative(value: number): void {
    const { bytes, view, position } = this;
    if (value >= -0x20) {
      bytes[position] = value;
      this.position += 1;
    } else if (value >= -0x80) {
      bytes[position] = 0xd0;
      bytes[position + 1] = value;
      this.position += 2;
    } else if (value >= -0x8000) {
      bytes[position] = 0xd1;
      view.setInt16(position + 1, value);
      this.position += 3;
    } else if (value >= -0x8000_0000) {
      bytes[position] = 0xd2;
      view.setInt32(position + 1, value);
      this.position += 5;
    } else {
      bytes[position] = 0xd3;
      view.setInt32(position + 1, Math.floor(value / 0x1_0000_0000));
      view.setUint32(position + 5, value);
      this.position += 9;
    }
  }

  /** A BigInt as a MessagePack integer. False, and nothing written, where 64 bits cannot hold it. */
  writeBigInt64(value: bigint): boolean {
    if (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)) {
      this.writeNumber(Number(value));
      return true;
    }
    this.reserve(9);
    if (value > 0n && BigInt.asUintN(64, value) === value) {
      this.bytes[this.position] = 0xcf;
      this.view.setBigUint64(this.position + 1, value);
    } else if (BigInt.asIntN(64, value) === value) {
      this.bytes[this.position] = 0xd3;
      this.view.setBigInt64(this.position + 1, value);
    } else {
      return false;
    }
    this.position += 9;
    return true;
  }

  /** A string as UTF-8. False, and nothing written, when it holds a lone surrogate, which UTF-8 cannot carry. */
  writeText(text: string): boolean {
    const length = text.length;
    if (length > loopCharsMax) return this.writeLongText(text);
    this.reserve(2 + length);
    const { bytes } = this;
    let position = this.position;
    if (length < 0x20) {
      bytes[position++] = 0xa0 | length;
    } else {
      bytes[position++] = 0xd9;
      bytes[position++] = length;
    }
    for (let index = 0; index < length; index += 1) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) return this.writeLongText(text);
      bytes[position++] = unit;
    }
    this.position = position;
    return true;
  }

  private writeLongText(text: string): boolean {
    if (!text.isWellFormed()) return false;
    const start = this.position;
    // The header is guessed for one byte a character and moved when the text turns out to need more.
    const guess = textHeaderBytes(text.length);
    this.reserve(guess + text.length);
    this.position = start + guess;
    let rest = text;
    for (;;) {
      const { read, written } = utf8Encoder.encodeInto(rest, this.bytes.subarray(this.position));
      this.position += written;
      if (read === rest.length) break;
      rest = rest.slice(read);
      this.reserve(rest.length * 3);
    }
    const size = this.position - start - guess;
    const header = textHeaderBytes(size);
    if (header !== guess) {
      this.reserve(header - guess);
      this.bytes.copyWithin(start + header, start + guess, this.position);
    }
    this.position = start;
    this.writeTextHeader(size);
    this.position += size;
    return true;
  }

  private writeTextHeader(size: number): void {
    if (size < 0x20) this.writeByte(0xa0 | size);
    else this.writeSized([0xd9, 0xda, 0xdb], size);
  }

  /** A header byte chosen from those for 8, 16 and 32 bit sizes (0: no such form), and the size. */
  private writeSized(heads: readonly [number, number, number], size: number): void {
    this.reserve(5);
    const { bytes, view, position } = this;
    if (size < 0x100 && heads[0] !== 0) {
      bytes[position] = heads[0];
      bytes[position + 1] = size;
      this.position += 2;
    } else if (size < 0x1_0000) {
      bytes[position] = heads[1];
      view.setUint16(position + 1, size);
      this.position += 3;
    } else {
      if (size > lengthMax) throw new RangeError(`${size} bytes are more than MessagePack can carry in one piece`);
      bytes[position] = heads[2];
      view.setUint32(position + 1, size);
      this.position += 5;
    }
  }

  writeArrayHeader(count: number): void {
    if (count < 0x10) this.writeByte(0x90 | count);
    else this.writeSized([0, 0xdc, 0xdd], count);
  }

  writeMapHeader(count: number): void {
    if (count < 0x10) this.writeByte(0x80 | count);
    else this.writeSized([0, 0xde, 0xdf], count);
  }

  writeBinary(content: Uint8Array): void {
    this.writeSized([0xc4, 0xc5, 0xc6], content.length);
    this.writeRaw(content);
  }

  writeRaw(content: Uint8Array): void {
    this.reserve(content.length);
    this.bytes.set(content, this.position);
    this.position += content.length;
  }

  writeUint32(value: number): void {
    this.reserve(4);
    this.view.setUint32(this.position, value);
    this.position += 4;
  }

  /** Eight bytes; NaN always as the same ones, whichever the engine has at hand. */
  writeFloat64(value: number): void {
    this.reserve(8);
    this.view.setFloat64(this.position, value);
    if (Number.isNaN(value)) {
      this.view.setUint32(this.position, 0x7ff8_0000);
      this.view.setUint32(this.position + 4, 0);
    }
    this.position += 8;
  }

  writeBigUint64(value: bigint): void {
    this.reserve(8);
    this.view.setBigUint64(this.position, value);
    this.position += 8;
  }

  /** Header of an extension whose `size` is known; the body follows. */
  writeExtensionHeader(type: number, size: number): void {
    const fixed = fixedExtensionHeads.get(size);
    if (fixed === undefined) this.writeSized([0xc7, 0xc8, 0xc9], size);
    else this.writeByte(fixed);
    this.writeByte(type);
  }

  /** Opens an extension whose size is known only at its end. Returns the mark `endExtension` wants. */
  beginExtension(type: number): number {
    this.reserve(6);
    this.bytes[this.position] = 0xc9;
    this.bytes[this.position + 5] = type;
    this.position += 6;
    return this.position;
  }

  endExtension(mark: number): void {
    this.view.setUint32(mark - 5, this.position - mark);
  }
}

const fixedExtensionHeads: ReadonlyMap<number, number> = new Map([
  [1, 0xd4],
  [2, 0xd5],
  [4, 0xd6],
  [8, 0xd7],
  [16, 0xd8],
]);

function textHeaderBytes(size: number): number {
  if (size < 0x20) return 1;
  if (size < 0x100) return 2;
  return size < 0x1_0000 ? 3 : 5;
}
