import { expect, test } from "bun:test";
import { readJson, writeJson } from "./json-text.ts";

test("what is typed is read, and nothing is the value given for it", () => {
  expect(readJson('{"a": [1, "ü"]}')).toEqual({ ok: true, value: { a: [1, "ü"] } });
  expect(readJson(" \n", null)).toEqual({ ok: true, value: null });
  expect(readJson("")).toEqual({ ok: true, value: undefined });
});

test("what is not JSON is said in words", () => {
  const read = readJson('{\n  "a": 1,\n  b: 2\n}');
  expect(read.ok).toBe(false);
  expect(read.ok ? "" : read.message).not.toBe("");
});

test("what is written reads the same", () => {
  const value = { a: [1, null, "\u202e"], b: {} };
  expect(readJson(writeJson(value))).toEqual({ ok: true, value });
  expect(writeJson(undefined)).toBe("");
});
