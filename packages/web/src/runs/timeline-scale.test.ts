// Windows of time: ticks, zooming, moving.
import { expect, test } from "bun:test";
import { moved, percentAt, ticksOf, windowMsMin, zoomed } from "./timeline-scale.ts";

const bounds = { from: 1_000, to: 11_000 };

test("ticks are round distances from the beginning, and not too many", () => {
  expect(ticksOf(bounds, 1_000, 6)).toEqual([1_000, 3_000, 5_000, 7_000, 9_000, 11_000]);
  expect(ticksOf({ from: 4_300, to: 5_200 }, 1_000, 5)).toEqual([4_400, 4_600, 4_800, 5_000, 5_200]);
  const years = ticksOf({ from: 0, to: 86_400_000 * 3_650 }, 0, 8);
  expect(years.length).toBeLessThanOrEqual(9);
  expect(years.length).toBeGreaterThan(3);
});

test("zooming keeps the moment where it is", () => {
  const near = zoomed(bounds, { factor: 0.5, at: 3_500, bounds });
  expect(near.to - near.from).toBe(5_000);
  expect(percentAt(3_500, near)).toBeCloseTo(percentAt(3_500, bounds));
  expect(zoomed(near, { factor: 100, at: 3_500, bounds })).toEqual(bounds);
  let closest = bounds;
  for (let times = 0; times < 50; times++) closest = zoomed(closest, { factor: 0.5, at: 5_000, bounds });
  expect(closest.to - closest.from).toBe(windowMsMin);
});

test("moving stops at the bounds", () => {
  const window = { from: 2_000, to: 4_000 };
  expect(moved(window, 1_000, bounds)).toEqual({ from: 3_000, to: 5_000 });
  expect(moved(window, -5_000, bounds)).toEqual({ from: 1_000, to: 3_000 });
  expect(moved(window, 50_000, bounds)).toEqual({ from: 9_000, to: 11_000 });
  expect(moved(bounds, 50_000, bounds)).toEqual(bounds);
});
