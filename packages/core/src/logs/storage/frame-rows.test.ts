import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { anyEntry, batchOf, entry, plain } from "./entries.fixture.suite.ts";
import { entriesOf } from "./frame.ts";
import { rowsOfFrame } from "./frame-rows.ts";
import { entryAt } from "./rows.ts";

describe("a frame as columns", () => {
  test("says what its entries say", () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 12 }), (entries) => {
        const { frame } = batchOf(entries);
        const rows = rowsOfFrame(frame, 7);
        const found = Array.from({ length: rows.count }, (_, row) => entryAt(rows, row));
        const wanted = entriesOf(frame, 7);
        expect(found.map((each) => plain(each))).toEqual(wanted.map((each) => plain(each)));
        expect(found.map(({ seq, level }) => [seq, level])).toEqual(wanted.map(({ seq, level }) => [seq, level]));
        for (const name of rows.fieldNames) {
          const column = rows.field(name);
          const texts = column?.texts;
          if (texts === undefined) continue;
          for (let row = 0; row < rows.count; row++) expect(texts.at(row)).toBe(String(column?.at(row) ?? ""));
        }
      }),
      { numRuns: 200 },
    );
  });

  test("of very many fields is the same", () => {
    const wide = Array.from({ length: 1_500 }, (_, n) => entry({ fields: { [`f${n}`]: n } }));
    const rows = rowsOfFrame(batchOf(wide).frame, 1);
    expect(rows.fieldNames).toHaveLength(1_500);
    expect(rows.field("f1499")?.at(1_499)).toBe(1_499);
    expect(rows.field("f1499")?.at(0)).toBeUndefined();
  });

  test("that was cut is refused", () => {
    const { frame } = batchOf([entry({ fields: { a: 1.5, b: "text", c: true } }), entry()]);
    for (let cut = 0; cut < frame.length; cut++) {
      expect(() => rowsOfFrame(frame.subarray(0, cut), 1)).toThrow(RangeError);
    }
  });
});
