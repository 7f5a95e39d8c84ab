// Encodes values in one walk: the shape most values have (a tree of plain objects, arrays and primitives) is written
// straight away, and whatever needs more is met on the way.
import { MsgpackWriter } from "./msgpack-writer.ts";
import { refusal, writeExotic } from "./value-encode-objects.ts";
import {
  pathText,
  valueDepthMax,
  valueExtensions,
  valueFormatVersion,
  valueHeaderBytes,
  ValueNotSerializableError,
} from "./value-format.ts";
import type { PathStep } from "./value-format.ts";

/** Up to this many objects are searched one by one; beyond, a map is cheaper. */
const linearSearchMax = 16;

const objectPrototype: unknown = Object.prototype;

/** The walk over one value at a time; kept between calls for its scratch memory. */
export class ValueEncoder extends MsgpackWriter {
  private extended = false;
  /** Steps from the root to the object being written. */
  private readonly path: PathStep[] = [];
  private objectCount = 0;
  private readonly firstObjects: (object | undefined)[] = Array.from({ length: linearSearchMax });
  private numbers: Map<object, number> | undefined = undefined;

  /** See `encodeValue`. */
  encode(value: unknown): Uint8Array {
    this.position = valueHeaderBytes;
    this.extended = false;
    try {
      this.write(value, 0);
      return this.finish();
    } finally {
      this.forget();
      this.release();
    }
  }

  private finish(): Uint8Array {
    if (!this.extended) return this.copyFrom(valueHeaderBytes);
    this.bytes[0] = 0xd4;
    this.bytes[1] = valueExtensions.header;
    this.bytes[2] = valueFormatVersion;
    return this.copyFrom(0);
  }

  /** Lets go of the caller's objects. */
  private forget(): void {
    const used = Math.min(this.objectCount, linearSearchMax);
    for (let index = 0; index < used; index += 1) this.firstObjects[index] = undefined;
    this.objectCount = 0;
    this.numbers = undefined;
  }

  /** Writes any value that stands `depth` levels below the root. */
  write(value: unknown, depth: number): void {
    switch (typeof value) {
      case "string":
        this.writeString(value);
        return;
      case "number":
        this.writeNumber(value);
        return;
      case "boolean":
        this.writeBoolean(value);
        return;
      case "object":
        if (value === null) this.writeNil();
        else this.writeObject(value, depth);
        return;
      case "undefined":
        this.writeUndefined();
        return;
      case "bigint":
        this.writeBigInt(value);
        return;
      default:
        throw this.refused(value, depth);
    }
  }

  /** Writes what `step` leads to from the object at `depth`. */
  writeChild(step: PathStep, value: unknown, depth: number): void {
    this.path[depth] = step;
    this.write(value, depth + 1);
  }

  private writeObject(value: object, depth: number): void {
    if (this.isRepeated(value)) return;
    if (depth >= valueDepthMax) throw this.tooDeep(depth);
    if (Array.isArray(value)) {
      if (isUneven(value)) writeExotic(this, value, depth);
      else this.writeArray(value, depth);
      return;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === objectPrototype || prototype === null) this.writeMembers(value, depth);
    else writeExotic(this, value, depth);
  }

  private writeArray(values: readonly unknown[], depth: number): void {
    const { length } = values;
    this.writeArrayHeader(length);
    for (let index = 0; index < length; index += 1) {
      this.path[depth] = index;
      this.write(values[index], depth + 1);
    }
  }

  /** An object as a map of its own enumerable properties. */
  writeMembers(value: object, depth: number): void {
    const members = value as Readonly<Record<string, unknown>>;
    const keys = Object.keys(members);
    this.writeMapHeader(keys.length);
    for (const key of keys) {
      this.writeString(key);
      this.path[depth] = key;
      this.write(members[key], depth + 1);
    }
  }

