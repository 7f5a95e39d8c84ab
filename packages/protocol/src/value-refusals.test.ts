// What the value codec refuses, and how: values that cannot travel, and bytes that are no value.
import { describe, expect, test } from "bun:test";
import { encode as libraryEncode } from "@msgpack/msgpack";
import fc from "fast-check";
import { ValueDecodeError, valueDepthMax, ValueNotSerializableError } from "./value-format.ts";
import { decodeValue, encodeValue } from "./value.ts";

function roundTrip<T>(value: T): T {
  return decodeValue(encodeValue(value)) as T;
}

describe("refusals", () => {
  const unserializable: readonly (readonly [string, unknown, string])[] = [
    ["a method", { items: [1, 2, 3, { callback(): void {} }] }, "$.items[3].callback is a function (callback)"],
    ["a symbol", [Symbol("tag")], "$[0] is a symbol (Symbol(tag))"],
    ["a promise", { a: Promise.resolve() }, "$.a is a Promise"],
    ["a subclass of Promise", new (class Later extends Promise<void> {})(() => {}), "$ is a Promise"],
    ["a weak map", new WeakMap(), "$ is a WeakMap"],
    ["a generator", (function* (): Generator {})(), "$ is an object of class Generator"],
    ["an iterator", [1][Symbol.iterator](), "$ is an object of class Array Iterator"],
    ["a URL", { "not a name": new URL("http://x") }, '$["not a name"] is an object of class URL'],
    ["a response", [new Response("")], "$[0] is an object of class Response"],
    ["shared memory", new SharedArrayBuffer(4), "$ is shared memory"],
    ["a view of shared memory", new Uint8Array(new SharedArrayBuffer(4)), "$ is Uint8Array without its memory"],
    ["a key of a Map", new Map([[() => 1, 1]]), "$.<key 0> is a function"],
    [
      "a value of a Map",
      {
        m: new Map<string, unknown>([
          ["a", 1],
          ["b", () => 1],
        ]),
      },
      "$.m.<value 1> is a function",
    ],
    ["an item of a Set", new Set([1, () => 1]), "$[1] is a function"],
    ["the cause of an error", new Error("x", { cause: { f: () => 1 } }), "$.cause.f is a function (f)"],
    ["a boxed symbol", [Object(Symbol("x"))], "$[0] is an object of class Symbol"],
  ];
  for (const [name, value, message] of unserializable) {
    test(name, () => {
      const error = caught(() => encodeValue(value)) as ValueNotSerializableError;
      expect(error).toBeInstanceOf(ValueNotSerializableError);
      expect(error.code).toBe("value_not_serializable");
      expect(error.message).toStartWith(message);
      expect(error.message).toStartWith(`${error.path} is `);
      expect(error.message).toEndWith(error.hint);
      expect(error.hint.length).toBeGreaterThan(10);
    });
  }

  test("a transferred buffer", () => {
    const bytes = new Uint8Array(8);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    expect(() => encodeValue(bytes)).toThrow(ValueNotSerializableError);
    expect(() => encodeValue([bytes.buffer])).toThrow(ValueNotSerializableError);
  });

  test("nesting past valueDepthMax, and not one level before", () => {
    const shapes: readonly ((inner: unknown) => unknown)[] = [
      (inner) => [inner],
      (inner) => ({ inner }),
      (inner) => new Map([["k", inner]]),
      (inner) => new Set([inner]),
      (inner) => new Error("x", { cause: inner }),
    ];
    for (const wrap of shapes) {
      let value: unknown = wrap(1);
      for (let depth = 1; depth < valueDepthMax; depth += 1) value = wrap(value);
      expect(encodeValue(roundTrip(value))).toEqual(encodeValue(value));
      const error = caught(() => encodeValue(wrap(value))) as ValueNotSerializableError;
      expect(error).toBeInstanceOf(ValueNotSerializableError);
      expect(error.message).toContain(`nests deeper than ${valueDepthMax} levels`);
      expect(error.message.length).toBeLessThan(700);
    }
  });

  test("a list that is linked a million times ends in the error, not in the stack", () => {
    let list: { next: unknown } = { next: null };
    for (let index = 0; index < 1_000_000; index += 1) list = { next: list };
    expect(() => encodeValue(list)).toThrow(ValueNotSerializableError);
  });
});

