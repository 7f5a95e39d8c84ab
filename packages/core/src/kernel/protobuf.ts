// Reads Protocol Buffers as bytes: the fields of a message one after the other.
// Format: protobuf.dev, "Encoding".

const utf8 = new TextDecoder();

/**
 * Calls back for each field of a message: numbers of variable length as such (signed, of 64 bits), all else as its bytes, those of
 * fixed length the lowest first. Throws a `RangeError` for bytes that are no message.
 */
export function eachField(bytes: Uint8Array, told: (field: number, value: Uint8Array | number) => void): void {
  let at = 0;
  const raw = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError("the bytes end too early");
    at += length;
    return bytes.subarray(at - length, at);
  };
  const varint = (): number => {
    const start = at;
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError("the bytes end inside of a number");
      if (at - start > 10) throw new RangeError("a number is too long");
      value += (byte & 127) * scale;
      if (byte < 128) return at - start > 7 ? wide(bytes.subarray(start, at)) : value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const [field, wire] = [Math.floor(tag / 8), tag % 8];
    if (wire === 0) told(field, varint());
    else if (wire === 2) {
      const length = varint();
      if (length < 0) throw new RangeError("the bytes end too early");
      told(field, raw(length));
    } else if (wire === 1) told(field, raw(8));
    else if (wire === 5) told(field, raw(4));
    else throw new RangeError(`there is no wire type ${wire}`);
  }
}

/** A number of more than 49 bits; the highest is its sign. */
function wide(bytes: Uint8Array): number {
  let value = 0n;
  for (const [i, byte] of bytes.entries()) value |= BigInt(byte & 127) << BigInt(7 * i);
  return Number(BigInt.asIntN(64, value));
}

export function textOf(value: Uint8Array | number): string {
  return typeof value === "number" ? "" : utf8.decode(value);
}

export function bytesOf(value: Uint8Array | number): Uint8Array {
  return typeof value === "number" ? new Uint8Array(0) : value;
}

export function numberOf(value: Uint8Array | number): number {
  return typeof value === "number" ? value : 0;
}

/** A number of fixed length, unsigned, as a text of digits; of something else `0`. */
export function fixedOf(value: Uint8Array | number): string {
  if (typeof value === "number" || value.length !== 8) return "0";
  return viewOf(value).getBigUint64(0, true).toString();
}

export function doubleOf(value: Uint8Array | number): number {
  if (typeof value === "number" || value.length !== 8) return 0;
  return viewOf(value).getFloat64(0, true);
}

/** A number of fixed length with its sign; of something else 0. */
export function signedOf(value: Uint8Array | number): number {
  return typeof value === "number" || value.length !== 8 ? 0 : Number(viewOf(value).getBigInt64(0, true));
}

/** Numbers of fixed length one after the other: of 8 bytes each, unsigned. */
export function packedFixedOf(value: Uint8Array | number): readonly number[] {
  return packed(value, (view, at) => Number(view.getBigUint64(at, true)));
}

export function packedDoublesOf(value: Uint8Array | number): readonly number[] {
  return packed(value, (view, at) => view.getFloat64(at, true));
}

function packed(value: Uint8Array | number, read: (view: DataView, at: number) => number): readonly number[] {
  if (typeof value === "number") return [];
  const view = viewOf(value);
  return Array.from({ length: Math.floor(value.length / 8) }, (_, i) => read(view, i * 8));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
