// Decodes values. A document without the header is plain MessagePack and takes the short way; the rest is here.
import { defineOwn, MsgpackError, MsgpackReader } from "./msgpack-reader.ts";
import {
  errorKinds,
  ValueDecodeError,
  valueDepthMax,
  valueExtensions,
  valueFormatVersion,
  valueHeaderBytes,
  viewKinds,
} from "./value-format.ts";

/** Head byte of an extension with a body of one byte. */
const extensionOfOneByte = 0xd4;

/** See `decodeValue` in value.ts. */
export function readValue(bytes: Uint8Array): unknown {
  try {
    if (!isExtension(bytes)) return new MsgpackReader(bytes, valueDepthMax).readDocument();
    return new ValueReader(withoutHeader(bytes), valueDepthMax).readDocument();
  } catch (error) {
    if (error instanceof MsgpackError) {
      throw new ValueDecodeError(`not an encoded value: ${error.message} (byte ${error.offset})`);
    }
    // The engine's own limits, such as on the size of a BigInt or a Map.
    if (error instanceof RangeError) throw new ValueDecodeError(`too large for this runtime: ${error.message}`);
    throw error;
  }
}

function isExtension(bytes: Uint8Array): boolean {
  const head = bytes[0] ?? 0;
  return (head >= 0xc7 && head <= 0xc9) || (head >= 0xd4 && head <= 0xd8);
}

function withoutHeader(bytes: Uint8Array): Uint8Array {
  const [head, type, version] = bytes;
  if (head !== extensionOfOneByte || type !== valueExtensions.header || version === undefined) {
    throw new MsgpackError("an extension stands without the header of the value format", 0);
  }
  if (version !== valueFormatVersion) {
    throw new ValueDecodeError(
      `the value is of format version ${version}, and this program reads version ${valueFormatVersion}; update it to read the value`,
    );
  }
  return bytes.subarray(valueHeaderBytes);
}

/** Reads a document that uses the extensions of value-format.ts. */
class ValueReader extends MsgpackReader {
  private readonly numbered: unknown[] = [];

  constructor(bytes: Uint8Array, depthMax: number) {
    super(bytes, depthMax);
    this.objects = this.numbered;
  }

  protected override readExtension(type: number, size: number, depth: number): unknown {
    const end = this.position + size;
    const value = this.readBody(type, end, depth);
    if (this.position !== end) throw this.error(`the body of extension type ${type} is not ${size} bytes long`);
    return value;
  }

  private readBody(type: number, end: number, depth: number): unknown {
    const size = end - this.position;
    switch (type) {
      case valueExtensions.undefined:
        this.readUint(1);
        return undefined;
      case valueExtensions.reference:
        return this.readReference();
      case valueExtensions.text16:
        return this.readText16(size);
      case valueExtensions.bigint:
        return this.readBigInt(size);
      case valueExtensions.date:
        return this.number(new Date(this.readFloat64()));
      case valueExtensions.regexp:
        return this.readRegExp();
      case valueExtensions.map:
        return this.readMapObject(depth);
      case valueExtensions.set:
        return this.readSet(depth);
      case valueExtensions.error:
        return this.readError(depth);
      case valueExtensions.boxed:
        return this.readBoxed(depth);
      case valueExtensions.buffer:
        return this.number(this.readRaw(size).buffer);
      case valueExtensions.view:
        return this.readView(size);
      case valueExtensions.sharedView:
        return this.readSharedView(depth);
      case valueExtensions.unevenArray:
        return this.readUnevenArray(depth);
      default:
        throw this.error(`extension type ${type} is not known in format version ${valueFormatVersion}`);
    }
  }

  /** Gives an object the next number. */
  private number<T>(object: T): T {
    this.numbered.push(object);
    return object;
  }

  private readReference(): unknown {
    const number = this.readUint(4);
    const object = this.numbered[number];
    if (object === undefined || object === null)
      throw this.error(`object ${number} is referred to and was not there before`);
    return object;
  }

  private readText16(size: number): string {
    if (size % 2 !== 0) throw this.error("text of two bytes a character has an odd length");
    const bytes = this.readRaw(size);
    let text = "";
    for (let index = 0; index < size; index += 2) {
      text += String.fromCharCode((bytes[index] as number) | ((bytes[index + 1] as number) << 8));
    }
    return text;
  }

  private readBigInt(size: number): bigint {
    if (size === 0 || size % 8 !== 0) throw this.error("a BigInt is not made of 8-byte words");
    if (size === 8) return (BigInt(this.readUint(4) | 0) << 32n) | BigInt(this.readUint(4));
    let hex = "0x";
    for (const byte of this.readRaw(size)) hex += byte.toString(16).padStart(2, "0");
    return BigInt.asIntN(size * 8, BigInt(hex));
  }

  protected override readOtherString(head: number): string {
    this.position -= 1;
    const isText16 = head >= 0xc7 && head <= 0xd8 && this.extensionType(head) === valueExtensions.text16;
    const text = isText16 ? this.read(0) : undefined;
    if (typeof text !== "string") throw this.error("a string is missing");
    return text;
  }

  /** Type of the extension that begins here with `head`; undefined for what is no extension. */
  private extensionType(head: number): number | undefined {
    if (head >= 0xd4) return this.bytes[this.position + 1];
    return head <= 0xc9 ? this.bytes[this.position + 1 + (1 << (head - 0xc7))] : undefined;
  }

  private readInteger(): number {
    const head = this.bytes[this.position] ?? 0xc0;
    const value = head < 0x80 || (head >= 0xcc && head <= 0xcf) ? this.read(0) : undefined;
    if (typeof value !== "number") throw this.error("an integer is missing");
    return value;
  }

