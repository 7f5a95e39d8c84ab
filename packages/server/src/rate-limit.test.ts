// Buckets: what comes at once, what comes back with time, and how many are remembered.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Rates } from "./rate-limit.ts";

function rates(p: { perSecond: number; capacity: number; entriesMax?: number }) {
  const clock = { at: 1_000_000, now: () => clock.at };
  return { clock, rates: new Rates({ clock, entriesMax: 100, ...p }) };
}

test("so many may come at once, then one each time it comes back", () => {
  const { clock, rates: r } = rates({ perSecond: 2, capacity: 3 });
  expect([r.take("a"), r.take("a"), r.take("a")]).toEqual([0, 0, 0]);
  expect(r.take("a")).toBe(500);
  clock.at += 499;
  expect(r.take("a")).toBe(1);
  clock.at += 1;
  expect(r.take("a")).toBe(0);
  expect(r.take("a")).toBe(500);
  clock.at += 60_000;
  expect([r.take("a"), r.take("a"), r.take("a")]).toEqual([0, 0, 0]);
  expect(r.take("a")).toBeGreaterThan(0);
});

test("each has its own", () => {
  const { rates: r } = rates({ perSecond: 1, capacity: 1 });
  expect([r.take("a"), r.take("b"), r.take("a")]).toEqual([0, 0, 1_000]);
});

test("no rate is no limit", () => {
  const { rates: r } = rates({ perSecond: 0, capacity: 1 });
  for (let i = 0; i < 1_000; i++) expect(r.take("a")).toBe(0);
  expect(r.size).toBe(0);
});

test("a clock that is set back gives nothing", () => {
  const { clock, rates: r } = rates({ perSecond: 1, capacity: 1 });
  r.take("a");
  clock.at -= 10_000;
  expect(r.take("a")).toBe(1_000);
  clock.at += 1_000;
  expect(r.take("a")).toBe(0);
});

test("no more are remembered than there may be", () => {
  const { rates: r } = rates({ perSecond: 1, capacity: 1, entriesMax: 10 });
  for (let i = 0; i < 1_000; i++) r.take(`caller ${i}`);
  expect(r.size).toBe(10);
  expect(r.take("caller 999")).toBeGreaterThan(0);
});

test("never more than the capacity and what came back, whatever the times", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 200 }), (waits) => {
      const { clock, rates: r } = rates({ perSecond: 5, capacity: 10 });
      const from = clock.at;
      let taken = 0;
      for (const wait of waits) {
        clock.at += wait;
        if (r.take("a") === 0) taken++;
        expect(taken).toBeLessThanOrEqual(10 + ((clock.at - from) * 5) / 1_000 + 1e-6);
      }
    }),
  );
});

test("whoever waits as long as they are told comes in", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 1, max: 50 }), (perSecond, capacity) => {
      const { clock, rates: r } = rates({ perSecond, capacity });
      for (let i = 0; i < 3; i++) {
        let waitMs = r.take("a");
        while (waitMs === 0) waitMs = r.take("a");
        clock.at += waitMs;
        expect(r.take("a")).toBe(0);
      }
    }),
  );
});
