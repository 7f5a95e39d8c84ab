import { expect, test } from "bun:test";
import fc from "fast-check";
import { compareMoments, momentOfNs, nsOf, plus } from "./moment.ts";

test("a moment holds every nanosecond, also before 1970", () => {
  expect(momentOfNs(-1n)).toEqual({ ms: -1, subNs: 999_999 });
  expect(momentOfNs(1_772_625_600_000_000_001n)).toEqual({ ms: 1_772_625_600_000, subNs: 1 });
  const ns = fc.bigInt({ min: -(10n ** 18n), max: 10n ** 19n });
  fc.assert(
    fc.property(ns, ns, (a, b) => {
      const moment = momentOfNs(a);
      expect(nsOf(moment)).toBe(a);
      expect(moment.subNs).toBeWithin(0, 1_000_000);
      expect(Math.sign(compareMoments(moment, momentOfNs(b)))).toBe(a < b ? -1 : Number(a > b));
    }),
  );
});

test("milliseconds are added to the nanosecond, either way", () => {
  expect(plus({ ms: 5, subNs: 0 }, -0.000_001)).toEqual({ ms: 4, subNs: 999_999 });
  expect(plus({ ms: 5, subNs: 999_999 }, 0.000_001)).toEqual({ ms: 6, subNs: 0 });
  expect(plus({ ms: 5, subNs: 7 }, 60_000)).toEqual({ ms: 60_005, subNs: 7 });
});
