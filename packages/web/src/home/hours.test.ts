// Figures by hour as a chart shows them.
import { expect, test } from "bun:test";
import { axisEnd, hourWords, mostOf } from "./hours.ts";

const hour = (more: object) => ({
  at: 0,
  started: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  p50Ms: null,
  p95Ms: null,
  ...more,
});

test("the axis ends above the tallest bar, at a number with a half", () => {
  for (const most of [0, 1, 2, 3, 9, 11, 47, 81, 100, 101, 999, 123_456]) {
    const end = axisEnd(most);
    expect(end).toBeGreaterThanOrEqual(most);
    expect(Number.isInteger(end / 2)).toBe(true);
    if (most > 2) expect(end).toBeLessThanOrEqual(most * 2.5);
  }
});

test("the tallest bar is of what started or of what ended", () => {
  expect(mostOf([hour({ started: 3 }), hour({ completed: 2, failed: 2, cancelled: 1 })])).toBe(5);
  expect(mostOf([])).toBe(0);
});

test("an hour in words", () => {
  expect(hourWords(hour({ started: 4, completed: 2, failed: 1 }), () => "14:00")).toBe(
    "14:00: 4 started, 2 completed, 1 failed",
  );
});
