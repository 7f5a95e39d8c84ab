import { describe, expect, test } from "bun:test";
import { bytesOf, doubleOf, eachField, fixedOf, numberOf, textOf } from "../../kernel/protobuf.ts";
import { protobufMessage } from "./protobuf.ts";

function read(bytes: Uint8Array): [number, unknown][] {
  const fields: [number, unknown][] = [];
  eachField(bytes, (field, value) => fields.push([field, typeof value === "number" ? value : [...value]]));
  return fields;
}

describe("a message of Protocol Buffers", () => {
  test("is read as it was written", () => {
    const bytes = protobufMessage({ 1: 300, 2: "hé", 3: Uint8Array.of(1, 2), 4: undefined, 20: 2 ** 40 });
    expect(read(bytes)).toEqual([
      [1, 300],
      [2, [...Buffer.from("hé")]],
      [3, [1, 2]],
      [20, 2 ** 40],
    ]);
  });

  test("has numbers of 64 bits, negative ones too, and of fixed length", () => {
    const minusTwo = Buffer.from([8, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]);
    expect(read(minusTwo)).toEqual([[1, -2]]);
    const fixed = Buffer.alloc(9, 9);
    fixed.writeBigUInt64LE(1_772_625_600_123_456_789n, 1);
    eachField(fixed, (_field, value) => expect(fixedOf(value)).toBe("1772625600123456789"));
    const float = Buffer.alloc(9, 9);
    float.writeDoubleLE(1.5, 1);
    eachField(float, (_field, value) => expect(doubleOf(value)).toBe(1.5));
    expect(read(Buffer.from([13, 1, 2, 3, 4]))).toEqual([[1, [1, 2, 3, 4]]]);
  });

  test("that is cut off, or of no type, is told", () => {
    const bytes = protobufMessage({ 1: "abc" });
    for (let cut = 1; cut < bytes.length; cut++) expect(() => read(bytes.subarray(0, cut))).toThrow(RangeError);
    expect(() => read(Buffer.from([0b1011]))).toThrow("wire type 3");
    expect(() => read(Buffer.alloc(12, 0xff))).toThrow(RangeError);
    expect(() => read(Buffer.from([10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]))).toThrow(RangeError);
  });

  test("with another type than expected holds nothing of it", () => {
    const one = Uint8Array.of(1);
    expect([textOf(1), bytesOf(1).length, numberOf(one), fixedOf(one), doubleOf(1)]).toEqual(["", 0, 0, "0", 0]);
  });
});
