import { describe, expect, test } from "bun:test";
import { noise } from "./cache.fixture.suite.ts";
import { chunkBytesMax, chunkBytesMin, cutAt } from "./chunking.ts";

function cut(bytes: Uint8Array): readonly string[] {
  const chunks: string[] = [];
  for (let rest = bytes; rest.length > 0;) {
    const at = cutAt(rest);
    chunks.push(new Bun.CryptoHasher("sha256").update(rest.subarray(0, at)).digest("hex"));
    rest = rest.subarray(at);
  }
  return chunks;
}

describe("content is cut", () => {
  test("into pieces within their limits, which are together what it was", () => {
    let total = 0;
    for (let rest = noise(12 * 1024 * 1024); rest.length > 0;) {
      const at = cutAt(rest);
      total += at;
      expect(at).toBeLessThanOrEqual(chunkBytesMax);
      if (at < rest.length) expect(at).toBeGreaterThan(chunkBytesMin);
      rest = rest.subarray(at);
    }
    expect(total).toBe(12 * 1024 * 1024);
    expect(cutAt(new Uint8Array(0))).toBe(0);
    expect(cutAt(new Uint8Array(10 * 1024 * 1024))).toBe(chunkBytesMax);
  });

  test("at the same places after something was put in at the front", () => {
    const bytes = noise(12 * 1024 * 1024, 7);
    const before = cut(bytes);
    const after = cut(Buffer.concat([noise(1_000, 3), bytes]));
    expect(before.length).toBeGreaterThan(4);
    expect(after.filter((chunk) => before.includes(chunk)).length).toBeGreaterThanOrEqual(before.length - 2);
  });
});
