// The MessagePack reader below values and frames. It never trusts an announced size: counts are held against the bytes
// that are left before anything is allocated, UTF-8 is checked, and integers past 2^53 are kept exactly, as BigInt.
// Format: https://github.com/msgpack/msgpack/blob/master/spec.md

/** Malformed MessagePack. Stays inside the package: values and frames each turn it into their own typed error. */
export class MsgpackError extends Error {
  override readonly name = "MsgpackError";
  /** Byte the reader stood at. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Up to this many bytes a string of ASCII is put together here; longer ones go through the native decoder. */
const shortTextBytesMax = 24;
/** Longest key, in bytes, that is worth remembering. */
const cachedKeyBytesMax = 32;
/** How many keys are remembered at most. A power of two: the hash is masked with it. */
const cachedKeysMax = 512;

const utf8Decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const floatBytes = new Uint8Array(8);
const floatView = new DataView(floatBytes.buffer);

/**
 * Field names seen lately, by a hash of their bytes: the same few names come again in every value, and finding one costs
 * a quarter of making it anew. Bounded, and only ever changes how fast a key is read.
 */
const cachedKeys: (string | undefined)[] = Array.from({ length: cachedKeysMax });

/** Reads one document of MessagePack. Extensions are refused unless a subclass overrides `readExtension`. */
export class MsgpackReader {
  protected readonly bytes: Uint8Array;
  protected position: number;
  /** Objects in the order they began, where a subclass needs to name them again. */
  protected objects: unknown[] | undefined = undefined;
  private readonly depthMax: number;

  constructor(bytes: Uint8Array, depthMax: number) {
    this.bytes = bytes;
    this.position = 0;
    this.depthMax = depthMax;
  }

  /** The one document that fills the bytes. Throws `MsgpackError`. */
  readDocument(): unknown {
    const value = this.read(0);
    if (this.position !== this.bytes.length)
      throw this.error(`${this.bytes.length - this.position} bytes follow the end`);
    return value;
  }

  protected read(depth: number): unknown {
    const head = this.bytes[this.position];
    if (head === undefined) throw this.error("ends too early");
    this.position += 1;
    if (head < 0x80) return head;
    if (head < 0x90) return this.readMap(head & 0x0f, depth);
    if (head < 0xa0) return this.readArray(head & 0x0f, depth);
    if (head < 0xc0) return this.readText(head & 0x1f);
    if (head >= 0xe0) return head - 0x100;
    return this.readHeaded(head, depth);
  }

  private readHeaded(head: number, depth: number): unknown {
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xcb:
        return this.readFloat64();
      case 0xcc:
        return this.readUint(1);
      case 0xcd:
        return this.readUint(2);
      case 0xce:
        return this.readUint(4);
      case 0xcf:
        return this.readUint64();
      case 0xd9:
        return this.readText(this.readUint(1));
      case 0xda:
        return this.readText(this.readUint(2));
      case 0xdb:
        return this.readText(this.readUint(4));
      case 0xdc:
        return this.readArray(this.readUint(2), depth);
      case 0xdd:
        return this.readArray(this.readUint(4), depth);
      case 0xde:
        return this.readMap(this.readUint(2), depth);
      case 0xdf:
        return this.readMap(this.readUint(4), depth);
      default:
        return this.readRare(head, depth);
    }
  }

  private readRare(head: number, depth: number): unknown {
    switch (head) {
      case 0xc4:
        return this.readBinary(this.readUint(1));
      case 0xc5:
        return this.readBinary(this.readUint(2));
      case 0xc6:
        return this.readBinary(this.readUint(4));
      case 0xca:
        return this.readFloat32();
      case 0xd0:
        return (this.readUint(1) << 24) >> 24;
      case 0xd1:
        return (this.readUint(2) << 16) >> 16;
      case 0xd2:
        return this.readUint(4) | 0;
      case 0xd3:
        return this.readInt64();
      case 0xc7:
        return this.readExtended(this.readUint(1), depth);
      case 0xc8:
        return this.readExtended(this.readUint(2), depth);
      case 0xc9:
        return this.readExtended(this.readUint(4), depth);
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.readExtended(1 << (head - 0xd4), depth);
      default:
        throw this.error("0xc1 is no MessagePack");
    }
  }

  private readExtended(size: number, depth: number): unknown {
    const type = this.readUint(1);
    this.require(size);
    return this.readExtension(type, size, depth);
  }

  /** Body of an extension, `size` bytes of which are known to be there. The base reader knows none. */
  protected readExtension(type: number, _size: number, _depth: number): unknown {
    throw this.error(`extension type ${type} is not known here`);
  }

  private readArray(count: number, depth: number): unknown[] {
    this.enter(depth);
    this.require(count);
    const array: unknown[] = [];
    this.objects?.push(array);
    for (let index = 0; index < count; index += 1) array.push(this.read(depth + 1));
    return array;
  }

  private readMap(count: number, depth: number): Record<string, unknown> {
    this.enter(depth);
    this.require(count * 2);
    const map: Record<string, unknown> = {};
    this.objects?.push(map);
    this.readMembers(map, count, depth);
    return map;
  }

