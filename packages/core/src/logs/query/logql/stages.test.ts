import { describe, expect, test } from "bun:test";
import { labelsOf, staged } from "./logql.fixture.suite.ts";
import { parseLogQl } from "./parse.ts";
import { compileStages, quantityOf } from "./stages.ts";

/** What becomes of a line; undefined where it is left out. */
function through(
  stages: string,
  line: string,
  fields = {},
): { line: string; labels: Record<string, string> } | undefined {
  const query = parseLogQl(`{service="api"} ${stages}`);
  if (query.kind !== "log") throw new Error("no lines");
  const one = staged(line, { fields });
  return compileStages(query.stages)(one) ? { line: one.line, labels: labelsOf(one) } : undefined;
}
const fits = (stages: string, line: string, fields = {}): boolean => through(stages, line, fields) !== undefined;

describe("a filter of lines", () => {
  test.each([
    ['|= "b" or "x"', true],
    ['|= "x"', false],
    ['!= "x" or "y"', true],
    ['!= "x" or "b"', false],
    ['|~ "B"', false],
    ['|~ "(?i)B"', true],
    ['!~ "^b"', true],
    ['|> "a <_> c"', true],
    ['!> "a <_> c"', false],
  ])("%s", (stages, expected) => {
    expect(fits(stages, "a b c")).toBe(expected);
  });
});

describe("a stage", () => {
  test("takes labels out of lines", () => {
    const service = "api";
    expect(through('| regexp "(?P<a>x+)(?P<b>y)?"', "zxx")?.labels).toEqual({ service, a: "xx" });
    expect(through('| pattern "<a> <_>"', "x y")?.labels).toEqual({ service, a: "x" });
    expect(through('| json | line_format "{{.a}}" | logfmt', '{"a":"b=1"}')).toEqual({
      line: "b=1",
      labels: { service, a: "b=1", b: "1" },
    });
  });

  test("formats labels as they were before the first template", () => {
    expect(through('| label_format c=a, d="{{.a}}{{.c}}", e="{{.d}}"', "x", { a: "1" })?.labels).toEqual({
      service: "api",
      c: "1",
      d: "1",
    });
    expect(through("| label_format a=a, c=none", "x", { a: "1" })?.labels).toEqual({ service: "api", a: "1" });
  });

  test("drops and keeps labels by name or by value, and keeps faults", () => {
    const fields = { a: "1", b: "2" };
    expect(through('| drop a, b="3", service', "x", fields)?.labels).toEqual({ b: "2" });
    expect(through("| json | keep b", "x", fields)?.labels).toMatchObject({ b: "2", __error__: "JSONParserErr" });
    expect(through("| json | drop __error__", "x", fields)?.labels).toEqual({ service: "api", ...fields });
  });

  test("takes colours away", () => {
    expect(through("| decolorize", "\u001B[31mred\u001B[0m")?.line).toBe("red");
  });
});

describe("a condition", () => {
  test.each([
    ["n >= 5", true],
    ["n > 5", false],
    ["n != 5", false],
    ["n = 5 and t > 1s", true],
    ["t < 1500ms or n > 9", false],
    ["size == 2KB", true],
    ["none > 0", false],
    ['none = ""', true],
    ['word =~ "a.*" , n < 6', true],
  ])("%s", (condition, expected) => {
    expect(fits(`| ${condition}`, "x", { n: "5", t: "1.5s", size: "2kB", word: "ab" })).toBe(expected);
  });

  test("on what is no number is a fault that goes on", () => {
    expect(through("| word > 1 | word > 2", "x", { word: "ab" })?.labels).toMatchObject({
      __error__: "LabelFilterErr",
    });
    expect(fits('| word > 1 | __error__=""', "x", { word: "ab" })).toBe(false);
  });
});

test("quantities are read as Go reads them", () => {
  expect(["1", "-1.5e3", ".5", "+Inf", "x", "0x1", ""].map((text) => quantityOf(text, "number"))).toEqual([
    1,
    -1_500,
    0.5,
    Infinity,
    undefined,
    undefined,
    undefined,
  ]);
  expect(quantityOf("NaN", "number")).toBeNaN();
  expect([quantityOf("1m30s", "duration"), quantityOf("1KiB", "bytes")]).toEqual([90, 1_024]);
});
