import { describe, expect, test } from "bun:test";
import { doubleOf, eachField, numberOf, packedDoublesOf, packedFixedOf, signedOf, textOf } from "./protobuf.ts";

describe("bytes of Protocol Buffers", () => {
  test("are fields with numbers, texts and numbers of fixed length", () => {
    const bytes = Buffer.concat([Buffer.from([8, 3, 18, 2, 104, 105, 25]), Buffer.from(Float64Array.of(1.5).buffer)]);
    const found: unknown[] = [];
    eachField(bytes, (field, value) =>
      found.push(field === 1 ? numberOf(value) : field === 2 ? textOf(value) : doubleOf(value)),
    );
    expect(found).toEqual([3, "hi", 1.5]);
  });

  test("hold packed numbers, and those with a sign", () => {
    expect(packedFixedOf(new Uint8Array(BigUint64Array.of(1n, 70_000n).buffer))).toEqual([1, 70_000]);
    expect(packedDoublesOf(new Uint8Array(Float64Array.of(0.5, -2).buffer))).toEqual([0.5, -2]);
    expect(signedOf(new Uint8Array(BigInt64Array.of(-7n).buffer))).toBe(-7);
    expect([packedFixedOf(1), packedDoublesOf(1), signedOf(1)]).toEqual([[], [], 0]);
  });
});