describe("foreign bytes", () => {
  function decodeOrRefuse(bytes: Uint8Array): void {
    try {
      decodeValue(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(ValueDecodeError);
      expect((error as ValueDecodeError).code).toBe("value_bad_encoding");
    }
  }

  test("that are garbage give a value or the typed error, nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, headed) => {
        decodeOrRefuse(headed ? new Uint8Array([0xd4, 0, 1, ...bytes]) : bytes);
      }),
      { numRuns: 3_000 },
    );
  });

  test("that are damaged values give a value or the typed error, nothing else", () => {
    const value = {
      date: new Date(1),
      map: new Map<unknown, unknown>([["a", new Set([1n, "\ud800"])]]),
      error: new AggregateError([new DOMException("a", "AbortError")], "b"),
      views: [new Float64Array(2), new Uint8Array(3), Object("boxed"), /x/u],
      // eslint-disable-next-line no-sparse-arrays
      holes: [1, , 2],
    };
    const good = encodeValue([value, value, value.views[1]!]);
    const damage = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(damage, fc.nat(good.length), (changes, length) => {
        const bytes = good.slice();
        for (const [place, byte] of changes) bytes[place] = byte;
        decodeOrRefuse(bytes);
        decodeOrRefuse(bytes.subarray(0, length));
      }),
      { numRuns: 3_000 },
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test("of an unknown format version are refused by that name", () => {
    expect(() => decodeValue(new Uint8Array([0xd4, 0, 2, 0xc0]))).toThrow("format version 2");
  });

  test("nested past the limit are refused in every container and every body", () => {
    const map = (size: number): number[] => [0xc9, 0, size >> 16, (size >> 8) & 0xff, size & 0xff, 7, 0x92, 1];
    const openers: readonly (readonly number[])[] = [[0x91], [0x81, 0xa1, 0x61], [0xdc, 0, 1]];
    for (const opener of openers) {
      const bytes = new Uint8Array(Array.from({ length: 200_000 }, () => opener).flat());
      expect(() => decodeValue(bytes)).toThrow(`deeper than ${valueDepthMax}`);
      expect(() => decodeValue(new Uint8Array([0xd4, 0, 1, ...bytes]))).toThrow(ValueDecodeError);
    }
    const levels = 20_000;
    const nested = Array.from({ length: levels }, (_, index) => map((levels - index) * 8)).flat();
    expect(() => decodeValue(new Uint8Array([0xd4, 0, 1, ...nested, ...new Uint8Array(99)]))).toThrow(ValueDecodeError);
    // Each body begins with what has to be a string, and is another extension of its kind.
    for (const type of [6, 9, 10, 13, 14]) {
      const bodies = Array.from({ length: levels }, () => [0xc9, 0, 0, 1, 0, type]).flat();
      expect(() => decodeValue(new Uint8Array([0xd4, 0, 1, ...bodies, ...new Uint8Array(300)]))).toThrow(
        ValueDecodeError,
      );
    }
  });

  test("that announce more than there is allocate nothing", () => {
    for (const head of [0xdd, 0xdf, 0xdb, 0xc6]) {
      expect(() => decodeValue(new Uint8Array([head, 0xff, 0xff, 0xff, 0xff, 0]))).toThrow("ends too early");
    }
  });

  test("do not reach a prototype", () => {
    const bytes = libraryEncode(JSON.parse('{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}'));
    const value = decodeValue(bytes) as Record<string, unknown>;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.hasOwn(value, "__proto__")).toBe(true);
    expect((value as { admin?: boolean }).admin).toBeUndefined();
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    const error = roundTrip(Object.defineProperty(new Error("x"), "__proto__", { value: null, enumerable: true }));
    expect([error instanceof Error, Object.keys(error)]).toEqual([true, ["__proto__"]]);
  });

  test("keep 64-bit integers exactly", () => {
    const bytes = libraryEncode([2n ** 64n - 1n, -(2n ** 63n), 2n ** 53n, 5n], { useBigInt64: true });
    expect(decodeValue(bytes)).toEqual([2n ** 64n - 1n, -(2n ** 63n), 2n ** 53n, 5]);
  });
});

function caught(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}