  /** True when the object was written before; a reference to it is written then. Else it has its number now. */
  private isRepeated(value: object): boolean {
    const count = this.objectCount;
    if (this.numbers !== undefined) return this.isNumbered(this.numbers, value);
    const objects = this.firstObjects;
    for (let index = 0; index < count; index += 1) {
      if (objects[index] === value) {
        this.writeReference(index);
        return true;
      }
    }
    if (count < linearSearchMax) {
      objects[count] = value;
      this.objectCount = count + 1;
      return false;
    }
    const numbers = new Map<object, number>();
    for (let index = 0; index < count; index += 1) {
      const object = objects[index];
      if (object !== undefined) numbers.set(object, index);
    }
    this.numbers = numbers;
    return this.isNumbered(numbers, value);
  }

  private isNumbered(numbers: Map<object, number>, value: object): boolean {
    const number = numbers.get(value);
    if (number !== undefined) {
      this.writeReference(number);
      return true;
    }
    numbers.set(value, this.objectCount);
    this.objectCount += 1;
    return false;
  }

  /** Gives the buffer under a view, which the format numbers too, its number; `undefined` where it is not carried. */
  numberBuffer(buffer: object | undefined): void {
    if (this.numbers === undefined) {
      if (this.objectCount < linearSearchMax) this.firstObjects[this.objectCount] = buffer;
      else this.numbers = new Map(this.firstObjects.flatMap((object, index) => (object ? [[object, index]] : [])));
    }
    if (this.numbers !== undefined && buffer !== undefined) this.numbers.set(buffer, this.objectCount);
    this.objectCount += 1;
  }

  /** True for an object that a reference can name already. */
  hasNumber(value: object): boolean {
    return this.numbers === undefined ? this.firstObjects.includes(value) : this.numbers.has(value);
  }

  private writeReference(number: number): void {
    this.openFixed(valueExtensions.reference, 4);
    this.writeUint32(number);
  }

  writeUndefined(): void {
    this.openFixed(valueExtensions.undefined, 1);
    this.writeByte(0);
  }

  writeString(text: string): void {
    if (this.writeText(text)) return;
    this.openFixed(valueExtensions.text16, text.length * 2);
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      this.writeByte(unit & 0xff);
      this.writeByte(unit >> 8);
    }
  }

  private writeBigInt(value: bigint): void {
    const words = bigintWords(value);
    this.openFixed(valueExtensions.bigint, words * 8);
    if (words === 1) {
      this.writeBigUint64(BigInt.asUintN(64, value));
      return;
    }
    const hex = BigInt.asUintN(words * 64, value)
      .toString(16)
      .padStart(words * 16, "0");
    for (let index = 0; index < hex.length; index += 2)
      this.writeByte(Number.parseInt(hex.slice(index, index + 2), 16));
  }

  /** Header of an extension of known size; from here on the document needs its own header. */
  openFixed(type: number, size: number): void {
    this.extended = true;
    this.writeExtensionHeader(type, size);
  }

  /** Opens an extension that holds values; `endExtension` with the returned mark closes it. */
  open(type: number): number {
    this.extended = true;
    return this.beginExtension(type);
  }

  /** The error for a value that cannot be carried, at the place being written. */
  refused(value: unknown, depth: number): ValueNotSerializableError {
    return new ValueNotSerializableError({ path: pathText(this.path.slice(0, depth)), ...refusal(value) });
  }

  private tooDeep(depth: number): ValueNotSerializableError {
    return new ValueNotSerializableError({
      path: pathText(this.path.slice(0, depth)),
      problem: `nests deeper than ${valueDepthMax} levels (valueDepthMax)`,
      hint: "Keep long chains as an array of entries that name each other by id.",
    });
  }
}

/** True for an array with holes, or with the named properties of a match, which plain MessagePack cannot carry. */
function isUneven(values: readonly unknown[]): boolean {
  for (let index = 0; index < values.length; index += 1) {
    if (values[index] === undefined && !Object.hasOwn(values, index)) return true;
  }
  return (values as { readonly index?: unknown }).index !== undefined;
}

/** Whole 8-byte words that the two's complement of a BigInt needs. */
function bigintWords(value: bigint): number {
  if (BigInt.asIntN(64, value) === value) return 1;
  const hex = (value < 0n ? ~value : value).toString(16);
  const bits = hex.length * 4 - Math.clz32(Number.parseInt(hex.charAt(0), 16)) + 28;
  return Math.ceil((bits + 1) / 64);
}
