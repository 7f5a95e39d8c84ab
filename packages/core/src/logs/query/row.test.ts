import { expect, test } from "bun:test";
import { entry, noonMs } from "../storage/entries.fixture.suite.ts";
import { rowsOf } from "../storage/rows.ts";
import { EntryRow, isoTime, MadeRow, WiderRow } from "./row.ts";

test("a row has the entry, its fields, and behind them its labels", () => {
  const made = entry({
    labels: { service: "api", user: "label" },
    fields: { user: "field", n: 1 },
    subNs: 5_000,
    line: "x",
  });
  const row = new EntryRow(rowsOf([{ ...made, seq: 9, level: 5 }]), 0);
  expect(["_line", "_seq", "level", "_level", "user", "service", "n", "toString"].map((name) => row.get(name))).toEqual(
    ["x", 9, "error", "error", "field", "api", 1, undefined],
  );
  expect(row.get("_time")).toBe("2026-03-04T12:00:00.000005Z");
  expect(row.names()).toEqual(["_time", "level", "_line", "service", "user", "n"]);
  const wider = new WiderRow(row, { n: 2, more: true });
  expect([wider.get("n"), wider.get("more"), wider.get("user")]).toEqual([2, true, "field"]);
  expect(wider.names()).toContain("more");
  expect(new MadeRow(new Map([["a", 1]])).names()).toEqual(["a"]);
});

test("a moment is written with as many digits as it has", () => {
  expect([0, 1, 1_000, 120_000].map((subNs) => isoTime(noonMs, subNs).slice(19))).toEqual([
    ".000Z",
    ".000000001Z",
    ".000001Z",
    ".000120Z",
  ]);
});
