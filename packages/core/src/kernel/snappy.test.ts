import { describe, expect, test } from "bun:test";
import { unsnap } from "./snappy.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe("a block of Snappy", () => {
  test("holds literals and copies, also of what is being written", () => {
    // "abcd", then four of it again, then "x" and eleven copies of one byte back.
    const packed = Buffer.from([20, 0b0000_1100, 97, 98, 99, 100, 0b0000_0001, 4, 0, 120, 0b0010_1010, 1, 0]);
    expect(text(unsnap(packed, 100))).toBe(`abcdabcdx${"x".repeat(11)}`);
    const long = Buffer.concat([Buffer.from([200, 1, 60 << 2, 199]), Buffer.alloc(200, "y")]);
    expect(text(unsnap(long, 1_000))).toBe("y".repeat(200));
    expect(unsnap(Buffer.from([0]), 0)).toHaveLength(0);
  });

  test("that is broken or too long is refused, wherever it is cut", () => {
    const packed = Buffer.from([8, 0b0000_1100, 97, 98, 99, 100, 0b0000_0001, 4]);
    for (let cut = 0; cut < packed.length; cut++) expect(() => unsnap(packed.subarray(0, cut), 100)).toThrow("Snappy");
    expect(() => unsnap(Buffer.from([4, 0b0000_0001, 1]), 100)).toThrow("Snappy");
    expect(() => unsnap(Buffer.from([255, 255, 255, 255, 15]), 1_000_000)).toThrow("at most 1000000");
    expect(() => unsnap(Buffer.from([255, 255, 255, 255, 255, 255]), 10)).toThrow("Snappy");
  });
});
