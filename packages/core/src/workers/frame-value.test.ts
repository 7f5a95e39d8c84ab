// Values in frames: what every library reads stays as it is, the rest becomes what JSON would show.
import { expect, test } from "bun:test";
import { encodeMessage } from "@sluice/protocol";
import { frameValue } from "./frame-value.ts";

test("what is plain stays as it is", () => {
  const value = { a: [1, "two", null, true, 2n ** 60n, new Uint8Array([1])], b: { c: {} } };
  expect(frameValue(value)).toBe(value);
});

test.each([
  ["a date", { at: new Date(0) }],
  ["a map", new Map([["a", 1]])],
  ["undefined", undefined],
  ["a large integer", 2n ** 70n],
  ["an error", new Error("no")],
])("%s becomes something that a frame carries", (_what, value) => {
  const payload = { value: frameValue(value) };
  expect(() => encodeMessage({ version: 1, type: 0x33, id: "i", timestamp: 1, runtime: "bun", payload })).not.toThrow();
});

test("an object that contains itself is not followed for ever", () => {
  const value: Record<string, unknown> = { a: 1 };
  value["self"] = value;
  expect(frameValue(value)).not.toBe(value);
});

test("an object that stands in two places is no circle", () => {
  const shared = { a: 1 };
  const value = [shared, shared];
  expect(frameValue(value)).toBe(value);
});

test("a few references are no gigabytes: what repeats itself again and again is written as JSON shows it", () => {
  let value: unknown = "x";
  for (let level = 0; level < 60; level++) value = [value, value];
  const payload = { value: frameValue(value) };
  const bytes = encodeMessage({ version: 1, type: 0x33, id: "i", timestamp: 1, runtime: "bun", payload });
  expect(bytes.length).toBeLessThan(200_000);
  const shared = new Uint8Array(60_000);
  expect(frameValue([shared, shared])).toBeArray();
  expect(JSON.stringify(frameValue([shared, shared, shared]))).toContain("$ref");
});
