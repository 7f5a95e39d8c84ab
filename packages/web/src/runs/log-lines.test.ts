// Which log lines are shown.
import { expect, test } from "bun:test";
import { linesOf, shownLines } from "./log-lines.ts";
import type { LogLine, Step } from "./words.ts";

const lines = [
  { line: 1, level: "info", message: "Parcel packed", data: null, at: 10 },
  { line: 2, level: "error", message: "no carrier", data: { city: "Lisbon" }, at: 20 },
  { line: 3, level: "debug", message: "done", data: null, at: 30 },
] as LogLine[];
const numbers = (shown: readonly LogLine[]) => shown.map(({ line }) => line);

test("lines are narrowed by level and by text, in messages and in data", () => {
  expect(shownLines(lines, {})).toBe(lines);
  expect(numbers(shownLines(lines, { levels: ["error", "debug"] }))).toEqual([2, 3]);
  expect(numbers(shownLines(lines, { text: "PARCEL" }))).toEqual([1]);
  expect(numbers(shownLines(lines, { text: "lisbon" }))).toEqual([2]);
  expect(numbers(shownLines(lines, { levels: ["info"], text: "lisbon" }))).toEqual([]);
});

test("lines of a step are those of its time", () => {
  expect(numbers(linesOf({ startedAt: 10, endedAt: 20 } as Step, lines))).toEqual([1, 2]);
  expect(numbers(linesOf({ startedAt: 15, endedAt: null } as Step, lines))).toEqual([2, 3]);
});
