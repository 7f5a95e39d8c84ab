// Decides whether two starts with one idempotency key have the same input.
import { decodeValue, encodeValue } from "@sluice/protocol";

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

function fnv64(bytes: Uint8Array, seed: bigint): string {
  // Two 32-bit halves keep this in small integers: bigint arithmetic a byte would be 20 times slower.
  let high = Number(seed >> 32n);
  let low = Number(seed & 0xffffffffn);
  for (const byte of bytes) {
    low = (low ^ byte) >>> 0;
    const carry = Math.floor((low * 0x1b3) / 4_294_967_296);
    high = (Math.imul(high, 0x1b3) + carry + (low << 8)) >>> 0;
    low = Math.imul(low, 0x1b3) >>> 0;
  }
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}
