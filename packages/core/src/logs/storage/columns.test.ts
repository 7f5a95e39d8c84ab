import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { FieldValue } from "../entry.ts";
import { codes, deltasOf, fieldColumn, readDeltas, readField, readTexts, textsOf } from "./columns.ts";
import { textColumn } from "./texts.ts";

const unpack = ({ packed, bytes }: { packed: boolean; bytes: Uint8Array }): Uint8Array =>
  packed ? Bun.zstdDecompressSync(bytes) : bytes;

function roundTrip(values: readonly (FieldValue | undefined)[]): (FieldValue | undefined)[] {
  const column = fieldColumn("f", values);
  const read = readField(column.code, unpack(column), values.length);
  return values.map((_, row) => read.at(row));
}

describe("a column of a field", () => {
  test("gives back every value at its row, whichever code was the shortest", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 20 });
    const kinds = [
      fc.integer(),
      text,
      fc.boolean(),
      fc.double(),
      fc.constantFrom<FieldValue>("a", "b", 3, 0, "\0Infinity", "\0\0", Infinity, NaN),
      fc.oneof(text, fc.double(), fc.boolean()),
    ] as fc.Arbitrary<FieldValue>[];
    const column = fc
      .constantFrom(...kinds)
      .chain((kind) => fc.array(fc.option(kind, { nil: undefined, freq: 4 }), { minLength: 1, maxLength: 60 }));
    fc.assert(
      fc.property(column, (values) => {
        fc.pre(values.some((value) => value !== undefined));
        const same = values.map((value) => (value === 0 ? 0 : value));
        expect(roundTrip(same)).toEqual(same);
      }),
      { numRuns: 500 },
    );
  });

  test("is short where its values repeat or count up", () => {
    const many = Array.from({ length: 1_000 }, (_, i) => i);
    expect(
      fieldColumn(
        "f",
        many.map(() => "GET"),
      ),
    ).toMatchObject({ code: codes.constant });
    expect(
      fieldColumn(
        "f",
        many.map((i) => (i % 3 === 0 ? "GET" : undefined)),
      ),
    ).toMatchObject({ code: codes.dictionary });
    expect(
      fieldColumn(
        "f",
        many.map((i) => i * 7),
      ),
    ).toMatchObject({ code: codes.whole });
    expect(
      fieldColumn(
        "f",
        many.map((i) => i * 7),
      ).bytes.length,
    ).toBeLessThan(60);
    expect(
      fieldColumn(
        "f",
        many.map((i) => `text ${i}`),
      ),
    ).toMatchObject({ code: codes.texts });
  });
});

test("numbers and texts of whole columns come back", () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.array(fc.string({ unit: "grapheme" })), (numbers, texts) => {
      expect([...readDeltas(deltasOf(numbers).taken(), numbers.length)]).toEqual(numbers.map((each) => each + 0));
      const read = readTexts(textsOf(textColumn(texts)).taken(), texts.length);
      expect(texts.map((_, row) => read.at(row))).toEqual(texts);
    }),
  );
});

test("a code from the future is refused", () => {
  expect(() => readField(99, Buffer.from([0, 0, 0, 0]), 1)).toThrow("no code 99");
});
