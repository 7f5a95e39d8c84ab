import { expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import fc from "fast-check";
import { hashOf } from "./input-hash.ts";

const hash = (value: unknown): string => hashOf(encodeValue(value));

test("the order of keys does not count, at any depth; the order of items does", () => {
  expect(hash({ a: 1, b: { c: [1, { d: 1, e: 2 }], f: 2 } })).toBe(hash({ b: { f: 2, c: [1, { e: 2, d: 1 }] }, a: 1 }));
  expect(hash([1, 2])).not.toBe(hash([2, 1]));
});

test("what differs has another hash", () => {
  const values = [
    undefined,
    null,
    0,
    -0,
    1,
    "1",
    1n,
    "",
    false,
    [],
    {},
    { a: undefined },
    new Date(1),
    new Date(2),
    new Map(),
    new Set(),
    [undefined],
    [null],
    { a: 1 },
    { a: "1" },
    { A: 1 },
    new Uint8Array([1]),
    Number.NaN,
  ];
  expect(new Set(values.map(hash)).size).toBe(values.length);
});

test("the same value has the same hash, whatever it is", () => {
  fc.assert(
    fc.property(
      fc.anything({
        maxDepth: 4,
        withDate: true,
        withMap: true,
        withSet: true,
        withBigInt: true,
        withTypedArray: true,
      }),
      (value) => {
        expect(hash(value)).toBe(hash(structuredClone(value)));
        expect(hash(value)).toMatch(/^[0-9a-f]{32}$/);
      },
    ),
  );
});

test("a value that contains itself comes to an end", () => {
  const cyclic = (n: number): unknown => {
    const value: Record<string, unknown> = { n };
    value["self"] = value;
    return value;
  };
  expect(hash(cyclic(1))).toBe(hash(cyclic(1)));
  expect(hash(cyclic(1))).not.toBe(hash(cyclic(2)));
});

test("100,000 inputs that differ in one place collide nowhere", () => {
  const seen = new Set<string>();
  for (let i = 0; i < 100_000; i++) seen.add(hash({ order: i }));
  expect(seen.size).toBe(100_000);
});
