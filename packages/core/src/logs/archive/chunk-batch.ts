// A file of chunks that is searched where it stands: their bodies one after the other, then a footer with all that is known of them
// without unpacking any, so that a reader fetches the footer and the few bodies it needs.
import type { Chunk, ChunkHead } from "../storage/chunk.ts";
import { sumOf } from "../storage/chunk.ts";
import { ByteReader, ByteWriter } from "../storage/bytes.ts";

const magic = Buffer.from("SLUICEC1", "latin1");
/** Place of the footer, its length, its checksum (8 bytes each, the lowest first), and the magic once more. */
const trailerBytes = 32;
const zstdLevel = 3;

/** A chunk as the footer has it. */
export interface FootedChunk {
  readonly head: ChunkHead;
  readonly at: number;
  readonly length: number;
  /** Of the body, as `sumOf` makes it. */
  readonly sum: string;
  readonly counts: Uint8Array;
  readonly tokens: Uint8Array | undefined;
}

export interface EncodedBatch {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly footerAt: number;
}

/** At least one chunk. */
export function encodeChunkBatch(chunks: readonly Chunk[]): EncodedBatch {
  const out = new ByteWriter();
  out.raw(magic);
  const footer = new ByteWriter();
  footer.varint(chunks.length);
  for (const { head, body, counts, tokens, sum } of chunks) {
    footer.text(JSON.stringify(head));
    footer.varint(out.length);
    footer.varint(body.length);
    footer.text(sum);
    footer.varint(counts.length);
    footer.raw(counts);
    footer.varint(tokens === undefined ? 0 : tokens.length + 1);
    if (tokens !== undefined) footer.raw(tokens);
    out.raw(body);
  }
  const footerAt = out.length;
  const packed = Bun.zstdCompressSync(footer.taken(), { level: zstdLevel });
  out.raw(packed);
  const trailer = Buffer.alloc(trailerBytes);
  trailer.writeBigUInt64LE(BigInt(footerAt), 0);
  trailer.writeBigUInt64LE(BigInt(packed.length), 8);
  trailer.writeBigUInt64LE(BigInt(`0x${sumOf(packed)}`), 16);
  magic.copy(trailer, 24);
  out.raw(trailer);
  return { bytes: out.taken(), footerAt };
}

/** The chunks of a file, from its end: what stands from where the footer begins on. Throws a `RangeError` for what is none. */
export function readFooter(tail: Uint8Array): FootedChunk[] {
  const bytes = Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength);
  if (bytes.length < trailerBytes || !bytes.subarray(-magic.length).equals(magic)) {
    throw new RangeError("the file does not end as one of chunks does");
  }
  const trailer = bytes.subarray(-trailerBytes);
  const packed = bytes.subarray(0, Number(trailer.readBigUInt64LE(8)));
  if (BigInt(`0x${sumOf(packed)}`) !== trailer.readBigUInt64LE(16)) {
    throw new RangeError("the footer's checksum is wrong");
  }
  const reader = new ByteReader(Bun.zstdDecompressSync(packed));
  const chunks: FootedChunk[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    const head = JSON.parse(reader.text()) as ChunkHead;
    const [at, length, sum] = [reader.varint(), reader.varint(), reader.text()];
    const counts = reader.raw(reader.varint());
    const tokens = reader.varint();
    chunks.push({ head, at, length, sum, counts, tokens: tokens === 0 ? undefined : reader.raw(tokens - 1) });
  }
  return chunks;
}

/** Whole chunks of a whole file. Throws a `RangeError` where one is damaged. */
export function chunksOfBatch(bytes: Uint8Array): Chunk[] {
  if (bytes.length < trailerBytes) throw new RangeError("the file is too short");
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const footerAt = Number(view.readBigUInt64LE(view.length - trailerBytes));
  return readFooter(bytes.subarray(footerAt)).map(({ head, at, length, sum, counts, tokens }) => {
    const body = bytes.subarray(at, at + length);
    if (sumOf(body) !== sum) throw new RangeError("the checksum of a chunk is wrong");
    return { head, body, counts, tokens, sum };
  });
}
