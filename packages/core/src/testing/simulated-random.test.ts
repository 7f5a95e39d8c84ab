import { describe, expect, test } from "bun:test";
import { SimulatedRandom } from "./simulated-random.ts";

/** xoshiro128** as its authors print it, on an array of four words. */
function reference(state: Uint32Array): number {
  const rotl = (x: number, k: number) => ((x << k) | (x >>> (32 - k))) >>> 0;
  const [s0, s1, s2, s3] = state as unknown as [number, number, number, number];
  const result = Math.imul(rotl(Math.imul(s1, 5) >>> 0, 7), 9) >>> 0;
  const t = s1 << 9;
  let [a, b, c, d] = [s0, s1, s2, s3];
  c ^= a;
  d ^= b;
  b ^= c;
  a ^= d;
  c ^= t;
  state.set([a, b, c, rotl(d >>> 0, 11)]);
  return result;
}

describe("simulated randomness", () => {
  test("is repeated by its seed", () => {
    const draw = (seed: number) => {
      const random = new SimulatedRandom(seed);
      return [random.uint32(), random.int(1, 6), random.unit(), [...random.bytes(7)], random.shuffle([1, 2, 3, 4])];
    };
    expect(draw(42)).toEqual(draw(42));
    expect(draw(42)).not.toEqual(draw(43));
  });

  test("follows xoshiro128** from the state SplitMix32 makes", () => {
    // The first words of SplitMix32 with seed 0, reckoned from its definition with exact integers.
    const mask = 0xffffffffn;
    const words = [1n, 2n, 3n, 4n].map((step) => {
      let mixed = (0x9e3779b9n * step) & mask;
      mixed = ((mixed ^ (mixed >> 16n)) * 0x85ebca6bn) & mask;
      mixed = ((mixed ^ (mixed >> 13n)) * 0xc2b2ae35n) & mask;
      return Number(mixed ^ (mixed >> 16n));
    });
    const state = new Uint32Array(words);
    const random = new SimulatedRandom(0);
    const expected = Array.from({ length: 1000 }, () => reference(state));
    expect(Array.from({ length: 1000 }, () => random.uint32())).toEqual(expected);
  });

  test("draws whole numbers evenly between their bounds", () => {
    const random = new SimulatedRandom(7);
    const counts = new Map<number, number>();
    for (let draws = 0; draws < 60_000; draws++) {
      const drawn = random.int(-1, 4);
      counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
    }
    expect([...counts.keys()].toSorted((a, b) => a - b)).toEqual([-1, 0, 1, 2, 3, 4]);
    // Five standard deviations of a binomial count with p = 1/6.
    for (const count of counts.values())
      expect(Math.abs(count - 10_000)).toBeLessThan(5 * Math.sqrt(60_000 * (5 / 36)));
    expect(random.int(3, 3)).toBe(3);
    expect(random.int(0, 2 ** 32 - 1)).toBeLessThan(2 ** 32);
    for (const [min, max] of [
      [1, 0],
      [0, 2 ** 32],
      [0.5, 2],
      [0, Number.NaN],
    ] as const) {
      expect(() => random.int(min, max)).toThrow(RangeError);
    }
  });

  test("fills bytes, keeps to probabilities and keeps every item", () => {
    const random = new SimulatedRandom(1);
    expect(random.bytes(0)).toHaveLength(0);
    expect(new Set(random.bytes(20_000)).size).toBe(256);
    expect([random.chance(0), random.chance(1)]).toEqual([false, true]);
    const items = ["a", "b", "c", "d"];
    expect(random.shuffle(items).toSorted()).toEqual(items);
    const orders = new Set(Array.from({ length: 2000 }, () => random.shuffle(items).join("")));
    expect(orders.size).toBe(24);
    expect(items).toContain(random.pick(items));
    expect(() => random.pick([])).toThrow(RangeError);
  });

  test("splits into streams that do not disturb each other", () => {
    const [one, two] = [new SimulatedRandom(5), new SimulatedRandom(5)];
    const [child, other] = [one.split(), two.split()];
    expect(child.uint32()).toBe(other.uint32());
    other.bytes(1000);
    expect(one.uint32()).toBe(two.uint32());
  });
});
