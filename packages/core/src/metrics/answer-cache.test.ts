import { describe, expect, test } from "bun:test";
import { AnswerCache } from "./answer-cache.ts";

class TestClock {
  nowMs = 0;
  timers: { atMs: number; callback: () => void }[] = [];
  now = () => this.nowMs;
  after = (delayMs: number, callback: () => void) => {
    const timer = { atMs: this.nowMs + delayMs, callback };
    this.timers.push(timer);
    return () => void (this.timers = this.timers.filter((each) => each !== timer));
  };
  pass(ms: number): void {
    this.nowMs += ms;
    const due = this.timers.filter(({ atMs }) => atMs <= this.nowMs);
    this.timers = this.timers.filter(({ atMs }) => atMs > this.nowMs);
    for (const { callback } of due) callback();
  }
}

const rig = (entriesMax = 10) => {
  const clock = new TestClock();
  const cache = new AnswerCache({ clock, keptMs: 1_000, entriesMax });
  let made = 0;
  const get = (key: string, names?: readonly string[], toMs = 100) =>
    cache.get(key, { names: names === undefined ? undefined : new Set(names), toMs }, async () => ++made);
  return { clock, cache, get };
};

describe("answers that are kept", () => {
  test("are given again for a while, and then taken out by themselves", async () => {
    const { clock, cache, get } = rig();
    expect([await get("a"), await get("a"), await get("b")]).toEqual([1, 1, 2]);
    clock.pass(999);
    expect([await get("a"), cache.hits, cache.misses]).toEqual([1, 2, 2]);
    clock.pass(1);
    expect(cache.size).toBe(0);
    expect(await get("a")).toBe(3);
    cache.close();
    expect([cache.size, clock.timers.length]).toEqual([0, 0]);
  });

  test("are gone when a metric they looked at was told something within their span", async () => {
    const { cache, get } = rig();
    await get("a", ["x"]);
    await get("b", ["y"]);
    await get("c");
    cache.told(new Map([["x", 101]]));
    expect(cache.size).toBe(3);
    cache.told(new Map([["x", 100]]));
    expect([await get("a", ["x"]), await get("b", ["y"]), await get("c")]).toEqual([4, 2, 5]);
  });

  test("are not kept where something was told while they were made", async () => {
    const { cache } = rig();
    await cache.get("a", { names: undefined, toMs: 1 }, async () => cache.told(new Map([["other", 1]])));
    expect(cache.size).toBe(0);
  });

  test("are no more than so many: the oldest goes", async () => {
    const { cache, get } = rig(2);
    for (const key of ["a", "b", "c"]) await get(key);
    expect([cache.size, await get("c"), await get("a")]).toEqual([2, 3, 4]);
  });
});
