import { expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { encodeBlobRef } from "./blob-ref.ts";
import { containing, contains, eventIdKey, fitting } from "./match.ts";

const cyclic = (): Record<string, unknown> => {
  const value: Record<string, unknown> = { a: 1 };
  value["self"] = value;
  return value;
};

test.each([
  [1, 1, true],
  [1, 2, false],
  [Number.NaN, Number.NaN, true],
  [0, -0, false],
  ["x", "x", true],
  [null, undefined, false],
  [null, {}, false],
  [{ a: 1, b: 2 }, { a: 1 }, true],
  [{ a: 1 }, { a: 1, b: undefined }, false],
  [{ a: undefined }, { a: undefined }, true],
  [{ a: { b: { c: 1, d: 2 } } }, { a: { b: { c: 1 } } }, true],
  [{ a: { b: 1 } }, { a: { b: 2 } }, false],
  [{}, {}, true],
  [7, {}, false],
  [[1, 2], [1, 2], true],
  [[1, 2, 3], [1, 2], false],
  [[{ a: 1, b: 1 }], [{ a: 1 }], true],
  [{ 0: 1, length: 1 }, [1], false],
  [new Date(5), new Date(5), true],
  [new Date(5), new Date(6), false],
  [5, new Date(5), false],
  [new Map([["a", { x: 1, y: 2 }]]), new Map([["a", { x: 1 }]]), true],
  [new Map([["a", 1]]), new Map([["b", 1]]), false],
  [{ a: 1 }, new Map(), false],
  [new Set([1, 2]), new Set([1]), true],
  [new Set([1]), new Set([1, 2]), false],
  [{}, new Set(), false],
  [new Uint8Array([1, 2]), new Uint8Array([1, 2]), true],
  [new Uint8Array([1, 2, 3]), new Uint8Array([1, 2]), false],
  [new Uint16Array([1]), new Uint8Array([1, 0]), false],
  [new Uint8Array([1]).buffer, new Uint8Array([1]).buffer, true],
  [10n, 10n, true],
  [10n, 10, false],
] as const)("%p contains %p: %p", (payload, pattern, expected) => {
  expect(contains(payload, pattern)).toBe(expected);
  expect(containing(encodeValue(payload))(encodeValue(pattern))).toBe(expected);
  expect(fitting(encodeValue(pattern))({ id: 1, payload: encodeValue(payload) })).toBe(expected);
});

test("what an object inherits is not in it", () => {
  expect(contains({}, { toString: undefined })).toBe(false);
  expect(contains({}, { constructor: Object })).toBe(false);
});

test("a pattern that contains itself comes to an end", () => {
  expect(contains(cyclic(), cyclic())).toBe(true);
  expect(contains({ ...cyclic(), a: 2 }, cyclic())).toBe(false);
  expect(contains({ a: 1 }, cyclic())).toBe(false);
});

test("no pattern matches everything", () => {
  const blob = encodeBlobRef("ab".repeat(32));
  expect(containing(encodeValue(null))(undefined)).toBe(true);
  expect(containing(blob)(undefined)).toBe(true);
  expect(fitting(undefined)({ id: 1, payload: blob })).toBe(true);
});

test("what is kept in a blob is looked into where it was handed in", () => {
  const payload = encodeBlobRef("ab".repeat(32));
  const fits = fitting(encodeValue({ a: 1 }), { event: 7, content: encodeValue({ a: 1, b: 2 }) });
  expect(fits({ id: 7, payload })).toBe(true);
  expect(fits({ id: 8, payload })).toBeUndefined();
  expect(fitting(encodeValue({ a: 2 }), { event: 7, content: encodeValue({ a: 1 }) })({ id: 7, payload })).toBe(false);
});

test("an id is that of one name, however the two are cut", () => {
  const pairs = [
    ["a", "b:c"],
    ["a:b", "c"],
    ["a:b:c", ""],
    ["", "a:b:c"],
    ["1:a", "b"],
    ["1", "a:b"],
  ] as const;
  expect(new Set(pairs.map(([name, id]) => eventIdKey(name, id))).size).toBe(pairs.length);
});
