// Does an event's payload contain what a wait asks for? Data against data: a match is never code.
import { decodeValue } from "@sluice/protocol";
import { isStandIn } from "./blob-ref.ts";

/**
 * True when `pattern` is contained in `payload`: objects by the keys the pattern names, arrays element by element with equal
 * length, maps by the keys and sets by the members the pattern has, dates by their time, bytes by their content, everything
 * else by `Object.is`. A pattern that contains itself asks for as much as it says once.
 */
export function contains(payload: unknown, pattern: unknown): boolean {
  return holds(payload, pattern, new Set());
}

/** `above`: the parts of the pattern that this one is part of. */
function holds(payload: unknown, pattern: unknown, above: ReadonlySet<object>): boolean {
  if (Object.is(payload, pattern)) return true;
  if (typeof payload !== "object" || typeof pattern !== "object" || payload === null || pattern === null) return false;
  if (above.has(pattern)) return true;
  const here = new Set(above).add(pattern);
  if (pattern instanceof Date) return payload instanceof Date && Object.is(payload.getTime(), pattern.getTime());
  if (Array.isArray(pattern)) {
    if (!Array.isArray(payload) || payload.length !== pattern.length) return false;
    return pattern.every((item, index) => holds(payload[index], item, here));
  }
  if (pattern instanceof Map) {
    if (!(payload instanceof Map)) return false;
    return [...pattern].every(([key, value]) => payload.has(key) && holds(payload.get(key), value, here));
  }
  if (pattern instanceof Set) return payload instanceof Set && [...pattern].every((member) => payload.has(member));
  const bytes = bytesOf(pattern);
  if (bytes !== undefined) return payload.constructor === pattern.constructor && sameBytes(bytesOf(payload), bytes);
  return Object.entries(pattern).every(
    ([key, value]) => Object.hasOwn(payload, key) && holds((payload as Record<string, unknown>)[key], value, here),
  );
}

/**
 * What an event is remembered by that its sender gave an id: one text for a name and an id, for no other pair the same. Ids are
 * each name's own, or whoever may send events of some names could use up the ids of others.
 */
export function eventIdKey(name: string, id: string): string {
  return `${name.length}:${name}:${id}`;
}

function bytesOf(value: object): Uint8Array | undefined {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : undefined;
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a?.length === b.length && b.every((byte, index) => a[index] === byte);
}

/** The same on one encoded payload, decoded at most once, for any number of encoded patterns; no pattern matches everything. */
export function containing(payload: Uint8Array): (pattern: Uint8Array | undefined) => boolean {
  let decoded: { readonly value: unknown } | undefined;
  return (pattern) => {
    if (pattern === undefined) return true;
    decoded ??= { value: decodeValue(payload) };
    return contains(decoded.value, decodeValue(pattern));
  };
}

/**
 * The same the other way round: one encoded pattern for any number of stored events. Undefined for an event whose payload is
 * kept as a blob, unless it is `large`.
 */
export function fitting(
  pattern: Uint8Array | undefined,
  large?: { readonly event: number; readonly content: Uint8Array },
): (event: { readonly id: number; readonly payload: Uint8Array }) => boolean | undefined {
  if (pattern === undefined) return () => true;
  const wanted = decodeValue(pattern);
  return ({ id, payload }) => {
    if (!isStandIn(payload)) return contains(decodeValue(payload), wanted);
    return large?.event === id ? contains(decodeValue(large.content), wanted) : undefined;
  };
}
