import { describe, expect, test } from "bun:test";
import { barMs, barsOf, filterOf } from "./use-logs.ts";

describe("the histogram of logs", () => {
  test("has a bar for each step of time, empty ones too", () => {
    const rows = [
      ["1970-01-01T00:02:00.000Z", "error", 3],
      ["1970-01-01T00:02:00.000Z", "info", 5],
      ["1970-01-01T00:03:00.000Z", "odd", 1],
    ];
    expect(barsOf(rows, { fromMs: 61_000, toMs: 200_000 }, 60_000)).toEqual([
      { fromMs: 60_000, counts: {} },
      { fromMs: 120_000, counts: { error: 3, info: 5 } },
      { fromMs: 180_000, counts: { unknown: 1 } },
    ]);
  });

  test("has bars of whole minutes, not too many of them", () => {
    expect([60_000, 3_600_000, 86_400_000].map((toMs) => barMs({ fromMs: 0, toMs }) / 60_000)).toEqual([1, 1, 16]);
  });
});

test("the filter of a query ends at its first pipe, not at a bar in quotes", () => {
  expect(["error | stats count()", '"a | b" c | limit 1', "`|`", ""].map(filterOf)).toEqual([
    "error",
    '"a | b" c',
    "`|`",
    "",
  ]);
});
