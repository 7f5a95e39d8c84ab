// What the value codec promises, held against `structuredClone` and against the MessagePack library.
import { describe, expect, test } from "bun:test";
import { decode as libraryDecode, encode as libraryEncode } from "@msgpack/msgpack";
import fc from "fast-check";
import { assertSameValue } from "./same-value.suite.ts";
import { ValueDecodeError } from "./value-format.ts";
import { decodeValue, encodeValue } from "./value.ts";

function roundTrip<T>(value: T): T {
  return decodeValue(encodeValue(value)) as T;
}

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme", maxLength: 80 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 }).map((units) => String.fromCharCode(...units)),
);
const anyNumber = fc.oneof(
  fc.double(),
  fc.maxSafeInteger(),
  fc.integer(),
  fc.integer({ min: 0, max: 64 }).map((bits) => 2 ** bits),
  fc.constantFrom(-0, NaN, Infinity, -Infinity, 2 ** 32, -(2 ** 31) - 1),
);
const anyLeaf = fc.oneof(
  anyText,
  anyNumber,
  fc.boolean(),
  fc.constantFrom(null, undefined),
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
);

/** Objects that hold each other in any way, cycles included. */
const anyGraph = fc
  .array(
    fc.record({
      kind: fc.constantFrom("object", "array", "map", "set", "error", "date", "bytes"),
      edges: fc.array(fc.tuple(fc.nat(29), anyLeaf), { maxLength: 5 }),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((nodes) => {
    const objects = nodes.map(({ kind }): object => {
      if (kind === "array") return [];
      if (kind === "map") return new Map();
      if (kind === "set") return new Set();
      if (kind === "error") return new RangeError("no");
      if (kind === "date") return new Date(1);
      return kind === "bytes" ? new Uint8Array([1, 2, 3]) : {};
    });
    for (const [index, { edges }] of nodes.entries()) {
      for (const [to, leaf] of edges) link(objects[index]!, objects[to % objects.length]!, leaf);
    }
    return objects[0];
  });

function link(from: object, to: object, leaf: unknown): void {
  if (from instanceof Map) from.set(to, leaf).set(leaf, to);
  else if (from instanceof Set) from.add(to).add(leaf);
  else if (Array.isArray(from)) from.push(to, leaf);
  else if (from instanceof Error) from.cause = to;
  else if (!(from instanceof Date || from instanceof Uint8Array)) {
    Object.assign(from, { [`k${Object.keys(from).length}`]: to, [String(leaf)]: leaf });
  }
}

describe("round trip", () => {
  test("is structuredClone for any value", () => {
    const anything = fc.anything({
      key: anyText,
      values: [anyLeaf],
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withSparseArray: true,
      withTypedArray: true,
      maxDepth: 4,
    });
    fc.assert(
      fc.property(anything, (value) => assertSameValue(roundTrip(value), structuredClone(value))),
      { numRuns: 500 },
    );
  });

  test("keeps which objects are the same, cycles included", () => {
    fc.assert(
      fc.property(anyGraph, (value) => assertSameValue(roundTrip(value), value)),
      { numRuns: 500 },
    );
  });

  test("keeps identity among more objects than are searched one by one", () => {
    const objects = Array.from({ length: 100 }, (_, index) => ({ index }));
    const value = [...objects, ...objects.toReversed(), new Uint8Array(2), new Map([[objects[50], objects[99]]])];
    assertSameValue(roundTrip(value), value);
  });

  test("keeps strings of every length around the header sizes", () => {
    for (const unit of ["x", "é", "東", "🚀", "\ud800", "\ufeff"]) {
      for (const length of [0, 1, 15, 16, 24, 25, 31, 32, 40, 41, 85, 128, 255, 256, 21_846, 65_535, 65_536]) {
        const text = unit.repeat(length);
        expect(roundTrip(text) === text).toBe(true);
        expect(Object.keys(roundTrip({ [text]: 1 }))[0] === text).toBe(true);
      }
    }
  });

  test("keeps arrays and maps of every size around the header sizes", () => {
    for (const size of [0, 15, 16, 65_535, 65_536]) {
      const array = Array.from({ length: size }, (_, index) => index);
      assertSameValue(roundTrip(array), array);
      const object = Object.fromEntries(array.map((index) => [`k${index}`, index]));
      assertSameValue(roundTrip(object), object);
      assertSameValue(roundTrip(new Set(array)), new Set(array));
    }
  });

  test("keeps every standard error with message, name, stack, cause and errors", () => {
    for (const Kind of [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]) {
      const error = new Kind("what", { cause: new Date(3) });
      assertSameValue(roundTrip(error), error);
    }
    const both = new AggregateError([new TypeError("a"), "b"], "both");
    assertSameValue(roundTrip(both), both);
    const aborted = new DOMException("stop", "AbortError");
    const back = roundTrip(aborted);
    expect(back).toBeInstanceOf(DOMException);
    expect([back.name, back.message]).toEqual(["AbortError", "stop"]);
    expect(Reflect.get(back, "code")).toBe(20);
  });

  test("keeps the name and the primitive properties of a program's own error, and nothing that hangs on it", () => {
    class PaymentError extends TypeError {
      override readonly name = "PaymentError";
      readonly code = "E_PAY";
      readonly request = { headers: { authorization: "secret" } };
      readonly retry = (): void => undefined;
    }
    const bytes = encodeValue(new PaymentError("declined"));
    const back = decodeValue(bytes) as PaymentError;
    expect(back).toBeInstanceOf(TypeError);
    expect([back.name, back.message, back.code, back.request]).toEqual([
      "PaymentError",
      "declined",
      "E_PAY",
      undefined as never,
    ]);
    expect(new TextDecoder().decode(bytes)).not.toContain("secret");
  });

  test("makes plain objects of class instances, and of subclasses their standard class", () => {
    class Order {
      #hidden = 1;
      id = "o-1";
      get total(): number {
        return this.#hidden;
      }
    }
    class Stamp extends Date {}
    class Index extends Map<number, number> {}
    class Tagged {
      a = 1;
      get [Symbol.toStringTag](): string {
        return "Date";
      }
    }
    const value = [new Order(), new Stamp(5), new Index([[1, 2]]), new Tagged(), Object.create({ inherited: 1 })];
    assertSameValue(roundTrip<unknown>(value), [{ id: "o-1" }, new Date(5), new Map([[1, 2]]), { a: 1 }, {}]);
  });

  test("keeps what a regular expression match found", () => {
    const match = /(?<first>a)b/.exec("xab");
    assertSameValue(roundTrip(match), structuredClone(match));
  });

  test("keeps views of one whole buffer together, and carries no more of a pooled buffer than the view", () => {
    const pool = new Uint8Array(64).fill(7);
    const part = pool.subarray(3, 5);
    expect(encodeValue(part)).toEqual(new Uint8Array([0xc4, 2, 7, 7]));
    expect(roundTrip(part).buffer.byteLength).toBe(2);
    const shared = roundTrip({ pool, part, pair: new Uint16Array(pool.buffer, 8, 2), buffer: pool.buffer });
    expect(shared.part.buffer).toBe(shared.pool.buffer);
    expect(shared.pair.buffer).toBe(shared.pool.buffer);
    expect(shared.buffer).toBe(shared.pool.buffer);
    expect([shared.part.byteOffset, shared.part.length, shared.pair.byteOffset, shared.pair.length]).toEqual([
      3, 2, 8, 2,
    ]);
  });

  test("reads Float16Array where the runtime has it", () => {
    const Float16 = (globalThis as { Float16Array?: new (values: number[]) => ArrayBufferView }).Float16Array;
    const bytes = new Uint8Array([0xd4, 0, 1, 0xc7, 3, 12, 13, 0, 0x3c]);
    if (Float16 === undefined) expect(() => decodeValue(bytes)).toThrow(ValueDecodeError);
    else assertSameValue(decodeValue(bytes), new Float16([1]));
  });
});

describe("bytes", () => {
  test("are plain MessagePack, equal to the library's, for JSON-like values", () => {
    const jsonLike = fc.anything({
      key: fc.string({ unit: "grapheme" }).filter((key) => key !== "__proto__"),
      values: [
        fc.string({ unit: "grapheme", maxLength: 300 }),
        fc.boolean(),
        fc.constant(null),
        anyNumber.filter((n) => !Object.is(n, -0)),
      ],
      maxDepth: 4,
    });
    fc.assert(
      fc.property(jsonLike, (value) => {
        const bytes = encodeValue(value);
        expect(Buffer.from(bytes).toString("hex")).toBe(Buffer.from(libraryEncode(value)).toString("hex"));
        expect(libraryDecode(bytes)).toEqual(value);
        assertSameValue(decodeValue(libraryEncode(value)), value);
      }),
      { numRuns: 500 },
    );
  });

  test("with extensions are MessagePack too", () => {
    const bytes = encodeValue({ at: new Date(0), m: new Map([["a", 1n]]), u: undefined, e: new Error("x") });
    expect(bytes.subarray(0, 3)).toEqual(new Uint8Array([0xd4, 0, 1]));
    expect(Object.keys(libraryDecode(bytes.subarray(3)) as object)).toEqual(["at", "m", "u", "e"]);
  });

  test("are the caller's own and of exact length", () => {
    const first = encodeValue({ a: "first" });
    const copy = first.slice();
    encodeValue({ b: "another value that would overwrite it" });
    expect(first).toEqual(copy);
    expect([first.byteOffset, first.buffer.byteLength]).toEqual([0, first.length]);
    const content = new Uint8Array([1, 2, 3]);
    const encoded = encodeValue(content);
    const decoded = decodeValue(encoded) as Uint8Array;
    encoded.fill(0);
    expect(decoded).toEqual(content);
  });

  test("survive a value that encodes another while it is read, and one that throws", () => {
    const value = {
      before: "x",
      get inner(): Uint8Array {
        return encodeValue({ deep: "y".repeat(5_000) });
      },
      after: "z",
    };
    const back = roundTrip(value);
    expect([back.before, back.after, (decodeValue(back.inner) as { deep: string }).deep.length]).toEqual([
      "x",
      "z",
      5_000,
    ]);
    const thrower = {
      shared: back,
      get bad(): never {
        throw new Error("from the getter");
      },
    };
    expect(() => encodeValue(thrower)).toThrow("from the getter");
    expect(encodeValue(back.inner).length).toBe(back.inner.length + 3);
  });

  test("of large values are right and do not disturb small ones", () => {
    const large = { text: "é".repeat(600_000), bytes: new Uint8Array(700_000).fill(9) };
    assertSameValue(roundTrip(large), large);
    expect(encodeValue([1])).toEqual(new Uint8Array([0x91, 1]));
  });
});
