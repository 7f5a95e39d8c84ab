import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Drain, wordsOf } from "./drain.ts";

const patternsOf = (lines: readonly string[], clustersMax = 1_000) => {
  const drain = new Drain(clustersMax);
  const taken = lines.filter((line, i) => drain.add(line, i * 1_000)).length;
  return { taken, patterns: drain.patterns() };
};

describe("patterns", () => {
  test("are what lines have in common, those of most lines first", () => {
    const { patterns } = patternsOf([
      "connected to 10.0.0.1 port 80 in 12ms",
      "user ada logged in",
      "connected to 10.0.0.2 port 443 in 7ms",
      "user grace logged in",
      "connected to 10.0.0.3 port 80 in 9ms",
      "shutting down",
    ]);
    expect(patterns.map(({ text, count, firstMs, lastMs }) => [text, count, firstMs, lastMs])).toEqual([
      ["connected to <_> port <_> in <_>", 3, 0, 4_000],
      ["shutting down", 1, 5_000, 5_000],
      ["user ada logged in", 1, 1_000, 1_000],
      ["user grace logged in", 1, 3_000, 3_000],
    ]);
  });

  test("learn which words differ, behind those that lead to them", () => {
    const { patterns } = patternsOf(["could not open file alpha for reading", "could not open file beta for reading"]);
    expect(patterns.map(({ text }) => text)).toEqual(["could not open file <_> for reading"]);
  });

  test("keep the names of values", () => {
    expect(wordsOf("level=info took=12ms id:7 x9  plain")).toEqual([
      "level=info",
      "took=<_>",
      "id:<_>",
      "<_>",
      "plain",
    ]);
    expect(wordsOf(Array(500).fill("a").join(" "))).toHaveLength(100);
  });

  test("are no more than so many; what is known is still counted", () => {
    const { taken, patterns } = patternsOf(["a b c", "d e f", "a b c"], 1);
    expect([taken, patterns.length, patterns[0]?.count]).toEqual([2, 1, 2]);
  });

  test("count every line once, whatever the lines", () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 200 }), (lines) => {
        const { patterns } = patternsOf(lines);
        expect(patterns.reduce((sum, { count }) => sum + count, 0)).toBe(lines.length);
        expect(new Set(patterns.map(({ text }) => text)).size).toBe(patterns.length);
      }),
    );
  });
});
