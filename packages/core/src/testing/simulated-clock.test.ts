import { describe, expect, test } from "bun:test";
import { SimulatedClock } from "./simulated-clock.ts";

describe("a simulated clock", () => {
  test("stands still until it is advanced, and calls timers in order of time, then of being set", () => {
    const clock = new SimulatedClock(1000);
    const calls: string[] = [];
    for (const [name, delayMs] of [
      ["c", 30],
      ["a", 10],
      ["b", 10],
      ["late", 31],
      ["now", -5],
    ] as const) {
      clock.after(delayMs, () => calls.push(`${name}@${clock.now()}`));
    }
    expect(clock.now()).toBe(1000);
    clock.advanceTo(1030);
    expect(calls).toEqual(["now@1000", "a@1010", "b@1010", "c@1030"]);
    expect([clock.now(), clock.pending, clock.nextAt]).toEqual([1030, 1, 1031]);
  });

  test("calls what callbacks set on the way, and not what was taken back", () => {
    const clock = new SimulatedClock();
    const calls: number[] = [];
    const back = clock.after(20, () => calls.push(-1));
    clock.after(10, () => {
      calls.push(clock.now());
      back();
      clock.after(5, () => calls.push(clock.now()));
    });
    clock.advance(100);
    back();
    expect(calls).toEqual([10, 15]);
    expect(clock.now()).toBe(100);
  });

  test("calls one timer at a time when asked for the next", () => {
    const clock = new SimulatedClock();
    const calls: string[] = [];
    clock.after(7, () => calls.push("a"));
    clock.after(7, () => calls.push("b"));
    expect(clock.advanceToNext()).toBe(true);
    expect(calls).toEqual(["a"]);
    expect(clock.advanceToNext()).toBe(true);
    expect([clock.advanceToNext(), clock.now(), ...calls]).toEqual([false, 7, "a", "b"]);
  });

  test("jumps of the wall clock leave timers as far away as they were", () => {
    const clock = new SimulatedClock(1000);
    const calls: number[] = [];
    clock.after(100, () => calls.push(clock.now()));
    clock.jump(5000);
    expect([clock.now(), clock.nextAt, calls.length]).toEqual([6000, 6100, 0]);
    clock.advanceTo(6099);
    expect(calls).toEqual([]);
    clock.jump(-6000);
    clock.advanceTo(100);
    expect(calls).toEqual([100]);
    clock.advanceTo(150);
    expect(clock.now()).toBe(150);
  });

  test("does not go back", () => {
    const clock = new SimulatedClock(1000);
    expect(() => clock.advanceTo(999)).toThrow(RangeError);
    expect(() => clock.advanceTo(Number.NaN)).toThrow(RangeError);
    expect(clock.now()).toBe(1000);
  });

  test("a callback that throws leaves the other timers standing", () => {
    const clock = new SimulatedClock();
    const calls: number[] = [];
    clock.after(1, () => {
      throw new Error("first");
    });
    clock.after(2, () => calls.push(clock.now()));
    expect(() => clock.advanceTo(5)).toThrow("first");
    clock.advanceTo(5);
    expect(calls).toEqual([2]);
  });
});
