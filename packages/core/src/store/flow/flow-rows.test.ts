import { expect, test } from "bun:test";
import { gatesOfLine, lineId } from "./flow-rows.ts";

test("a line is named by its share and gates, whatever is in them", () => {
  const gates = ["a\tb", 'c"', ""];
  expect(gatesOfLine(lineId("s", gates))).toEqual(gates);
  expect(lineId("s", ["a"])).not.toBe(lineId("", ["s", "a"]));
});
