import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { bytesOf, durationOf, tokensOf } from "./tokens.ts";

const kinds = (text: string): unknown[] => tokensOf(text).map((token) => [token.kind, token.text, token.at]);

describe("tokens", () => {
  test("have their places, and comments are none", () => {
    expect(kinds('{a="b"} # no\n|= `c`')).toEqual([
      ["sign", "{", 0],
      ["name", "a", 1],
      ["sign", "=", 2],
      ["text", "b", 3],
      ["sign", "}", 6],
      ["sign", "|=", 13],
      ["text", "c", 16],
      ["end", "", 19],
    ]);
  });

  test("of quantities have values", () => {
    const values = tokensOf("5 1.5e3 .5 1h30m 100ms 12KB 1.5MiB 2d").map(({ kind, value }) => [kind, value]);
    expect(values).toEqual([
      ["number", 5],
      ["number", 1500],
      ["number", 0.5],
      ["duration", 5_400_000],
      ["duration", 100],
      ["bytes", 12_000],
      ["bytes", 1_572_864],
      ["duration", 172_800_000],
      ["end", 0],
    ]);
  });

  test("of texts have Go's escapes", () => {
    expect(tokensOf(String.raw`"\t\x41\u00e9\U0001F600\101\"\\"`)[0]?.text).toBe('\tAé😀A"\\');
    expect(tokensOf('`\\t"`')[0]?.text).toBe('\\t"');
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(tokensOf(JSON.stringify(text))[0]?.text).toBe(text);
      }),
    );
  });

  test.each([
    ['{a="b', 3, "never ends"],
    ["{a=`b", 3, "never ends"],
    [String.raw`"\q"`, 0, String.raw`\q is no escape`],
    [String.raw`"\UFFFFFFFF"`, 0, "is no escape"],
    [String.raw`"\ud800"`, 0, "is no escape"],
    ["1 5parsecs", 2, "5parsecs is no number, duration or size"],
    ["a ; b", 2, '";"'],
  ])("that are none are named: %s", (text, at, words) => {
    expect(() => tokensOf(text)).toThrow(expect.objectContaining({ at, message: expect.stringContaining(words) }));
  });
});

describe("quantities", () => {
  test("a duration in parts is their sum, with its sign", () => {
    fc.assert(
      fc.property(fc.nat(99), fc.nat(59), fc.nat(59), fc.nat(999), fc.boolean(), (h, m, s, ms, negative) => {
        const sum = h * 3_600_000 + m * 60_000 + s * 1_000 + ms;
        expect(durationOf(`${negative ? "-" : ""}${h}h${m}m${s}s${ms}ms`)).toBe(negative ? -sum : sum);
      }),
    );
    expect(["0", "1.5s", "1us", "1µs", "1y"].map(durationOf)).toEqual([0, 1_500, 1e-3, 1e-3, 31_536_000_000]);
    expect(["", "1", "s", "1 s", "1s2", "5M"].map(durationOf)).toEqual(Array(6).fill(undefined));
  });

  test("bytes are thousands or 1,024, in any case of letters", () => {
    expect(["7", "1kb", "1KiB", "1.5 MiB", "1,024B", "2G"].map(bytesOf)).toEqual([7, 1e3, 1024, 1_572_864, 1024, 2e9]);
    expect(["", "-1", "1XB", "B"].map(bytesOf)).toEqual(Array(4).fill(undefined));
  });
});
