// Unpacks the block format of Snappy, which Loki's pushes and Prometheus' remote writes come in.
// Format: google/snappy, "format_description.txt".
import { SluiceError } from "@sluice/protocol";

function broken(): SluiceError {
  return new SluiceError({ code: "invalid_input", message: "The body is not what Snappy makes." });
}

/** Throws `invalid_input` for bytes that are none, and `payload_too_large` before memory is taken for more than `bytesMax`. */
export function unsnap(packed: Uint8Array, bytesMax: number): Uint8Array {
  const { length, at: start } = lengthOf(packed);
  if (length > bytesMax) {
    throw new SluiceError({
      code: "payload_too_large",
      message: `The body is ${length} bytes long once it is unpacked; at most ${bytesMax} are taken.`,
    });
  }
  const out = new Uint8Array(length);
  let at = start;
  let filled = 0;
  while (at < packed.length) {
    const tag = packed[at++] ?? 0;
    const kind = tag & 3;
    if (kind === 0) {
      let size = (tag >>> 2) + 1;
      if (size > 60) {
        const bytes = size - 60;
        size = little(packed, at, bytes) + 1;
        at += bytes;
      }
      if (at + size > packed.length || filled + size > length) throw broken();
      out.set(packed.subarray(at, at + size), filled);
      at += size;
      filled += size;
      continue;
    }
    const short = kind === 1;
    const size = short ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const bytes = short ? 1 : kind === 2 ? 2 : 4;
    const back = little(packed, at, bytes) + (short ? (tag >>> 5) * 256 : 0);
    at += bytes;
    if (back === 0 || back > filled || filled + size > length) throw broken();
    // What is copied may reach into what is being written.
    if (back >= size) out.copyWithin(filled, filled - back, filled - back + size);
    else for (let i = 0; i < size; i++) out[filled + i] = out[filled + i - back] ?? 0;
    filled += size;
  }
  if (filled !== length) throw broken();
  return out;
}

function lengthOf(packed: Uint8Array): { readonly length: number; readonly at: number } {
  let length = 0;
  for (let at = 0; at < 5; at++) {
    const byte = packed[at];
    if (byte === undefined) break;
    length += (byte & 127) * 128 ** at;
    if (byte < 128) return { length, at: at + 1 };
  }
  throw broken();
}

function little(bytes: Uint8Array, at: number, count: number): number {
  if (at + count > bytes.length) throw broken();
  let value = 0;
  for (let i = 0; i < count; i++) value += (bytes[at + i] ?? 0) * 256 ** i;
  return value;
}
