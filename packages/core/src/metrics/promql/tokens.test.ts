import { describe, expect, test } from "bun:test";
import { durationMs, tokensOf } from "./tokens.ts";

const texts = (text: string) => tokensOf(text).map(({ kind, text: own, value }) => `${kind} ${value || own}`);

describe("PromQL", () => {
  test("is cut into names, texts, numbers, durations and signs", () => {
    expect(texts('rate(job:x_total{a!~"b\\n\\x41"}[1h30m] offset 5m) >= 0x1F # end')).toEqual([
      "name rate",
      "sign (",
      "name job:x_total",
      "sign {",
      "name a",
      "sign !~",
      "text b\nA",
      "sign }",
      "sign [",
      "duration 5400000",
      "sign ]",
      "name offset",
      "duration 300000",
      "sign )",
      "sign >=",
      "number 31",
      "end ",
    ]);
  });

  test("has numbers of every form, and texts in three kinds of quotes", () => {
    expect(tokensOf("1 1.5 .5 1e3 2E-1 Inf nan").map(({ value }) => value)).toEqual([
      1,
      1.5,
      0.5,
      1_000,
      0.2,
      Infinity,
      NaN,
      0,
    ]);
    expect(tokensOf("'it''s' `\\n`").map(({ text }) => text)).toEqual(["it", "s", "\\n", ""]);
    expect(tokensOf('"\\u00e9\\101\\"" information').map(({ text }) => text)).toEqual(['éA"', "information", ""]);
    expect([durationMs("1d2h"), durationMs("5ms"), durationMs("1y1w")]).toEqual([93_600_000, 5, 32_140_800_000]);
  });

  test.each([
    ["a ? b", 2],
    ['a{b="c', 4],
    ['"a\nb"', 0],
    ['"\\q"', 0],
    ["5x", 0],
  ])("%p is not cut", (text, at) => {
    let found: unknown;
    try {
      tokensOf(text);
    } catch (error) {
      found = error;
    }
    expect(found).toMatchObject({ kind: "bad_data", at });
  });
});
