// Messages of GELF as datagrams: packed with gzip or zlib or not at all, whole or in up to 128 chunks that come in any order.
// Format: Graylog, "GELF via UDP".
import { gunzipSync, inflateSync } from "node:zlib";

const chunksMax = 128;
/** Chunks of a message come within this, or not at all. */
const togetherMs = 5_000;
/** Messages whose chunks are waited for, at once. */
const openMax = 1_000;

interface Open {
  readonly chunks: (Uint8Array | undefined)[];
  missing: number;
  readonly sinceMs: number;
}

export class GelfDatagrams {
  readonly #open = new Map<string, Open>();
  readonly #bytesMax: number;

  /** `bytesMax`: of a message, once it is unpacked. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The text of the message that this completes; undefined where there is more to come. Throws for what is no message. */
  take(datagram: Uint8Array, nowMs: number): string | undefined {
    if (datagram[0] !== 0x1e || datagram[1] !== 0x0f) return this.#unpacked(datagram);
    this.#forget(nowMs);
    const [place = 0, count = 0] = datagram.subarray(10, 12);
    if (datagram.length < 12 || count === 0 || count > chunksMax || place >= count) {
      throw new RangeError("a chunk is not one of 128 at most");
    }
    const id = Buffer.from(datagram.subarray(2, 10)).toString("hex");
    const open = this.#open.get(id) ?? this.#begin(id, { count, nowMs });
    if (open.chunks.length !== count) throw new RangeError("chunks of a message do not agree how many they are");
    if (open.chunks[place] === undefined) {
      open.chunks[place] = new Uint8Array(datagram.subarray(12));
      open.missing--;
    }
    if (open.missing > 0) return undefined;
    this.#open.delete(id);
    return this.#unpacked(Buffer.concat(open.chunks.filter((chunk) => chunk !== undefined)));
  }

  #begin(id: string, { count, nowMs }: { readonly count: number; readonly nowMs: number }): Open {
    if (this.#open.size >= openMax) throw new RangeError("too many messages have come in part only");
    const open: Open = { chunks: Array.from({ length: count }, () => undefined), missing: count, sinceMs: nowMs };
    this.#open.set(id, open);
    return open;
  }

  /** Those that were begun first stand first. */
  #forget(nowMs: number): void {
    for (const [id, { sinceMs }] of this.#open) {
      if (nowMs - sinceMs < togetherMs) return;
      this.#open.delete(id);
    }
  }

  #unpacked(bytes: Uint8Array): string {
    const maxOutputLength = this.#bytesMax;
    const [first, second] = bytes;
    if (first === 0x1f && second === 0x8b) return gunzipSync(bytes, { maxOutputLength }).toString();
    if (first === 0x78) return inflateSync(bytes, { maxOutputLength }).toString();
    return Buffer.from(bytes).toString();
  }
}
