// The last output of a session by its offset from the beginning: bounded, and no larger than what there was.
import type { Bytes } from "./ports.ts";

const firstBytes = 4 * 1024;

export class ByteRing {
  readonly #bytesMax: number;
  #bytes: Bytes;
  #start: number;
  #end: number;

  /** `start`: offset of the first byte to come. */
  constructor(bytesMax: number, start = 0) {
    if (bytesMax < 1) throw new Error("A ring has room for a byte at least.");
    this.#bytesMax = bytesMax;
    this.#start = start;
    this.#end = start;
    this.#bytes = new Uint8Array(Math.min(firstBytes, bytesMax));
  }

  /** Offset of the first byte that is kept. */
  get start(): number {
    return this.#start;
  }

  /** Offset behind the last byte; so many there were altogether. */
  get end(): number {
    return this.#end;
  }

  push(bytes: Uint8Array): void {
    const from = bytes.length > this.#bytesMax ? bytes.length - this.#bytesMax : 0;
    const end = this.#end + bytes.length;
    this.#grow(Math.min(end - this.#start, this.#bytesMax));
    this.#place(bytes.subarray(from), this.#end + from);
    this.#end = end;
    this.#start = Math.max(this.#start, end - this.#bytesMax);
  }

  /** A copy of at most `bytesMax` bytes from `offset` on, which must not lie before the start. */
  read(offset: number, bytesMax: number): Bytes {
    if (offset < this.#start || offset > this.#end) throw new Error(`Offset ${offset} is not in the ring.`);
    const copy = new Uint8Array(Math.min(bytesMax, this.#end - offset));
    this.copyTo(copy, offset);
    return copy;
  }

  /** Fills `target` with what there is from `offset` on, all of which must be there. */
  copyTo(target: Uint8Array, offset: number): void {
    if (offset < this.#start || offset + target.length > this.#end) throw new Error("That is not in the ring.");
    const size = this.#bytes.length;
    const at = offset % size;
    const first = Math.min(target.length, size - at);
    target.set(this.#bytes.subarray(at, at + first));
    target.set(this.#bytes.subarray(0, target.length - first), first);
  }

  #grow(wanted: number): void {
    const before = this.#bytes.length;
    if (wanted <= before) return;
    let size = before;
    while (size < wanted) size *= 2;
    const kept = new Uint8Array(this.#end - this.#start);
    this.copyTo(kept, this.#start);
    this.#bytes = new Uint8Array(Math.min(size, this.#bytesMax));
    this.#place(kept, this.#start);
  }

  #place(bytes: Uint8Array, offset: number): void {
    const size = this.#bytes.length;
    const at = offset % size;
    const first = Math.min(bytes.length, size - at);
    this.#bytes.set(bytes.subarray(0, first), at);
    this.#bytes.set(bytes.subarray(first), 0);
  }
}