  /** Count of an array or a map whose members the format gives another meaning. */
  private readCount(kind: "array" | "map"): number {
    const [fixed, size16] = kind === "array" ? [0x90, 0xdc] : [0x80, 0xde];
    const head = this.readUint(1);
    if (head >= fixed && head < fixed + 0x10) return head - fixed;
    if (head !== size16 && head !== size16 + 1) throw this.error(`a header of ${kind} is missing`);
    const count = this.readUint(head === size16 ? 2 : 4);
    this.require(count);
    return count;
  }

  private readRegExp(): RegExp {
    const source = this.readString();
    const flags = this.readString();
    try {
      return this.number(new RegExp(source, flags));
    } catch {
      throw this.error("a regular expression is not one that this runtime knows");
    }
  }

  private readMapObject(depth: number): Map<unknown, unknown> {
    this.enter(depth);
    const map = this.number(new Map<unknown, unknown>());
    const count = this.readCount("array");
    if (count % 2 !== 0) throw this.error("a Map has a key without a value");
    for (let index = 0; index < count; index += 2) {
      const key = this.read(depth + 1);
      map.set(key, this.read(depth + 1));
    }
    return map;
  }

  private readSet(depth: number): Set<unknown> {
    this.enter(depth);
    const set = this.number(new Set<unknown>());
    const count = this.readCount("array");
    for (let index = 0; index < count; index += 1) set.add(this.read(depth + 1));
    return set;
  }

  private readBoxed(depth: number): object {
    this.enter(depth);
    const number = this.numbered.push(null) - 1;
    const value = this.read(depth + 1);
    if (!["boolean", "number", "string", "bigint"].includes(typeof value))
      throw this.error("a boxed value is no primitive");
    const boxed = Object(value) as object;
    this.numbered[number] = boxed;
    return boxed;
  }

  private readUnevenArray(depth: number): unknown[] {
    this.enter(depth);
    const array = this.number<unknown[]>([]);
    const length = this.readInteger();
    if (length > 0xffff_ffff) throw this.error("an array is longer than arrays can be");
    array.length = length;
    const count = this.readCount("map");
    for (let index = 0; index < count; index += 1) {
      defineOwn(array, this.readArrayKey(length), this.read(depth + 1));
    }
    return array;
  }

  /** An index below `length`, or a name that is no index. */
  private readArrayKey(length: number): string {
    const head = this.bytes[this.position] ?? 0;
    const isIndex = head < 0x80 || (head >= 0xcc && head <= 0xcf);
    const key = isIndex ? this.readInteger() : this.readString();
    const fits = typeof key === "number" ? key < length : key !== "length" && String(Number(key) >>> 0) !== key;
    if (!fits) throw this.error("an array has a key that is neither index nor name");
    return String(key);
  }

  private readView(size: number): ArrayBufferView {
    if (size === 0) throw this.error("a view has no kind");
    const kind = this.readUint(1);
    const content = this.readRaw(size - 1);
    const view = this.makeView({ kind, buffer: content.buffer });
    this.numbered.push(view, content.buffer);
    return view;
  }

  private readSharedView(depth: number): ArrayBufferView {
    this.enter(depth);
    const number = this.numbered.push(null) - 1;
    const kind = this.readInteger();
    const offset = this.readInteger();
    const length = this.readInteger();
    const buffer = this.read(depth + 1);
    if (!(buffer instanceof ArrayBuffer)) throw this.error("a view has no buffer");
    const view = this.makeView({ kind, buffer, offset, length });
    this.numbered[number] = view;
    return view;
  }

  private makeView(of: { kind: number; buffer: ArrayBuffer; offset?: number; length?: number }): ArrayBufferView {
    const name = viewKinds[of.kind - 1];
    const globals = globalThis as unknown as Readonly<Record<string, ViewConstructor | undefined>>;
    const View = name === undefined ? undefined : globals[name];
    if (View === undefined)
      throw this.error(`views of kind ${of.kind} (${name ?? "not known"}) are not in this runtime`);
    try {
      return new View(of.buffer, of.offset, of.length);
    } catch {
      throw this.error(`a ${name} does not fit its buffer`);
    }
  }

  private readError(depth: number): Error {
    this.enter(depth);
    const number = this.numbered.push(null) - 1;
    const kind = errorKinds.find((known) => known === this.peekString());
    this.readString();
    if (kind === undefined) throw this.error("an error is of no standard class");
    const error = makeError(kind);
    this.numbered[number] = error;
    const fields: Record<string, unknown> = {};
    this.readMembers(fields, this.readCount("map"), depth);
    for (const [key, value] of Object.entries(fields)) hide(error, key, value);
    if (kind === "DOMException") hide(error, "code", domErrorCode(fields));
    this.readMembers(error, this.readCount("map"), depth);
    return error;
  }

  /** The string at the present place, which stays unread. */
  private peekString(): string {
    const { position } = this;
    const text = this.readString();
    this.position = position;
    return text;
  }
}

type ViewConstructor = new (buffer: ArrayBuffer, offset?: number, length?: number) => ArrayBufferView;

function makeError(kind: (typeof errorKinds)[number]): Error {
  const globals = globalThis as unknown as Readonly<Record<string, (new () => Error) | undefined>>;
  const error = kind === "AggregateError" ? new AggregateError([]) : new (globals[kind] ?? Error)();
  // The trace of this decoder says nothing of where the error came from.
  hide(error, "stack", undefined);
  return error;
}

/** The number that goes with the name of a DOMException, such as 20 for AbortError. */
function domErrorCode(fields: Readonly<Record<string, unknown>>): number {
  const { name } = fields;
  return typeof name === "string" && "DOMException" in globalThis ? Reflect.get(new DOMException("", name), "code") : 0;
}

/** Sets a property of an error, not enumerable, as its constructor would. */
function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, enumerable: false, configurable: true });
}
