// Digests over lists of things.
import { expect, test } from "bun:test";
import { digestOfRecord, digestOfTexts, sha256, stableText } from "./fingerprint.ts";

test("digests are SHA-256", () => {
  expect(sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("lists that differ in where one text ends have other digests", () => {
  const lists = [["ab", "c"], ["a", "bc"], ["abc"], ["a", "b", "c"], ["", "abc"], []];
  expect(new Set(lists.map(digestOfTexts)).size).toBe(lists.length);
});

test("of a record the order does not matter, names and values do", () => {
  expect(digestOfRecord({ a: "1", b: "2" })).toBe(digestOfRecord({ b: "2", a: "1", c: undefined }));
  expect(digestOfRecord({ a: "1" })).not.toBe(digestOfRecord({ a: "2" }));
  expect(digestOfRecord({ a: "1" })).not.toBe(digestOfRecord({ b: "1" }));
});

test("texts of values are the same whatever the order of keys", () => {
  expect(stableText({ b: [{ d: 1, c: 2 }], a: null })).toBe(stableText({ a: null, b: [{ c: 2, d: 1 }] }));
  expect([stableText([1, 2]) === stableText([2, 1]), stableText(undefined)]).toEqual([false, ""]);
});
