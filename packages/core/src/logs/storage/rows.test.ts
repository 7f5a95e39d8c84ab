import { expect, test } from "bun:test";
import fc from "fast-check";
import { anyEntry, plain } from "./entries.fixture.suite.ts";
import { entryAt, once, rowsOf } from "./rows.ts";
import { textColumn } from "./texts.ts";

test("entries as columns are the same entries", () => {
  fc.assert(
    fc.property(fc.array(anyEntry, { maxLength: 20 }), (entries) => {
      const rows = rowsOf(entries.map((entry, index) => ({ ...entry, seq: index + 1, level: 2 })));
      expect(rows.count).toBe(entries.length);
      const read = entries.map((_, row) => entryAt(rows, row));
      expect(read.map(plain)).toEqual(entries.map(plain));
      expect(read.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
    }),
  );
});

test("texts one after the other are told apart by where they begin", () => {
  const column = textColumn(["", "ä", "b", ""]);
  expect([0, 1, 2, 3].map((row) => column.at(row))).toEqual(["", "ä", "b", ""]);
});

test("what is computed on first use is computed once", () => {
  let calls = 0;
  const value = once(() => ++calls);
  expect([value(), value(), calls]).toEqual([1, 1, 1]);
});
