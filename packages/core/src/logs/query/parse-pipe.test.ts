import { describe, expect, test } from "bun:test";
import type { Pipe } from "./ast.ts";
import { parseQuery } from "./parse.ts";

const pipesOf = (text: string): readonly Pipe[] => parseQuery(`x | ${text}`, 0).pipes;

const understood: [string, object[]][] = [
  ["fields a, b.c", [{ kind: "fields", names: ["a", "b.c"] }]],
  ["where status:>499 or slow", [{ kind: "filter", filter: { kind: "or" } }]],
  [
    "sort a, b desc",
    [
      {
        kind: "sort",
        by: [
          { name: "a", descending: false },
          { name: "b", descending: true },
        ],
      },
    ],
  ],
  ["head 7", [{ kind: "limit", count: 7 }]],
  ["stats count()", [{ kind: "stats", by: [], stats: [{ fn: "count", field: "", as: "count()" }] }]],
  ["stats count() by (a)", [{ kind: "stats", by: [{ name: "a" }] }]],
  [
    "stats quantile(0.5, ms) as mid, p99(ms)",
    [
      {
        stats: [
          { fn: "quantile", quantile: 0.5, field: "ms", as: "mid" },
          { fn: "quantile", quantile: 0.99, as: "p99(ms)" },
        ],
      },
    ],
  ],
  [
    "stats by (_time:1m) uniq(user)",
    [{ by: [{ name: "_time", bucketMs: 60_000 }], stats: [{ fn: "uniq", field: "user" }] }],
  ],
  ["top 3 by (route)", [{ kind: "stats" }, { kind: "sort" }, { kind: "limit", count: 3 }]],
  ["top route", [{ kind: "stats" }, { kind: "sort" }, { kind: "limit", count: 10 }]],
  ["uniq by (a, b)", [{ kind: "uniq", names: ["a", "b"] }]],
  ["extract `(?P<user>\\w+)` from msg", [{ kind: "extract", from: "msg" }]],
  ["patterns", [{ kind: "patterns", from: "_line", newMs: undefined }]],
  ["patterns new 1h from msg", [{ kind: "patterns", from: "msg", newMs: 3_600_000 }]],
  ["json", [{ kind: "json", from: "_line" }]],
  ["unpack_logfmt from raw", [{ kind: "logfmt", from: "raw" }]],
];

describe("a pipe", () => {
  test.each(understood)("%s is understood", (text, expected) => expect(pipesOf(text)).toMatchObject(expected));

  test.each([
    ["stats", "a function"],
    ["stats nothing(a)", "Known are"],
    ["stats sum()", "Known are"],
    ["stats quantile(2, a)", "from 0 to 1"],
    ["stats count() by (a:1m)", "Only _time"],
    ["stats count() by (_time:never)", "a duration"],
    ["extract `no group`", "names no group"],
    ["extract `(`", "no regular expression"],
    ["limit 99999999", "a number from"],
    ["fields", "a field"],
    ["constructor", "no pipe"],
  ])("%s is refused", (text, why) => expect(() => pipesOf(text)).toThrow(why));
});
