import { expect, test } from "bun:test";
import { parseLogQl } from "./parse.ts";
import { planOf } from "./plan.ts";

function wanted(text: string): unknown {
  const query = parseLogQl(text);
  if (query.kind !== "log") throw new Error("no lines");
  const { filter, stages } = planOf(query);
  expect(stages).toBe(query.stages);
  return filter.kind === "and" ? filter.of.slice(1) : filter;
}

test("texts that a line has to have are looked for in columns", () => {
  expect(wanted('{a="b"} |= "x" != "y" |= "z"')).toEqual([
    { kind: "text", text: "x" },
    { kind: "text", text: "z" },
  ]);
});

test("but not one of several, nothing, an expression, nor what a stage has made", () => {
  expect(wanted('{a="b"} |= "x" or "y" |= "" |~ "z"')).toEqual([]);
  expect(wanted('{a="b"} | line_format "{{.a}}" |= "b"')).toEqual([]);
});
