// Values on their way into a frame of types 0x01–0x52: plain MessagePack that every library reads, without our extensions.
import { jsonRepeatCharsMax, valueToJson } from "@sluice/protocol";

const int64Min = -(2n ** 63n);
const uint64Max = 2n ** 64n - 1n;

/** The value with nothing in it but nil, booleans, numbers, integers of 64 bits, text, bytes, lists and maps with text keys. */
export function frameValue(value: unknown): unknown {
  return new PlainWalk().isPlain(value) ? value : valueToJson(value);
}

/**
 * A frame writes what stands in two places twice: a few references would be gigabytes, and never be walked through. What is repeated
 * beyond `jsonRepeatCharsMax` is therefore not plain, and JSON has a form for it.
 */
class PlainWalk {
  readonly #above = new Set<object>();
  readonly #met = new Set<object>();
  #repeats = 0;
  #repeatedBytes = 0;

  isPlain(value: unknown): boolean {
    if (this.#repeats > 0) this.#repeatedBytes += typeof value === "string" ? value.length + 1 : 1;
    if (this.#repeatedBytes > jsonRepeatCharsMax) return false;
    switch (typeof value) {
      case "string":
      case "boolean":
      case "number":
        return true;
      case "bigint":
        return value >= int64Min && value <= uint64Max;
      case "object":
        return value === null || this.#isPlainObject(value);
      default:
        return false;
    }
  }

  #isPlainObject(value: object): boolean {
    if (this.#above.has(value)) return false;
    const repeated = this.#met.has(value) ? 1 : 0;
    this.#met.add(value);
    this.#repeats += repeated;
    const plain = value instanceof Uint8Array ? this.#isFewBytes(value) : this.#arePlain(value);
    this.#repeats -= repeated;
    return plain;
  }

  #isFewBytes({ length }: Uint8Array): boolean {
    if (this.#repeats > 0) this.#repeatedBytes += length;
    return this.#repeatedBytes <= jsonRepeatCharsMax;
  }

  #arePlain(value: object): boolean {
    const prototype: unknown = Object.getPrototypeOf(value);
    const isList = Array.isArray(value);
    if (!isList && prototype !== Object.prototype && prototype !== null) return false;
    const items: readonly unknown[] = isList ? value : Object.values(value);
    this.#above.add(value);
    const plain = items.every((item) => this.isPlain(item));
    this.#above.delete(value);
    return plain;
  }
}
