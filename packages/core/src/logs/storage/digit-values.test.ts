import { expect, test } from "bun:test";
import fc from "fast-check";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { DigitReader, writeDigits } from "./digit-values.ts";

function roundTrip(values: readonly string[]): { texts: string[]; bytes: number } {
  const bytes = Buffer.from(values.join(""));
  const places: number[] = [];
  let at = 0;
  for (const value of values) places.push(at, (at += value.length));
  const [meta, digits, bits] = [new ByteWriter(), new ByteWriter(), new ByteWriter()];
  writeDigits(meta, { digits, bits }, { bytes, places });
  const frames = { digits: () => Buffer.from(digits.taken()), bits: () => Buffer.from(bits.taken()) };
  const { width, texts } = new DigitReader(new ByteReader(meta.taken()), frames).next(() => values.length);
  const all = texts().toString();
  const split = width === 0 ? all.split("\n").slice(0, -1) : (all.match(new RegExp(`.{${width}}`, "g")) ?? []);
  return { texts: split, bytes: digits.length + bits.length };
}

test("numbers come back as they were written, whatever form was the shortest", () => {
  const digits = fc.oneof(fc.stringMatching(/^[0-9]{1,12}$/), fc.integer({ min: 0, max: 2 ** 31 }).map(String));
  const near = fc.integer({ min: 0, max: 900_000_000 }).chain((from) =>
    fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 99 }).map((steps) => {
      let value = from;
      return steps.map((step) => String((value += step)));
    }),
  );
  const many = fc.array(fc.integer({ min: 0, max: 10_000_000 }).map(String), { minLength: 40, maxLength: 200 });
  const padded = many.map((values) => values.map((value) => value.padStart(8, "0")));
  const column = fc.oneof(fc.array(digits, { minLength: 1, maxLength: 60 }), near, many, padded);
  fc.assert(
    fc.property(column, (values) => expect(roundTrip(values).texts).toEqual([...values])),
    { numRuns: 300 },
  );
});

test("what is one number, counts up, or lies within a span takes few bytes", () => {
  const rows = Array.from({ length: 1_000 }, (_, i) => i);
  expect(roundTrip(rows.map(() => "7")).bytes).toBe(0);
  expect(roundTrip(rows.map((i) => String(90_000_000 + i * 3))).bytes).toBe(1_000);
  expect(roundTrip(rows.map((i) => String((i * 7_919) % 1_000))).bytes).toBe(1_250);
});

test("a form from the future is refused", () => {
  const meta = new ByteWriter();
  for (const byte of [9, 0, 0, 0, 0]) meta.byte(byte);
  const none = (): Buffer => Buffer.alloc(0);
  expect(() => new DigitReader(new ByteReader(meta.taken()), { digits: none, bits: none }).next(() => 1)).toThrow(
    "no form 9",
  );
});
