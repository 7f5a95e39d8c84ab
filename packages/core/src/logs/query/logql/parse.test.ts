import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { QueryError } from "../scanner.ts";
import { parseLogQl } from "./parse.ts";

const rate = 'rate({a="b"}[1m])';

describe("a metric", () => {
  test("is a function of a range, which stands behind the selector or behind the stages", () => {
    const range = { rangeMs: 60_000, offsetMs: 300_000 };
    const log = { kind: "log", stages: [{ kind: "line" }] };
    for (const text of [
      '{a="b"} |= "x" [1m] offset 5m',
      '{a="b"}[1m] offset 5m |= "x"',
      '({a="b"} |= "x")[1m] offset 5m',
    ])
      expect(parseLogQl(`count_over_time(${text})`)).toMatchObject({ kind: "range", range: { ...range, log } });
    expect(parseLogQl('rate({a="b"}[1m] offset -5m)')).toMatchObject({ range: { offsetMs: -300_000 } });
  });

  test("takes the value of a label, converted, with conditions behind it", () => {
    expect(
      parseLogQl('quantile_over_time(0.9, {a="b"} | json | unwrap duration(t) | c="d" [1m]) by (e)'),
    ).toMatchObject({
      fn: "quantile_over_time",
      parameter: 0.9,
      by: { without: false, labels: ["e"] },
      range: { unwrap: { label: "t", unit: "duration", after: [{ kind: "match" }] } },
    });
  });

  test("is grouped before or behind", () => {
    const grouped = { kind: "aggregate", fn: "sum", by: { without: true, labels: ["a", "b"] } };
    expect(parseLogQl(`sum without (a, b) (${rate})`)).toMatchObject(grouped);
    expect(parseLogQl(`sum(${rate}) without (a, b)`)).toMatchObject(grouped);
    expect(parseLogQl(`topk(3, ${rate})`)).toMatchObject({ fn: "topk", parameter: 3 });
  });

  test("is calculated with as arithmetic binds", () => {
    expect(parseLogQl("1 + 2 * 3 ^ 2 ^ 2 - -1")).toMatchObject({
      op: "-",
      left: { op: "+", right: { op: "*", right: { op: "^", right: { op: "^" } } } },
      right: { value: -1 },
    });
    expect(parseLogQl(`${rate} > bool on (a) group_left (c) ${rate} or ${rate}`)).toMatchObject({
      op: "or",
      left: { op: ">", bool: true, matching: { on: true, labels: ["a"], many: "left", include: ["c"] } },
    });
    expect(parseLogQl(`label_replace(vector(1), "a", "$1", "b", "(.*)")`)).toMatchObject({
      kind: "label_replace",
      to: "a",
      replacement: "$1",
      from: "b",
      pattern: "(.*)",
    });
  });
});

describe("what is refused", () => {
  test.each([
    ["", 0, "a function is expected here, not the end"],
    ['{a="b"} x', 8, "the end is expected here, not x"],
    ['holt({a="b"}[1m])', 0, "holt is not known here; known are sum"],
    ['sum({a="b"})', 4, "lines cannot be counted with"],
    ['rate({a="b"})', 12, "a range such as [5m] is expected here, not )"],
    ['rate({a="b"}[5])', 13, "a duration such as 5m is expected here, not 5"],
    ['rate({a="b"}[0s])', 13, "a range is longer than nothing, not 0s"],
    [`topk(0, ${rate})`, 5, "topk needs a number from 1 on, not 0"],
    [`topk(${rate})`, 5, "topk needs a number first, not rate"],
    ['sum_over_time({a="b"}[1m])', 13, "sum_over_time needs the value of a label"],
    ['count_over_time({a="b"} | unwrap c [1m])', 15, "count_over_time counts lines"],
    ['sum_over_time({a="b"} | unwrap upper(c) [1m])', 31, "not upper"],
    ['quantile_over_time({a="b"} | unwrap c [1m])', 19, "a number from 0 to 1 first"],
    [`-${rate}`, 1, "a number is expected here, not rate"],
    [`(1`, 2, ") is expected here, not the end"],
    ["(".repeat(5_000), 60, "at most 60 deep"],
    [Array(20_000).fill("1").join("^"), 1_001, "at most 500 operators"],
  ])("%p", (text, at, words) => {
    expect(() => parseLogQl(text)).toThrow(expect.objectContaining({ at, message: expect.stringContaining(words) }));
  });

  test("is never anything but a fault with its place, whatever the text", () => {
    const words = [
      "sum",
      "rate",
      "by",
      "(",
      ")",
      "{",
      "}",
      "[",
      "]",
      '"x"',
      "a",
      "=",
      "|",
      "json",
      "5m",
      "1",
      "unwrap",
      ",",
    ];
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 3 })), { maxLength: 20 }),
        (made) => {
          const text = made.join(" ");
          try {
            parseLogQl(text);
          } catch (error) {
            if (!(error instanceof QueryError)) throw error;
            expect(error.at).toBeWithin(0, text.length + 1);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
