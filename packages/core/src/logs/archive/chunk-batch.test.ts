import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { levelOf } from "../level.ts";
import { encodeChunk } from "../storage/chunk.ts";
import type { Chunk } from "../storage/chunk.ts";
import { anyEntry } from "../storage/entries.fixture.suite.ts";
import { chunksOfBatch, encodeChunkBatch, readFooter } from "./chunk-batch.ts";

const anyChunk = fc.array(anyEntry, { minLength: 1, maxLength: 5 }).map((entries) =>
  encodeChunk(
    "default",
    entries.map((each, seq) => ({ ...each, seq, level: levelOf(each) })),
  ),
);

describe("a file of chunks", () => {
  test("gives back what was put in, and its end says all but the bodies", () => {
    fc.assert(
      fc.property(fc.array(anyChunk, { minLength: 1, maxLength: 4 }), (chunks) => {
        const { bytes, footerAt } = encodeChunkBatch(chunks);
        const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
        const hex = (part: Uint8Array | undefined): string | undefined => part && Buffer.from(part).toString("hex");
        const said = ({ head, body, counts, tokens, sum }: Chunk): unknown => [
          plain(head),
          hex(body),
          hex(counts),
          hex(tokens),
          sum,
        ];
        expect(chunksOfBatch(bytes).map(said)).toEqual(chunks.map(said));
        const footer = readFooter(bytes.subarray(footerAt));
        expect(footer.map(({ head }) => plain(head))).toEqual(chunks.map(({ head }) => plain(head)));
        for (const [i, { at, length }] of footer.entries()) {
          expect(Buffer.from(bytes.subarray(at, at + length)).equals(chunks[i]?.body ?? new Uint8Array())).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });

  test("that was cut or changed is refused, wherever", () => {
    const [chunk] = fc.sample(anyChunk, 1);
    if (chunk === undefined) throw new Error("no chunk");
    const { bytes } = encodeChunkBatch([chunk]);
    for (let cut = 0; cut < bytes.length; cut += 7)
      expect(() => chunksOfBatch(bytes.subarray(0, cut))).toThrow(RangeError);
    for (let at = 8; at < bytes.length; at += 5) {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] ?? 0) ^ 16;
      expect(() => chunksOfBatch(flipped)).toThrow();
    }
  });
});
