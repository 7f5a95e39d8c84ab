// Comparing secrets without telling by the time it takes where they differ.

import { timingSafeEqual } from "node:crypto";

/** Whether two are the same, in a time that only their lengths decide. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
