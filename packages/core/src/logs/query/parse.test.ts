import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Filter } from "./ast.ts";
import { parseQuery } from "./parse.ts";
import { QueryError } from "./scanner.ts";

const nowMs = Date.UTC(2026, 2, 4, 12);
const filterOf = (text: string): Filter => parseQuery(text, nowMs).filter;
const text = (each: string): Filter => ({ kind: "text", text: each });

describe("a query", () => {
  test("of words and conditions needs all of them", () => {
    expect(filterOf("")).toEqual({ kind: "all" });
    expect(filterOf("*")).toEqual({ kind: "all" });
    expect(filterOf('level:error "timed out" service:=api status:>499')).toEqual({
      kind: "and",
      of: [
        { kind: "field", name: "level", op: "has", value: "error" },
        text("timed out"),
        { kind: "field", name: "service", op: "=", value: "api" },
        { kind: "field", name: "status", op: ">", value: "499" },
      ],
    });
    expect(filterOf("12:30:45 a=b")).toEqual({ kind: "and", of: [text("12:30:45"), text("a=b")] });
  });

  test("may say or, not, brackets, lists and what is there at all", () => {
    expect(filterOf("a or b c")).toEqual({ kind: "or", of: [text("a"), { kind: "and", of: [text("b"), text("c")] }] });
    expect(filterOf("(a or b) -c !d not e")).toMatchObject({
      kind: "and",
      of: [{ kind: "or" }, { kind: "not" }, { kind: "not" }, { kind: "not" }],
    });
    expect(filterOf("a -1")).toEqual({ kind: "and", of: [text("a"), text("-1")] });
    expect(filterOf('route:in("/a b", /c)')).toEqual({ kind: "in", name: "route", values: ["/a b", "/c"] });
    expect(filterOf("user:*")).toEqual({ kind: "field", name: "user", op: "exists", value: "" });
    expect(filterOf("url:http://x:80/y")).toMatchObject({ name: "url", value: "http://x:80/y" });
    expect(filterOf('msg:~"^a+$"')).toMatchObject({ op: "~", value: "^a+$" });
    expect(filterOf("order")).toEqual(text("order"));
  });

  test("has a span of time", () => {
    expect(parseQuery("_time:1h x", nowMs)).toMatchObject({
      filter: text("x"),
      fromMs: nowMs - 3_600_000,
      toMs: Infinity,
    });
    expect(parseQuery("_time:2026-03-01", nowMs)).toMatchObject({
      fromMs: Date.UTC(2026, 2, 1),
      toMs: Date.UTC(2026, 2, 2),
    });
    expect(parseQuery("_time:[2026-03-01T00:00:00Z,2026-03-02)", nowMs)).toMatchObject({
      fromMs: Date.UTC(2026, 2, 1),
      toMs: Date.UTC(2026, 2, 2),
    });
  });

  test("has pipes behind bars", () => {
    const { filter, pipes } = parseQuery(
      "error | stats by (route, _time:5m) count(), p95(ms) as slow | sort by (slow desc) | limit 5",
      nowMs,
    );
    expect(filter).toEqual(text("error"));
    expect(pipes).toMatchObject([
      { kind: "stats" },
      { kind: "sort", by: [{ name: "slow", descending: true }] },
      { kind: "limit", count: 5 },
    ]);
  });

  test.each([
    ["(a", 2],
    ["a )", 2],
    ['"open', 0],
    ["status:", 7],
    ["x:~(", 3],
    ["a or (_time:1h)", 6],
    ["_time:soon", 6],
    ["a | nothing", 4],
    ["a | limit x", 10],
    ["| ", 2],
  ])("%s cannot be read, from %i on", (query, at) => {
    try {
      parseQuery(query, nowMs);
      throw new Error("it was read");
    } catch (error) {
      expect(error).toBeInstanceOf(QueryError);
      expect((error as QueryError).at).toBe(at);
    }
  });

  test("of any text is read or refused with its place, never anything else", () => {
    const word = fc.constantFrom(
      "a",
      "(",
      ")",
      "|",
      "or",
      "not",
      "-",
      "x:",
      ":",
      "=",
      '"',
      "`",
      "in(",
      ",",
      "_time:",
      "1h",
      "stats",
      "by",
      "count()",
      "limit",
      "~",
      "*",
      "[",
    );
    const made = fc.array(word, { maxLength: 12 }).chain((words) => fc.constantFrom(words.join(" "), words.join("")));
    fc.assert(
      fc.property(fc.oneof(made, fc.string()), (query) => {
        try {
          parseQuery(query, nowMs);
        } catch (error) {
          expect(error).toBeInstanceOf(QueryError);
          expect((error as QueryError).at).toBeWithin(0, query.length + 1);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test("that nests or goes on for ever is refused", () => {
    expect(() => parseQuery("(".repeat(1_000), nowMs)).toThrow("nest deeper");
    expect(() => parseQuery("not ".repeat(1_000), nowMs)).toThrow("nest deeper");
    expect(() => parseQuery("a | limit 1 ".repeat(50).replaceAll("1 a", "1"), nowMs)).toThrow("at most 32 pipes");
    expect(() => parseQuery("x".repeat(20_000), nowMs)).toThrow("characters");
  });
});
