import { describe, expect, test } from "bun:test";
import { compilePattern } from "./pattern.ts";

const captured = (pattern: string, line: string): unknown =>
  Object.fromEntries(compilePattern(pattern, { captures: true }).captures(line));
const fits = (pattern: string, line: string): boolean => compilePattern(pattern, { captures: false }).test(line);

describe("a pattern", () => {
  test("takes what lies between its texts", () => {
    const line = '10.0.0.1 - - [04/Mar] "GET /a?b HTTP/1.1" 200 12';
    expect(captured('<ip> - - [<_>] "<method> <path> <_>" <status> <size>', line)).toEqual({
      ip: "10.0.0.1",
      method: "GET",
      path: "/a?b",
      status: "200",
      size: "12",
    });
    expect(captured("level=<level> ", "at 1 level=warn x")).toEqual({ level: "warn" });
  });

  test("takes nothing where its beginning is missing, and the rest where it stops fitting", () => {
    expect(captured("user=<user>", "nobody")).toEqual({});
    expect(captured("<a> | <b>", "one two")).toEqual({ a: "one two" });
  });

  test("as a filter has to be the whole line", () => {
    expect(fits("<_>GET <_> 200", "x GET /a 200")).toBe(true);
    expect(fits("<_>GET <_> 200", "x GET /a 200 y")).toBe(false);
    expect(fits("GET <_>", "x GET /a")).toBe(false);
    expect(fits("GET <_>", "GET ")).toBe(false);
  });

  test.each([
    ["<a><b>", true, "side by side"],
    ["plain", true, "at least one named capture"],
    ["<_> x", true, "at least one named capture"],
    ["<a> <a>", true, "twice"],
    ["<a> x", false, "takes <_> only"],
  ])("%s is refused", (pattern, captures, words) => {
    expect(() => compilePattern(pattern, { captures })).toThrow(words);
  });
});
