// Does an event's payload contain what a wait asks for? Data against data: a match is never code.
import { decodeValue } from "@sluice/protocol";

/**
 * True when `pattern` is contained in `payload`: objects by the keys the pattern names, arrays element by element with equal
 * length, dates by their time, everything else by `Object.is`.
 */
export function contains(payload: unknown, pattern: unknown): boolean {
  if (Object.is(payload, pattern)) return true;
  if (typeof payload !== "object" || typeof pattern !== "object" || payload === null || pattern === null) return false;
  if (pattern instanceof Date) return payload instanceof Date && payload.getTime() === pattern.getTime();
  if (Array.isArray(pattern)) {
    if (!Array.isArray(payload) || payload.length !== pattern.length) return false;
    return pattern.every((item, index) => contains(payload[index], item));
  }
  return Object.entries(pattern).every(
    ([key, value]) => Object.hasOwn(payload, key) && contains((payload as Record<string, unknown>)[key], value),
  );
}

/** The same on encoded values; no pattern matches everything. */
export function containsEncoded(payload: Uint8Array, pattern: Uint8Array | undefined): boolean {
  return pattern === undefined || contains(decodeValue(payload), decodeValue(pattern));
}
