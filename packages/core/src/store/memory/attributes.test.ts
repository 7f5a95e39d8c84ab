import { expect, test } from "bun:test";
import { fitsAttributes } from "./attributes.ts";

test("letters from A to Z are the same in upper and lower case, others are not", () => {
  const note = { name: "note", type: "text", value: "Grün ABC" } as const;
  const fits = (value: string) => fitsAttributes([note], [{ ...note, operator: "~", value }]);
  expect(["abc", "gRüN", "GRÜN", "d"].map(fits)).toEqual([true, true, false, false]);
  expect(fitsAttributes(undefined, [])).toBe(true);
});
