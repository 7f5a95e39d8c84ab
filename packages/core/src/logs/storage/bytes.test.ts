import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ByteReader, ByteWriter } from "./bytes.ts";

describe("bytes", () => {
  test("give back what was written, whatever it was", () => {
    const whole = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    const signed = fc.integer({ min: -(2 ** 52), max: 2 ** 52 - 1 });
    fc.assert(
      fc.property(whole, signed, fc.string({ unit: "binary" }), fc.double(), fc.uint8Array(), (a, b, c, d, e) => {
        const writer = new ByteWriter();
        writer.varint(a);
        writer.zigzag(b);
        writer.text(c);
        writer.float(d);
        writer.varint(e.length);
        writer.raw(e);
        const reader = new ByteReader(writer.taken());
        expect(reader.varint()).toBe(a);
        expect(reader.zigzag()).toBe(b === 0 ? 0 : b);
        expect(reader.text()).toBe(c.toWellFormed());
        expect(reader.float()).toBe(d);
        expect(new Uint8Array(reader.raw(reader.varint()))).toEqual(e);
        expect(reader.at).toBe(writer.length);
      }),
    );
  });

  test("that end too early are refused, wherever they were cut", () => {
    const writer = new ByteWriter();
    writer.varint(1_000_000);
    writer.text("a text of some length");
    const bytes = writer.taken();
    for (let cut = 0; cut < bytes.length; cut++) {
      const reader = new ByteReader(bytes.subarray(0, cut));
      expect(() => {
        reader.varint();
        reader.text();
      }).toThrow(RangeError);
    }
  });
});