  /** `count` pairs of key and value into `target`, as own properties whatever the key is called. */
  protected readMembers(target: object, count: number, depth: number): void {
    const map = target as Record<string, unknown>;
    for (let index = 0; index < count; index += 1) {
      const key = this.readKey();
      const value = this.read(depth + 1);
      // An assignment would reach the setter on Object.prototype and swap the prototype.
      if (key === "__proto__") defineOwn(map, key, value);
      else map[key] = value;
    }
  }

  protected readKey(): string {
    const head = this.bytes[this.position];
    if (head === undefined || head < 0xa0 || head >= 0xc0) return this.readString();
    this.position += 1;
    return this.readCachedText(head & 0x1f);
  }

  /** A value that has to be a string. Never descends into anything else, so that depth stays counted. */
  protected readString(): string {
    const head = this.readUint(1);
    if (head >= 0xa0 && head < 0xc0) return this.readText(head & 0x1f);
    if (head === 0xd9) return this.readText(this.readUint(1));
    if (head === 0xda) return this.readText(this.readUint(2));
    if (head === 0xdb) return this.readText(this.readUint(4));
    return this.readOtherString(head);
  }

  /** A string that begins with none of the heads of str. The base reader knows none. */
  protected readOtherString(_head: number): string {
    throw this.error("a string is missing");
  }

  private readCachedText(size: number): string {
    const { bytes, position } = this;
    if (size === 0 || size > cachedKeyBytesMax || position + size > bytes.length) return this.readText(size);
    const first = bytes[position] as number;
    const middle = bytes[position + (size >> 1)] as number;
    const last = bytes[position + size - 1] as number;
    const slot = (first * 31 + middle * 17 + last * 7 + size * 131) & (cachedKeysMax - 1);
    const cached = cachedKeys[slot];
    if (cached !== undefined && cached.length === size) {
      let index = 0;
      while (index < size && cached.charCodeAt(index) === bytes[position + index]) index += 1;
      if (index === size) {
        this.position += size;
        return cached;
      }
    }
    const text = this.readText(size);
    // Only ASCII, where one byte is one character, can be compared as above.
    if (text.length === size) cachedKeys[slot] = text;
    return text;
  }

  protected readText(size: number): string {
    const { bytes, position } = this;
    this.require(size);
    const end = position + size;
    if (size <= shortTextBytesMax) {
      const short = shortAscii(bytes, position, end);
      if (short !== undefined) {
        this.position = end;
        return short;
      }
    }
    try {
      const text = utf8Decoder.decode(bytes.subarray(position, end));
      this.position = end;
      return text;
    } catch {
      throw this.error("a string is not UTF-8");
    }
  }

  protected readBinary(size: number): Uint8Array<ArrayBuffer> {
    const content = this.readRaw(size);
    // Two: a byte array and the buffer under it can each be named again.
    this.objects?.push(content, content.buffer);
    return content;
  }

  /** An owned copy of the next `size` bytes. */
  protected readRaw(size: number): Uint8Array<ArrayBuffer> {
    this.require(size);
    const content = new Uint8Array(size);
    content.set(this.bytes.subarray(this.position, this.position + size));
    this.position += size;
    return content;
  }

  /** Unsigned big-endian integer of at most four bytes. */
  protected readUint(size: number): number {
    this.require(size);
    const { bytes } = this;
    let value = 0;
    for (let index = 0; index < size; index += 1) value = value * 0x100 + (bytes[this.position++] as number);
    return value;
  }

  private readUint64(): number | bigint {
    const high = this.readUint(4);
    const low = this.readUint(4);
    return high < 0x20_0000 ? high * 0x1_0000_0000 + low : (BigInt(high) << 32n) | BigInt(low);
  }

  private readInt64(): number | bigint {
    const high = this.readUint(4) | 0;
    const low = this.readUint(4);
    const value = high * 0x1_0000_0000 + low;
    return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low);
  }

  protected readFloat64(): number {
    const { bytes, position } = this;
    this.require(8);
    for (let index = 0; index < 8; index += 1) floatBytes[index] = bytes[position + index] as number;
    this.position += 8;
    return floatView.getFloat64(0);
  }

  private readFloat32(): number {
    const bits = this.readUint(4);
    floatView.setUint32(0, bits);
    return floatView.getFloat32(0);
  }

  /** Refuses what nests deeper than the limit before the stack does. */
  protected enter(depth: number): void {
    if (depth >= this.depthMax) throw this.error(`nests deeper than ${this.depthMax} levels`);
  }

  /** Refuses a size that the bytes left cannot hold. */
  protected require(size: number): void {
    if (this.position + size > this.bytes.length) throw this.error("ends too early");
  }

  protected error(message: string): MsgpackError {
    return new MsgpackError(message, this.position);
  }
}

/** Sets an own property the way an object literal does, past any setter on the prototype. */
export function defineOwn(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

function shortAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = "";
  let index = start;
  for (; index + 4 <= end; index += 4) {
    const a = bytes[index] as number;
    const b = bytes[index + 1] as number;
    const c = bytes[index + 2] as number;
    const d = bytes[index + 3] as number;
    if ((a | b | c | d) > 0x7f) return undefined;
    text += String.fromCharCode(a, b, c, d);
  }
  for (; index < end; index += 1) {
    const byte = bytes[index] as number;
    if (byte > 0x7f) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}
