// Randomness that a seed repeats: what a simulation decides, and the identifiers made in it.
import type { Random } from "../kernel/ids.ts";

const uint32Count = 2 ** 32;

/**
 * xoshiro128** 1.1 (David Blackman and Sebastiano Vigna, https://prng.di.unimi.it/xoshiro128starstar.c), its state filled from
 * a 32-bit seed by SplitMix32: a counter with the step 0x9e3779b9 through the finaliser of MurmurHash3. Fast and repeatable,
 * not secret.
 */
export class SimulatedRandom implements Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** `seed`: the low 32 bits of a whole number. */
  constructor(seed: number) {
    const next = splitMix32(seed);
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next();
  }

  /** A whole number, 0 ≤ n < 2³². */
  uint32(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotateLeft(this.#d, 11);
    return result;
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let word = 0;
    for (let at = 0; at < length; at++) {
      if (at % 4 === 0) word = this.uint32();
      bytes[at] = word & 0xff;
      word >>>= 8;
    }
    return bytes;
  }

  /** 0 ≤ x < 1, a multiple of 2⁻³². */
  unit(): number {
    return this.uint32() / uint32Count;
  }

  /** A whole number, `min` ≤ n ≤ `max`, each equally likely. Throws a RangeError unless they are at most 2³² - 1 apart. */
  int(min: number, max: number): number {
    const span = max - min + 1;
    if (!(Number.isSafeInteger(min) && Number.isSafeInteger(max) && span >= 1 && span <= uint32Count)) {
      throw new RangeError(`There is no whole number to draw between ${min} and ${max}.`);
    }
    // The numbers that would make the first remainders likelier are drawn again.
    const fair = uint32Count - (uint32Count % span);
    let drawn = this.uint32();
    while (drawn >= fair) drawn = this.uint32();
    return min + (drawn % span);
  }

  /** True with this probability, from 0 to 1. */
  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** One of the items. Throws a RangeError for an empty list. */
  pick<T>(items: readonly T[]): T {
    return items[this.int(0, items.length - 1)] as T;
  }

  /** The items in another order, each order equally likely (Fisher–Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let at = shuffled.length - 1; at > 0; at--) {
      const other = this.int(0, at);
      [shuffled[at], shuffled[other]] = [shuffled[other] as T, shuffled[at] as T];
    }
    return shuffled;
  }

  /** Another generator, so that what is drawn from it does not change what is drawn here later. */
  split(): SimulatedRandom {
    return new SimulatedRandom(this.uint32());
  }
}

function rotateLeft(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function splitMix32(seed: number): () => number {
  let counter = seed | 0;
  return () => {
    counter = (counter + 0x9e3779b9) | 0;
    let mixed = counter;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) | 0;
  };
}
