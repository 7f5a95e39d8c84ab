// Times and lengths of time as people read them.

import { describe, expect, test } from "bun:test";
import {
  formatBytes,
  formatClock,
  formatCount,
  formatDuration,
  formatMoment,
  formatRelative,
  relativeStepMs,
} from "./time-format.ts";

const at = Date.UTC(2026, 2, 9, 14, 5, 33, 120);

describe("moments", () => {
  test("are written in the zone that was chosen, and name it", () => {
    expect(formatMoment(at, "UTC")).toBe("2026-03-09 14:05:33 UTC");
    expect(formatMoment(at, "Asia/Tokyo")).toBe("2026-03-09 23:05:33 GMT+9");
    expect(formatMoment(at, "America/New_York", true)).toBe("2026-03-09 10:05:33.120 EDT");
    expect(formatClock(Date.UTC(2026, 0, 1), "UTC")).toBe("00:00:00");
  });

  test.each([
    [at, "now"],
    [at - 12_400, "12s ago"],
    [at + 61_000, "in 1m"],
    [at - 3 * 3_600_000, "3h ago"],
    [at - 5 * 86_400_000, "5d ago"],
    [at - 400 * 86_400_000, "13mo ago"],
    [at - 1_000 * 86_400_000, "2y ago"],
  ])("%d is %s", (then, words) => {
    expect(formatRelative(then, at)).toBe(words);
  });

  test("say how soon they change", () => {
    expect([5_000, 300_000, 86_400_000].map((ms) => relativeStepMs(at - ms, at))).toEqual([1_000, 15_000, 300_000]);
  });
});

describe("lengths", () => {
  test.each([
    [0, "0ms"],
    [0.4, "<1ms"],
    [340, "340ms"],
    [1_250, "1.25s"],
    [59_999, "59.9s"],
    [125_000, "2m 05s"],
    [3 * 3_600_000 + 12 * 60_000, "3h 12m"],
    [4 * 86_400_000 + 3 * 3_600_000, "4d 3h"],
    [-1_000, "-1.00s"],
    [Number.NaN, "–"],
  ])("%d ms is %s", (ms, words) => {
    expect(formatDuration(ms)).toBe(words);
  });

  test("bytes and counts", () => {
    expect([840, 1_200_000, 999_999, 250_000_000].map(formatBytes)).toEqual(["840 B", "1.2 MB", "1.0 MB", "250 MB"]);
    expect([7, 12_480, 1_234_567].map(formatCount)).toEqual(["7", "12,480", "1.2M"]);
  });
});
