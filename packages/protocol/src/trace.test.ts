import { expect, test } from "bun:test";
import { formatTraceparent, parseTraceparent, spanIdOf, traceIdOf } from "./trace.ts";

const header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

test("a header is read and written", () => {
  const span = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: true };
  expect(parseTraceparent(header)).toEqual(span);
  expect(formatTraceparent(span)).toBe(header);
  expect(parseTraceparent(header.replace(/01$/, "00"))?.sampled).toBe(false);
  expect(parseTraceparent(`cc${header.slice(2)}-more`)).toEqual(span);
});

test.each([
  ["nothing", null],
  ["no ids", "00-xyz"],
  ["a trace of zeros", header.replace("0af7651916cd43dd8448eb211c80319c", "0".repeat(32))],
  ["a span of zeros", header.replace("b7ad6b7169203331", "0".repeat(16))],
  ["capitals", header.toUpperCase()],
  ["the version that is none", `ff${header.slice(2)}`],
  ["more than this version has", `${header}-more`],
])("%s is ignored", (_, text) => {
  expect(parseTraceparent(text)).toBeUndefined();
});

test("ids follow from what they are of", () => {
  const ids = [spanIdOf("a"), spanIdOf("a", 1), spanIdOf("a", 1, 1), spanIdOf("a", 11), spanIdOf("b")];
  expect(new Set(ids).size).toBe(5);
  expect(ids.every((id) => /^[0-9a-f]{16}$/.test(id))).toBe(true);
  expect(spanIdOf("a", 1)).toBe(spanIdOf("a", 1));
  expect(traceIdOf("a")).toMatch(/^[0-9a-f]{32}$/);
  expect(traceIdOf("a")).not.toBe(traceIdOf("b"));
});
