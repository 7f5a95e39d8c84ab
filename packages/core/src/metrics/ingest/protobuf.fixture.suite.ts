// For tests of formats in protobuf: messages made by hand.

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return bytes;
}

export type Part = readonly [field: number, value: string | number | bigint | Uint8Array];

export const fixed = (value: bigint): Uint8Array => new Uint8Array(BigInt64Array.of(value).buffer);
export const double = (value: number): Uint8Array => new Uint8Array(Float64Array.of(value).buffer);

/** Numbers as varints, `Fixed` values with their own wire type, all else with a length. */
export function message(...parts: readonly (Part | readonly [number, Uint8Array, "fixed"])[]): Uint8Array {
  return Buffer.concat(
    parts.map(([field, value, wire]) => {
      if (typeof value === "number" || typeof value === "bigint")
        return Buffer.from([...varint(BigInt(field * 8)), ...varint(BigInt(value))]);
      const bytes = typeof value === "string" ? Buffer.from(value) : value;
      if (wire === "fixed") return Buffer.concat([Buffer.from(varint(BigInt(field * 8 + 1))), bytes]);
      return Buffer.concat([Buffer.from([...varint(BigInt(field * 8 + 2)), ...varint(BigInt(bytes.length))]), bytes]);
    }),
  );
}
