import { expect, test } from "bun:test";
import { nothingStreamed, withUpdate } from "./streamed.ts";
import type { Streamed } from "./streamed.ts";

const step = { seq: 0, name: "write", attempt: 1 };
const chunk = (number: number, data: unknown, more: object = {}) => ({
  event: "chunk",
  number,
  data: { at: 1, step: null, index: number, data, ...more },
});
const all = (
  updates: readonly { readonly event: string; readonly number: number; readonly data: unknown }[],
): Streamed => updates.reduce(withUpdate, nothingStreamed);

test("pieces of one source that follow each other are one text; anything else is a line of JSON", () => {
  const shown = all([
    chunk(1, "Once "),
    chunk(2, "upon", { step, index: 0 }),
    chunk(3, " a time", { step, index: 1 }),
    chunk(4, { done: 1 }),
  ]);
  expect(shown.blocks.map(({ source, text }) => [source, text])).toEqual([
    ["workflow", "Once "],
    ["write", "upon a time"],
    ["workflow", '{"done":1}\n'],
  ]);
  expect(shown.pieces).toBe(4);
});

test("an attempt that is made again has a block of its own", () => {
  const again = { step: { ...step, attempt: 2 }, index: 0 };
  const shown = all([
    chunk(1, "half", { step, index: 0 }),
    chunk(2, "whole", again),
    chunk(3, "once more", { step: again.step, index: 0 }),
  ]);
  expect(shown.blocks.map(({ source }) => source)).toEqual(["write", "write, attempt 2", "write, attempt 2"]);
});

test("a piece that is told again is not shown again", () => {
  expect(all([chunk(1, "a"), chunk(2, "b"), chunk(1, "a"), chunk(2, "b"), chunk(3, "c")]).blocks[0]?.text).toBe("abc");
});

test("what is lost is counted, and the end is known until more comes", () => {
  const shown = all([
    { event: "gap", number: 7, data: { lost: 7, next: 8 } },
    { event: "end", number: 0, data: {} },
  ]);
  expect(shown).toMatchObject({ lost: 7, ended: true });
  expect(withUpdate(shown, chunk(8, "more")).ended).toBe(false);
});

test("the first characters go where there are too many", () => {
  const shown = all([chunk(1, "a".repeat(300_000)), chunk(2, "b".repeat(300_000), { step, index: 0 })]);
  expect(shown.blocks.map(({ text }) => text.length)).toEqual([100_000, 300_000]);
  expect(all([chunk(1, "a".repeat(300_000)), chunk(2, "b".repeat(500_000), { step, index: 0 })]).blocks).toHaveLength(
    1,
  );
});
