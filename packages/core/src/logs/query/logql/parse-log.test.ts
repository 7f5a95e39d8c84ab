import { describe, expect, test } from "bun:test";
import { parseLog } from "./parse-log.ts";
import { TokenReader } from "./token-reader.ts";

const read = (text: string) => parseLog(new TokenReader(text));
const stages = (text: string) => read(`{a="b"} ${text}`).stages;

describe("a selector", () => {
  test("has matchers of labels", () => {
    expect(read('{a="b", c!="d", e=~"f|g", h!~"i",}').matchers).toEqual([
      { name: "a", op: "=", value: "b" },
      { name: "c", op: "!=", value: "d" },
      { name: "e", op: "=~", value: "f|g" },
      { name: "h", op: "!~", value: "i" },
    ]);
  });
});

describe("stages", () => {
  test("of lines, one after the other and with others in one", () => {
    expect(stages('|= "x" or `y` != "z" |~ "e+" |> "<_> x"')).toEqual([
      { kind: "line", op: "|=", texts: ["x", "y"] },
      { kind: "line", op: "!=", texts: ["z"] },
      { kind: "line", op: "|~", texts: ["e+"] },
      { kind: "line", op: "|>", texts: ["<_> x"] },
    ]);
  });

  test("of parsers, with what they take", () => {
    expect(stages('| json x="a.b", c | logfmt --strict --keep-empty d | json != "x" | unpack | decolorize')).toEqual([
      {
        kind: "json",
        fields: [
          { label: "x", path: "a.b" },
          { label: "c", path: "c" },
        ],
      },
      { kind: "logfmt", fields: [{ label: "d", path: "d" }], strict: true, keepEmpty: true },
      { kind: "json", fields: [] },
      { kind: "line", op: "!=", texts: ["x"] },
      { kind: "unpack" },
      { kind: "decolorize" },
    ]);
  });

  test("that change labels", () => {
    expect(stages('| label_format a=b, c="{{.d}}" | drop e, f="g" | keep h=~"i"')).toEqual([
      {
        kind: "label_format",
        formats: [
          { label: "a", from: "b" },
          { label: "c", template: "{{.d}}" },
        ],
      },
      { kind: "drop", labels: [{ name: "e" }, { name: "f", matcher: { name: "f", op: "=", value: "g" } }] },
      { kind: "keep", labels: [{ name: "h", matcher: { name: "h", op: "=~", value: "i" } }] },
    ]);
  });

  test("of conditions, and binds closer than or", () => {
    const number = (name: string, value: number, unit = "number") => ({ kind: "number", name, op: ">", value, unit });
    expect(stages("| a > 1 or b > 2s, c > 1KB d > -4 | (e > 1 or f > 2) and g > 3")).toEqual([
      {
        kind: "filter",
        filter: {
          kind: "or",
          of: [
            number("a", 1),
            { kind: "and", of: [number("b", 2, "duration"), number("c", 1_000, "bytes"), number("d", -4)] },
          ],
        },
      },
      {
        kind: "filter",
        filter: { kind: "and", of: [{ kind: "or", of: [number("e", 1), number("f", 2)] }, number("g", 3)] },
      },
    ] as ReturnType<typeof stages>);
  });
});

describe("what is refused", () => {
  test.each([
    ["{}", 0, "not empty"],
    ['{a=~".*"}', 0, "not empty"],
    ['{a="b"', 6, "} is expected here, not the end"],
    ["{a=b}", 3, "a text in quotes is expected here, not b"],
    ['{a>"b"}', 2, "=, !=, =~ or !~ is expected here, not >"],
    ['{a=~"("}', 4, "missing"],
    ['{a=~"(a)\\\\1"}', 4, "escape"],
    ['{a="b"} |= ip("1")', 11, "ip() is not known here"],
    ['{a="b"} | x = ip("1")', 14, "ip() is not known here"],
    ['{a="b"} | geoip', 10, "geoip is no stage that is known here; known are json"],
    ['{a="b"} | logfmt --x', 17, "not --x"],
    ['{a="b"} | pattern "x"', 18, "at least one named capture"],
    ['{a="b"} | regexp "x"', 17, "at least one named group"],
    ['{a="b"} | line_format "{{ sha1 .a }}"', 22, "sha1"],
    ['{a="b"} | label_format c="x", c=d', 30, "c is formatted twice"],
    ['{a="b"} | c > d', 14, "a number, a duration or a size is expected here, not d"],
    [`{a="b"} | ${"(".repeat(100)}c > 1`, 71, "at most 60 deep"],
  ])("%s", (text, at, words) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ at, message: expect.stringContaining(words) }));
  });
});
