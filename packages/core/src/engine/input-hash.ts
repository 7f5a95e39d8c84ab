// Decides whether two starts with one idempotency key have the same input.
import { decodeValue, encodeValue, fnv64 } from "@sluice/protocol";

/**
 * Digest of an encoded value in which the order of object keys does not count: FNV-1a of 64 bits twice, with two seeds, over
 * the canonical encoding. It guards against mistakes, not against somebody who wants two inputs to collide.
 */
export function hashOf(input: Uint8Array): string {
  const bytes = encodeValue(sorted(decodeValue(input), new Set()));
  return fnv64(bytes, 0xcbf29ce484222325n) + fnv64(bytes, 0x84222325cbf29ce4n);
}

/** Plain objects with their keys in order; what occurs twice (or in a cycle) is left as it is the second time. */
function sorted(value: unknown, seen: Set<object>): unknown {
  if (typeof value !== "object" || value === null || seen.has(value)) return value;
  seen.add(value);
  if (Array.isArray(value)) return value.map((item) => sorted(item, seen));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item, seen)]));
}
