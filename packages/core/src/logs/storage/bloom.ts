// Which long tokens a chunk may hold: what finds one id among a billion lines without reading them. Short words are in every
// chunk, so only tokens that look like ids count: eight characters or more, with a digit.

import { byteClasses } from "./line-pieces.ts";

/** Bits for each token and bits set for each: 1 in 150 chunks is read for nothing. */
const bitsPerToken = 11;
const hashes = 6;
const tokenBytesMin = 8;
/** Past this share of the raw text a filter costs more than it saves. */
const worthShare = 0.03;

export interface TokenFilter {
  readonly bits: Uint8Array;
  /** Bytes of the longest token of any kind in the chunk. */
  readonly longest: number;
}

/** Calls back for each token, with where it is, and whether it looks like an id. */
function eachToken(bytes: Uint8Array, told: (from: number, to: number, isId: boolean) => void): void {
  let from = -1;
  let digits = 0;
  for (let i = 0; i <= bytes.length; i++) {
    const kind = i === bytes.length ? 0 : (byteClasses[bytes[i] ?? 0] ?? 0);
    if (kind === 0) {
      if (from >= 0) told(from, i, digits > 0 && i - from >= tokenBytesMin);
      from = -1;
      digits = 0;
    } else {
      if (from < 0) from = i;
      if (kind === 2) digits++;
    }
  }
}

/** FNV-1a, and a second hash from its mixing: Kirsch and Mitzenmacher, "Less hashing, same performance" (2006). */
export function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash >>> 0;
}

function mixed(hash: number): number {
  let value = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0 || 1;
}

/** A filter over some texts; undefined bits where it would not pay. Texts must be apart: tokens never cross from one to the next. */
export function tokenFilter(texts: readonly { readonly bytes: Uint8Array; readonly starts: Uint32Array }[]): {
  readonly bits: Uint8Array | undefined;
  readonly longest: number;
} {
  return tokenFilterWith(new Set(), { texts, longest: 0, total: 0 });
}

/** The same with hashes of tokens that were found elsewhere, in texts of `total` bytes. */
export function tokenFilterWith(
  found: Set<number>,
  p: {
    readonly texts: readonly { readonly bytes: Uint8Array; readonly starts: Uint32Array }[];
    readonly longest: number;
    readonly total: number;
  },
): { readonly bits: Uint8Array | undefined; readonly longest: number } {
  let { longest, total } = p;
  for (const { bytes, starts } of p.texts) {
    total += bytes.length;
    for (let i = 0; i + 1 < starts.length; i++) {
      const part = bytes.subarray(starts[i] ?? 0, starts[i + 1] ?? 0);
      eachToken(part, (from, to, isId) => {
        if (to - from > longest) longest = to - from;
        if (isId) found.add(hashOf(part, from, to));
      });
    }
  }
  const size = Math.ceil((found.size * bitsPerToken) / 8) + 1;
  if (size > 64 && size > total * worthShare) return { bits: undefined, longest };
  const bits = new Uint8Array(size);
  for (const hash of found) {
    for (const bit of placesOf(hash, size * 8)) bits[bit >>> 3] = (bits[bit >>> 3] ?? 0) | (1 << (bit & 7));
  }
  return { bits, longest };
}

function placesOf(hash: number, size: number): number[] {
  const step = mixed(hash);
  return Array.from({ length: hashes }, (_, i) => (hash + i * step) % size);
}

/**
 * Whether a text may stand somewhere in what the filter was made of. A token at either end of the needle may be a part of a
 * longer one, so it counts only where it is as long as the longest there is. Without bits only lengths are compared.
 */
export function mayContain({ bits, longest }: TokenFilter, needle: Uint8Array, hasBits = true): boolean {
  let may = true;
  eachToken(needle, (from, to, isId) => {
    if (!may) return;
    if (to - from > longest) may = false;
    const whole = (from > 0 && to < needle.length) || to - from === longest;
    if (!hasBits || !isId || !whole) return;
    const set = (bit: number): boolean => ((bits[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0;
    if (!placesOf(hashOf(needle, from, to), bits.length * 8).every(set)) may = false;
  });
  return may;
}
