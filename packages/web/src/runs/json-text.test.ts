// JSON as people type it.
import { expect, test } from "bun:test";
import { jsonText, parseJsonText } from "./json-text.ts";

test("values are read, and an empty text is null", () => {
  expect(parseJsonText(' {"a": [1]} ')).toEqual({ ok: true, value: { a: [1] } });
  expect(parseJsonText("  \n")).toEqual({ ok: true, value: null });
  expect(parseJsonText(jsonText({ b: "ü" }))).toEqual({ ok: true, value: { b: "ü" } });
  expect(jsonText(undefined)).toBe("null");
});

test("what cannot be read says why", () => {
  const read = parseJsonText("{a: 1}");
  expect(read.ok).toBe(false);
  expect(read).toMatchObject({ message: expect.stringMatching(/\w/) });
});
