// Filters and tabs in the URL.

import { expect, test } from "bun:test";
import { param, parseSearch, searchParams, stringifySearch } from "./search-params.ts";

const read = searchParams({
  q: param.text(),
  tab: param.oneOf(["steps", "logs"]),
  status: param.someOf(["failed", "timedout", "running"]),
  step: param.int(),
  live: param.flag(),
});

test("what a screen knows is read, the rest is dropped", () => {
  expect(read(parseSearch("?q=123&tab=logs&status=timedout&status=failed&step=-3&live=true&evil=1"))).toEqual({
    q: "123",
    tab: "logs",
    status: ["failed", "timedout"],
    step: -3,
    live: true,
  });
  expect(read(parseSearch("?q=&tab=nothing&status=gone&step=1.5&live=yes"))).toEqual({});
});

test("reading what was read changes nothing, and it survives the URL", () => {
  const once = read(parseSearch("?q=a%26b+c&status=failed&status=running&step=4"));
  expect(read(once)).toEqual(once);
  expect(read(parseSearch(stringifySearch(once)))).toEqual(once);
  expect(stringifySearch(once)).toBe("?q=a%26b+c&status=failed&status=running&step=4");
  expect(stringifySearch({ q: undefined, tab: "" })).toBe("");
});
