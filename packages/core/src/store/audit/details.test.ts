import { expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { encodeBlobRef } from "../../kernel/blob-ref.ts";
import { detailCharsMax, detailOf, shownBytesMax, shownValue } from "./details.ts";

test("details say nothing of what is undefined, and of what is too long only how long it is", () => {
  expect(detailOf(undefined)).toBeUndefined();
  expect(detailOf({ a: undefined })).toBeUndefined();
  expect(detailOf({ a: undefined, b: null, c: ["x"] })).toBe('{"b":null,"c":["x"]}');
  const fits = { a: "x".repeat(detailCharsMax - '{"a":""}'.length) };
  expect(detailOf(fits)).toBe(JSON.stringify(fits));
  expect(detailOf({ a: `${fits.a}x` })).toBe(`{"omittedChars":${detailCharsMax + 1}}`);
});

test("a value is shown where it is short, lies here and can be read", () => {
  const short = encodeValue({ n: 1, at: new Date(0) });
  expect(shownValue(short)).toMatchObject({ bytes: short.length, value: { n: 1 } });
  const long = encodeValue("x".repeat(shownBytesMax));
  expect(shownValue(long)).toEqual({ bytes: long.length });
  expect(shownValue(encodeBlobRef("ab".repeat(32)))).toEqual({ bytes: 33 });
  expect(shownValue(new Uint8Array([0xc1]))).toEqual({ bytes: 1 });
  // Every shown value can be part of a row.
  expect(detailOf(shownValue(encodeValue(10n ** 30n)))).toContain('"bytes"');
});
