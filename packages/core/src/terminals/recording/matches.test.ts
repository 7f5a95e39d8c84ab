import { expect, test } from "bun:test";
import { matchesIn } from "./matches.ts";

const head = { cols: 80, rows: 24, startedAt: 0, title: "", command: "sh", tags: [] };
const output = (...pieces: readonly string[]) => ({
  head,
  events: pieces.map((data, index) => ({ atMs: index * 100, code: "o" as const, data })),
});

test("lines are put together from pieces, with the time of their first sign", () => {
  const cast = output("one ", "two\r\n", "\r\nthree", "\rfour");
  expect(matchesIn(cast, { text: "", max: 9 })).toEqual([
    { atMs: 0, line: "one two" },
    { atMs: 200, line: "three" },
    { atMs: 300, line: "four" },
  ]);
});

test("what a terminal obeys is no part of a line, even within a word", () => {
  const cast = output(
    "\x1b]2;title\x07he\x1b[1ml\x1b(Blo\x1b[m\x07 \x1b[?25l\x1bMworld\x1b]8;;https://x.test\x1b\\ link\x1b]8;;\x1b\\",
  );
  expect(matchesIn(cast, { text: "HELLO world link", max: 9 })).toEqual([{ atMs: 0, line: "hello world link" }]);
  expect(matchesIn(cast, { text: "title", max: 9 })).toEqual([]);
  expect(matchesIn(output("a\na\na\n"), { text: "a", max: 2 })).toHaveLength(2);
});
