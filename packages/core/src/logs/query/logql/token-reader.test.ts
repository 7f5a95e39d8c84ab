import { expect, test } from "bun:test";
import { TokenReader } from "./token-reader.ts";

test("goes through tokens one by one, and stays at the end", () => {
  const reader = new TokenReader('by (a, b) "c"');
  expect(reader.is("without", "by")).toBe(true);
  expect(reader.skip("without")).toBe(false);
  reader.need("by");
  expect(reader.peek(1).text).toBe("a");
  expect(reader.names()).toEqual(["a", "b"]);
  expect(reader.text()).toBe("c");
  reader.take();
  expect([reader.take().kind, reader.peek(5).kind]).toEqual(["end", "end"]);
});

test("a text is no sign, though it says the same", () => {
  expect(new TokenReader('")"').is(")")).toBe(false);
});

test.each([
  ["need", (reader: TokenReader) => reader.need("("), "( is expected here, not x"],
  ["text", (reader: TokenReader) => reader.text(), "a text in quotes is expected here, not x"],
  ["names", (reader: TokenReader) => reader.names(), "( is expected here, not x"],
])("what is not there is named with its place: %s", (_what, read, message) => {
  expect(() => read(new TokenReader("  x"))).toThrow(expect.objectContaining({ at: 2, message }));
});

test("the end is called so", () => {
  expect(() => new TokenReader("").name("a label")).toThrow("a label is expected here, not the end");
});

test("what holds its like is only so deep", () => {
  const reader = new TokenReader("x");
  const deep = (levels: number): number => reader.nested(() => (levels === 1 ? 1 : 1 + deep(levels - 1)));
  expect(deep(60)).toBe(60);
  expect(() => deep(61)).toThrow("at most 60 deep");
  expect(deep(60)).toBe(60);
});
