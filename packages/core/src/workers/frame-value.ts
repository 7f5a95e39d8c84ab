// Values on their way into a frame of types 0x01–0x52: plain MessagePack that every library reads, without our extensions.
import { valueToJson } from "@sluice/protocol";

const int64Min = -(2n ** 63n);
const uint64Max = 2n ** 64n - 1n;

/** The value with nothing in it but nil, booleans, numbers, integers of 64 bits, text, bytes, lists and maps with text keys. */
export function frameValue(value: unknown): unknown {
  return isPlain(value, new Set()) ? value : valueToJson(value);
}

function isPlain(value: unknown, above: Set<object>): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "number":
      return true;
    case "bigint":
      return value >= int64Min && value <= uint64Max;
    case "object":
      return value === null || isPlainObject(value, above);
    default:
      return false;
  }
}

function isPlainObject(value: object, above: Set<object>): boolean {
  if (value instanceof Uint8Array) return true;
  if (above.has(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  const items = Array.isArray(value) ? (value as readonly unknown[]) : Object.values(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return false;
  above.add(value);
  const plain = items.every((item) => isPlain(item, above));
  above.delete(value);
  return plain;
}
