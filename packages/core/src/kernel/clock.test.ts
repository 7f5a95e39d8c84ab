import { expect, test } from "bun:test";
import { systemClock, timerDelayMsMax } from "./clock.ts";

test("the system clock tells wall time", () => {
  const before = Date.now();
  const now = systemClock.now();
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
});

test("a timer calls back once its delay has passed, at once for one in the past, and not when it was taken back", async () => {
  const called: string[] = [];
  const cancel = systemClock.after(1, () => called.push("taken back"));
  cancel();
  systemClock.after(-5, () => called.push("past"));
  const from = performance.now();
  await new Promise<void>((resolve) => void systemClock.after(20, resolve));
  expect(performance.now() - from).toBeGreaterThan(18);
  expect(called).toEqual(["past"]);
});

test("a delay longer than the platform takes does not fire at once", async () => {
  let fired = false;
  const cancel = systemClock.after(timerDelayMsMax * 10, () => {
    fired = true;
  });
  await new Promise<void>((resolve) => void systemClock.after(5, resolve));
  cancel();
  expect(fired).toBe(false);
});
