import { expect, test } from "bun:test";
import { placeIn, textColumn } from "./texts.ts";

test("texts are read one by one, and searched all at once", () => {
  const column = textColumn(["ab", "", "ä", "bab"]);
  expect([0, 1, 2, 3].map((row) => column.at(row))).toEqual(["ab", "", "ä", "bab"]);
  const marked = (needle: string): number[] => {
    const hits = new Uint8Array(4);
    column.mark(Buffer.from(needle), hits);
    return [...hits];
  };
  expect(marked("ab")).toEqual([1, 0, 0, 1]);
  // Not from the end of one into the next.
  expect(marked("bä")).toEqual([0, 0, 0, 0]);
  expect(column.rawBytes).toBe(7);
  expect(placeIn(Uint32Array.of(0, 2, 2, 4), 3)).toBe(2);
});
