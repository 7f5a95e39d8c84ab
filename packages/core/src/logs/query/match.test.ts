import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { LogEntry, StoredEntry } from "../entry.ts";
import { levelOf } from "../level.ts";
import { decodeChunk, encodeChunk } from "../storage/chunk.ts";
import { anyEntry, entry } from "../storage/entries.fixture.suite.ts";
import { rowsOf } from "../storage/rows.ts";
import type { Filter } from "./ast.ts";
import { compileFilter } from "./match.ts";
import { parseQuery } from "./parse.ts";
import { EntryRow } from "./row.ts";

const value = fc.constantFrom("a", "api", "error", "200", "404", "1", "GET", "out", "-5", "");
const name = fc.constantFrom("service", "status", "route", "level", "ms", "user.id", "nothing", "__proto__", "_line");
const { filter: anyFilter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3 },
    value.map((text): Filter => ({ kind: "text", text })),
    fc
      .tuple(name, fc.constantFrom("has", "=", "!=", "<", "<=", ">", ">=", "~", "!~", "exists"), value)
      .map(([field, op, each]): Filter => ({ kind: "field", name: field, op, value: each })),
    fc
      .tuple(name, fc.array(value, { minLength: 1, maxLength: 3 }))
      .map(([field, values]): Filter => ({ kind: "in", name: field, values })),
    tie("filter").map((of): Filter => ({ kind: "not", of })),
    fc
      .tuple(fc.constantFrom("and" as const, "or" as const), fc.array(tie("filter"), { minLength: 2, maxLength: 3 }))
      .map(([kind, of]): Filter => ({ kind, of })),
  ),
}));

const stored = (made: readonly LogEntry[]): StoredEntry[] =>
  made.map((each, index) => ({ ...each, seq: index + 1, level: levelOf(each) }));

describe("a filter", () => {
  test("says the same of columns in memory, of a chunk and of single rows, and never skips a chunk it fits", () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { minLength: 1, maxLength: 25 }), anyFilter, (made, filter) => {
        const entries = stored(made);
        const inMemory = rowsOf(entries);
        const chunk = encodeChunk("t", entries);
        const { rows, row, mayFit } = compileFilter(filter);
        const hits = [...rows(inMemory)];
        expect([...rows(decodeChunk(chunk.body, chunk.head.streams))]).toEqual(hits);
        expect<number[]>(entries.map((_, at) => (row(new EntryRow(inMemory, at)) ? 1 : 0))).toEqual(hits);
        if (hits.includes(1)) expect(mayFit({ ...chunk.head, id: 1, tokens: chunk.tokens })).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  const lines = (query: string, entries: readonly StoredEntry[]): string[] => {
    const hits = compileFilter(parseQuery(query, 0).filter).rows(rowsOf(entries));
    return entries.filter((_, at) => hits[at] === 1).map(({ line }) => line);
  };
  const some = stored([
    entry({ line: "one timed out", fields: { status: 500, user: "ada" }, labels: { service: "api" } }),
    entry({ line: "two ERROR", fields: { status: "404" }, labels: { service: "web" } }),
    entry({ line: "three", fields: { level: "WARNING", note: "timed out there" }, labels: { service: "api" } }),
  ]);

  test.each([
    ['"timed out"', ["one timed out", "three"]],
    ["ada", ["one timed out"]],
    ["api", []],
    ["service:=api", ["one timed out", "three"]],
    ["service:ap", ["one timed out", "three"]],
    ["status:>=404", ["one timed out", "two ERROR"]],
    ["status:!=500", ["two ERROR", "three"]],
    ["level:warn", ["three"]],
    ["level:>=warn", ["two ERROR", "three"]],
    ["user:*", ["one timed out"]],
    ["-user:*", ["two ERROR", "three"]],
    ["_line:~`^t`", ["two ERROR", "three"]],
    ["status:in(500, 501)", ["one timed out"]],
  ])("%s finds what it says", (query, expected) => expect(lines(query, some)).toEqual(expected));

  test("finds nothing that reaches from one text into the next", () => {
    expect(lines("ab", stored([entry({ line: "a" }), entry({ line: "b" }), entry({ line: "cab" })]))).toEqual(["cab"]);
  });

  test("skips chunks by streams, by values, by bounds and by ids", () => {
    const entries = stored(
      Array.from({ length: 50 }, (_, n) =>
        entry({ line: `id 1234abcd${n + 10} ${"word ".repeat(30)}`, fields: { ms: n, verb: "GET" } }),
      ),
    );
    const chunk = encodeChunk("t", entries);
    const skipped = (query: string): boolean =>
      !compileFilter(parseQuery(query, 0).filter).mayFit({ ...chunk.head, id: 1, tokens: chunk.tokens });
    expect(
      ["service:=web", "verb:=POST", "ms:>49", "ms:=50", "nothing:=1", "9999abcd10", "x 9999abcd10 y"].map(skipped),
    ).toEqual(Array(7).fill(true));
    expect(
      [
        "service:=api",
        "verb:=GET",
        "ms:>48",
        "ms:=49",
        "nothing:!=1",
        "1234abcd10",
        "id 1234abcd10 word",
        "34abcd1",
      ].map(skipped),
    ).toEqual(Array(8).fill(false));
  });
});
