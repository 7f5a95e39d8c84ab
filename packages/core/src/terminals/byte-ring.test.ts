import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ByteRing } from "./byte-ring.ts";

describe("a ring of bytes", () => {
  test("keeps the last of what was pushed, by offset, as an array without end would", () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 9_000 }), { maxLength: 30 });
    fc.assert(
      fc.property(chunks, fc.integer({ min: 1, max: 20_000 }), (pushed, bytesMax) => {
        const ring = new ByteRing(bytesMax);
        let all: number[] = [];
        for (const chunk of pushed) {
          ring.push(chunk);
          all = all.concat([...chunk]);
          expect(ring.end).toBe(all.length);
          expect(ring.start).toBe(Math.max(0, all.length - bytesMax));
        }
        const middle = Math.floor((ring.start + ring.end) / 2);
        expect([...ring.read(ring.start, Infinity)]).toEqual(all.slice(ring.start));
        expect([...ring.read(middle, 100)]).toEqual(all.slice(middle, middle + 100));
      }),
      { numRuns: 200 },
    );
  });

  test("has nothing for offsets that it does not keep", () => {
    const ring = new ByteRing(4);
    ring.push(new Uint8Array([1, 2, 3, 4, 5, 6]));
    expect(() => ring.read(1, 1)).toThrow("not in the ring");
    expect(() => ring.read(7, 1)).toThrow("not in the ring");
    expect([...ring.read(6, 10)]).toEqual([]);
    expect([...ring.read(2, 10)]).toEqual([3, 4, 5, 6]);
  });
});
