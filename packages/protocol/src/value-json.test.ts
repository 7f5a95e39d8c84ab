// The table of how values become JSON, row by row, and that a small value never becomes a huge answer.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { jsonHolesMax, jsonRepeatCharsMax, valueToJson } from "./value-json.ts";
import { decodeValue, encodeValue } from "./value.ts";
import { ValueNotSerializableError } from "./value-format.ts";

describe("the table", () => {
  const failure = Object.assign(new TypeError("no", { cause: new Error("why") }), { code: "E_NO", secret: "hidden" });
  const rows: readonly (readonly [string, unknown, unknown])[] = [
    ["null", null, null],
    ["a boolean", true, true],
    ["a string", "text", "text"],
    ["a number", 1.5, 1.5],
    ["minus zero", -0, 0],
    ["numbers that are not finite", [NaN, Infinity, -Infinity], ["NaN", "Infinity", "-Infinity"]],
    ["undefined at the root", undefined, null],
    ["undefined in an array", [1, undefined], [1, null]],
    ["undefined in an object", { a: undefined, b: 1 }, { b: 1 }],
    ["a BigInt", 2n ** 70n, "1180591620717411303424"],
    ["a date", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["an invalid date", new Date(NaN), null],
    ["a regular expression", /a\/b/gi, "/a\\/b/gi"],
    ["boxed primitives", [Object(1), Object("s"), Object(false), Object(3n)], [1, "s", false, "3"]],
    // eslint-disable-next-line no-sparse-arrays
    ["holes", [1, , 2], [1, null, 2]],
    ["an array with named properties", Object.assign([1], { extra: 2 }), [1]],
    [
      "a Map with string keys",
      new Map<string, unknown>([
        ["a", 1],
        ["b", undefined],
      ]),
      { a: 1 },
    ],
    [
      "a Map with other keys",
      new Map<unknown, unknown>([
        [1, "one"],
        ["two", undefined],
      ]),
      [
        [1, "one"],
        ["two", null],
      ],
    ],
    ["an empty Map", new Map(), {}],
    ["a Set", new Set([1, undefined]), [1, null]],
    ["bytes", new Uint8Array([0, 1, 255]), "AAH/"],
    ["an ArrayBuffer", new Uint8Array([1]).buffer, "AQ=="],
    ["a DataView of a part", new DataView(new Uint8Array([1, 2, 3]).buffer, 1, 1), "Ag=="],
    [
      "other typed arrays",
      [new Int16Array([-1]), new Float32Array([0.5, NaN]), new BigInt64Array([-2n])],
      [[-1], [0.5, "NaN"], ["-2"]],
    ],
    [
      "an error, without its stack and what hangs on it",
      failure,
      { name: "TypeError", message: "no", code: "E_NO", cause: { name: "Error", message: "why" } },
    ],
    [
      "an aggregate error",
      new AggregateError([1, "x"], "both"),
      { name: "AggregateError", message: "both", errors: [1, "x"] },
    ],
  ];
  for (const [name, value, json] of rows) {
    test(name, () => {
      // Through text, as the API sends it: what JSON.stringify would drop or change shows.
      expect(JSON.parse(JSON.stringify({ json: valueToJson(value) }))).toStrictEqual({ json } as never);
      expect(JSON.stringify(valueToJson(decodeValue(encodeValue(value))))).toBe(JSON.stringify(json));
    });
  }

  test("cycles name the place where the object began", () => {
    const order: Record<string, unknown> = { id: 1 };
    order["self"] = order;
    order["lines"] = [{ "of order": order }];
    order["index"] = new Map([[order, order["lines"]]]);
    expect(valueToJson({ order })).toEqual({
      order: {
        id: 1,
        self: { $ref: "$.order" },
        lines: [{ "of order": { $ref: "$.order" } }],
        index: [[{ $ref: "$.order" }, [{ "of order": { $ref: "$.order" } }]]],
      },
    });
  });

  test("objects that stand twice are written twice", () => {
    const address = { city: "Wien" };
    expect(valueToJson({ billing: address, shipping: address })).toEqual({ billing: address, shipping: address });
  });

  test("a key called __proto__ is a key", () => {
    const json = valueToJson(JSON.parse('{"__proto__":{"admin":true}}'));
    expect(JSON.stringify(json)).toBe('{"__proto__":{"admin":true}}');
    expect((json as { admin?: boolean }).admin).toBeUndefined();
  });

  test("functions and symbols are refused with their path", () => {
    expect(() => valueToJson({ a: [() => 1] })).toThrow(
      new ValueNotSerializableError({ path: "$.a[0]", problem: "is a function", hint: "It has no JSON form." }),
    );
    expect(() => valueToJson(Symbol("x"))).toThrow(ValueNotSerializableError);
  });
});

describe("bounds", () => {
  test("references that double at every level stay small", () => {
    let value: unknown = ["x".repeat(20)];
    for (let level = 0; level < 200; level += 1) value = [value, value];
    const json = JSON.stringify(valueToJson(value));
    expect(json.length).toBeLessThan(jsonRepeatCharsMax * 3);
    expect(json).toContain('{"$ref":"$[0]');
  });

  test("a large object that stands a thousand times is written once", () => {
    const large = new Uint8Array(jsonRepeatCharsMax);
    const json = JSON.stringify(valueToJson(Array.from({ length: 1_000 }, () => large)));
    expect(json.length).toBeLessThan(jsonRepeatCharsMax * 2);
    expect(json).toContain('{"$ref":"$[0]"}');
  });

  test("holes past the limit are not written out, however many arrays have them", () => {
    // eslint-disable-next-line unicorn/no-new-array
    const sparse = Object.assign(new Array(4_000_000_000), { 7: "x" });
    expect(valueToJson(sparse)).toEqual({ $sparse: 4_000_000_000, items: { 7: "x" } });
    const many = Array.from({ length: 100 }, () => Object.assign([], { length: jsonHolesMax / 2 }));
    const json = valueToJson(many) as unknown[];
    expect(json.slice(0, 3)).toEqual([
      Array.from({ length: jsonHolesMax / 2 }, () => null),
      Array.from({ length: jsonHolesMax / 2 }, () => null),
      { $sparse: jsonHolesMax / 2, items: {} },
    ]);
  });

  test("a deep value is refused, not a stack overflow", () => {
    let value: unknown = 1;
    for (let depth = 0; depth < 100_000; depth += 1) value = [value];
    expect(() => valueToJson(value)).toThrow(ValueNotSerializableError);
  });
});

test("is JSON for everything that decodes", () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withBoxedValues: true,
    withSparseArray: true,
    withNullPrototype: true,
  });
  fc.assert(
    fc.property(anything, (value) => {
      const json = valueToJson(decodeValue(encodeValue(value)));
      expect(valueToJson(JSON.parse(JSON.stringify(json)))).toEqual(JSON.parse(JSON.stringify(json)));
    }),
  );
});
