import { expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import fc from "fast-check";
import { blobRefOf, encodeBlobRef } from "./blob-ref.ts";

test("a reference is 33 bytes and names its blob", () => {
  const hash = "00ff10".padEnd(62, "a").concat("7f");
  const reference = encodeBlobRef(hash);
  expect(reference).toHaveLength(33);
  expect(blobRefOf(reference)).toBe(hash);
});

test("no value is taken for a reference, however long", () => {
  fc.assert(fc.property(fc.anything({ maxDepth: 3 }), (value) => blobRefOf(encodeValue(value)) === undefined));
  expect(blobRefOf(encodeValue("x".repeat(31)))).toBeUndefined();
  expect(encodeValue("x".repeat(31))).toHaveLength(32);
  expect(blobRefOf(encodeValue("x".repeat(32)).subarray(0, 33))).toBeUndefined();
});

test("other bytes are none: too short, too long, another first byte", () => {
  const reference = encodeBlobRef("ab".repeat(32));
  expect(blobRefOf(undefined)).toBeUndefined();
  expect(blobRefOf(new Uint8Array(0))).toBeUndefined();
  expect(blobRefOf(reference.subarray(0, 32))).toBeUndefined();
  expect(blobRefOf(new Uint8Array([...reference, 0]))).toBeUndefined();
  expect(blobRefOf(Uint8Array.from(reference, (byte, index) => (index === 0 ? 0xc0 : byte)))).toBeUndefined();
});
