// Timers fire once, not early and never late by more than a look at the clock, however long the sleep and whatever the clock does.
import { describe, expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import { crashAt, faultyStore } from "../testing/faulty-store.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { EngineFixture, pass, rest } from "./engine-fixture.suite.ts";
import { engineLimits } from "./limits.ts";
import { Timers } from "./timers.ts";

const dayMs = 86_400_000;
const start = Date.parse("2026-03-01T12:00:00Z");

const sleeper = workflow({ name: "sleeper" }, async (ctx) => {
  const from = ctx.now();
  await ctx.sleep("60 days");
  return ctx.now() - from;
});

describe("a sleep of 60 days", () => {
  test("costs nothing in memory and ends on time", async () => {
    const clock = new SimulatedClock(start);
    const f = await EngineFixture.start({ workflows: [sleeper], clock, workerLimits: { parkAfterMs: 100 } });
    const run = await f.run(sleeper);
    await pass(clock, 1_000);
    expect(f.engine.hotRuns).toBe(0);
    await pass(clock, 60 * dayMs - 1_001 - engineLimits.sleepLeadMs);
    expect((await f.store.getRun({ run }))?.status).toBe("waiting");
    await pass(clock, engineLimits.sleepLeadMs);
    expect((await f.store.getRun({ run }))?.endedAt).toBeUndefined();
    await pass(clock, 1);
    expect((await f.ended(run)).output).toBe(60 * dayMs);
  });

  test("is written as over a moment early, and handed out in time, also to a run that left memory", async () => {
    for (const parkAfterMs of [100, 61 * dayMs]) {
      const clock = new SimulatedClock(start);
      const f = await EngineFixture.start({ workflows: [sleeper], clock, workerLimits: { parkAfterMs } });
      const run = await f.run(sleeper);
      await pass(clock, 60 * dayMs - 1);
      expect(await f.journal(run)).toEqual(["0 sleep sleep completed"]);
      expect((await f.store.getRun({ run }))?.endedAt).toBeUndefined();
      await pass(clock, 1);
      expect((await f.ended(run)).output).toBe(60 * dayMs);
    }
  });

  test("that is not all its run waits for is not over before its time", async () => {
    const clock = new SimulatedClock(start);
    const racing = workflow({ name: "racing" }, async (ctx) =>
      ctx.race({ nap: () => ctx.sleep("1m"), event: () => ctx.waitFor("go") }),
    );
    const f = await EngineFixture.start({ workflows: [racing], clock });
    const run = await f.run(racing);
    await pass(clock, 59_999);
    await f.emit("go", 7);
    await pass(clock, 1);
    expect((await f.ended(run)).output).toMatchObject({ winner: "event" });
  });

  test("goes on over restarts, and ends at once when it is over at the start", async () => {
    const clock = new SimulatedClock(start);
    const store = new MemoryRunStore();
    let f = await EngineFixture.start({ workflows: [sleeper], clock, store });
    const run = await f.run(sleeper);
    await rest();
    for (let day = 0; day < 59; day++) {
      f.crash();
      clock.advance(dayMs);
      f = await EngineFixture.start({ workflows: [sleeper], clock, store });
      await pass(clock, 1);
      expect((await store.getRun({ run }))?.status).toBe("waiting");
    }
    f.crash();
    clock.advance(10 * dayMs);
    f = await EngineFixture.start({ workflows: [sleeper], clock, store });
    await pass(clock, 1);
    expect((await f.ended(run)).status).toBe("completed");
  });

  test("ends within a minute of the wall clock's time when that jumps forward", async () => {
    const clock = new SimulatedClock(start);
    const f = await EngineFixture.start({ workflows: [sleeper], clock });
    const run = await f.run(sleeper);
    await pass(clock, dayMs);
    clock.jump(59 * dayMs);
    await pass(clock, 60_000);
    expect((await f.ended(run)).status).toBe("completed");
  });

  test("does not end early when the wall clock jumps back", async () => {
    const clock = new SimulatedClock(start);
    const f = await EngineFixture.start({ workflows: [sleeper], clock });
    const run = await f.run(sleeper);
    await pass(clock, dayMs);
    clock.jump(-10 * dayMs);
    await pass(clock, 60 * dayMs);
    expect((await f.store.getRun({ run }))?.status).toBe("waiting");
    await pass(clock, 9 * dayMs);
    expect((await f.ended(run)).status).toBe("completed");
  });
});

test("many timers that are due together all fire, in slices", async () => {
  const clock = new SimulatedClock(start);
  const short = workflow({ name: "short" }, async (ctx) => ctx.sleep("1m"));
  const inner = new MemoryRunStore();
  let commits = 0;
  const { store } = faultyStore(inner, {
    plan: ({ verb }) => {
      if (verb === "fireTimers") commits++;
      return undefined;
    },
    afterCrash: "silence",
  });
  const f = await EngineFixture.start({ workflows: [short], clock, store, limits: { timerBatchMax: 10 } });
  const runs = await Promise.all(Array.from({ length: 95 }, () => f.run(short)));
  await pass(clock, 0);
  commits = 0;
  await pass(clock, 60_000);
  for (let i = 0; i < 12; i++) await pass(clock, 0);
  for (const run of runs) expect((await f.ended(run)).status).toBe("completed");
  expect(commits).toBeGreaterThanOrEqual(10);
});

test("a timer fires once whichever write the machine stops before or after", async () => {
  let ticks = 0;
  const ticking = workflow({ name: "ticking" }, async (ctx) => {
    await ctx.sleep("1m");
    return ctx.step("tick", () => ++ticks);
  });
  // The two before are not of this workflow's runs: it is not deployed then.
  for (let number = 3; number < 13; number++) {
    for (const when of ["before", "after"] as const) {
      ticks = 0;
      const clock = new SimulatedClock(start);
      const inner = new MemoryRunStore();
      const faulty = faultyStore(inner, { plan: crashAt(number, when), afterCrash: "silence" });
      const first = new EngineFixture({ workflows: [ticking], clock, store: faulty.store });
      void first.engine.start().then(() => first.attach());
      await rest(5);
      void first.run(ticking, undefined, { id: "r" });
      await pass(clock, 60_000);
      first.crash();
      const second = await EngineFixture.start({ workflows: [ticking], clock, store: inner });
      if ((await inner.getRun({ run: "r" })) === undefined) await second.run(ticking, undefined, { id: "r" });
      await pass(clock, 60_000);
      expect((await second.ended("r")).status).toBe("completed");
      expect({ number, when, journal: await second.journal("r") }).toEqual({
        number,
        when,
        journal: ["0 sleep sleep completed", "1 step tick completed"],
      });
    }
  }
});

describe("the timer queue", () => {
  test("wakes for the earliest of what it was told, asks for the next, and stops when told", async () => {
    const clock = new SimulatedClock(0);
    const asked: number[] = [];
    const fire = async (now: number): Promise<number | undefined> => (asked.push(now), now < 5_000 ? 5_000 : undefined);
    const timers = new Timers(clock, { fire, onError: () => undefined, retryDelayMs: 100, leadMs: 0 });
    timers.arm(9_000);
    timers.arm(1_000);
    timers.arm(3_000);
    timers.arm(undefined);
    await pass(clock, 999);
    expect(asked).toEqual([]);
    await pass(clock, 1);
    expect(asked).toEqual([1_000]);
    await pass(clock, 4_000);
    expect(asked).toEqual([1_000, 5_000]);
    timers.stop();
    timers.arm(6_000);
    await pass(clock, 10_000);
    expect(asked).toEqual([1_000, 5_000]);
    expect(clock.pending).toBe(0);
  });

  test("asks a little before something is due, and then when it is told to", async () => {
    const clock = new SimulatedClock(0);
    const asked: number[] = [];
    const fire = async (now: number): Promise<number | undefined> => (asked.push(now), now < 1_000 ? 1_000 : undefined);
    const timers = new Timers(clock, { fire, onError: () => undefined, retryDelayMs: 100, leadMs: 3 });
    timers.arm(1_000);
    await pass(clock, 997);
    await pass(clock, 3);
    await pass(clock, 1_000);
    expect(asked).toEqual([997, 1_000]);
    timers.stop();
  });

  test("looks at the clock while the earliest is far away, and asks only when that has come", async () => {
    const clock = new SimulatedClock(0);
    const asked: number[] = [];
    const fire = async (now: number): Promise<undefined> => void asked.push(now);
    const timers = new Timers(clock, { fire, onError: () => undefined, retryDelayMs: 100, leadMs: 0 });
    timers.arm(10 * 60_000);
    await pass(clock, 10 * 60_000 - 1);
    expect(asked).toEqual([]);
    await pass(clock, 1);
    expect(asked).toEqual([600_000]);
    timers.stop();
  });

  test("does not look at a clock that cannot jump", async () => {
    const clock = new SimulatedClock(0);
    const asked: number[] = [];
    const delays: number[] = [];
    const steady = {
      now: () => clock.now(),
      after: (ms: number, callback: () => void) => (delays.push(ms), clock.after(ms, callback)),
      steady: true,
    };
    const fire = async (now: number): Promise<undefined> => void asked.push(now);
    const timers = new Timers(steady, { fire, onError: () => undefined, retryDelayMs: 100, leadMs: 0 });
    timers.arm(60 * dayMs);
    await pass(clock, 60 * dayMs);
    expect(asked).toEqual([60 * dayMs]);
    expect(delays).toEqual([60 * dayMs]);
    timers.stop();
  });

  test("tries again when the store fails, and hears of what is due meanwhile", async () => {
    const clock = new SimulatedClock(0);
    const asked: number[] = [];
    const errors: unknown[] = [];
    const timers: Timers = new Timers(clock, {
      fire: async (now) => {
        asked.push(now);
        if (asked.length === 1) throw new Error("busy");
        timers.arm(now + 500);
        return undefined;
      },
      onError: (error) => errors.push(error),
      retryDelayMs: 100,
      leadMs: 0,
    });
    timers.arm(1_000);
    await pass(clock, 1_000);
    expect(errors).toHaveLength(1);
    await pass(clock, 100);
    expect(asked).toEqual([1_000, 1_100]);
    await pass(clock, 500);
    expect(asked).toEqual([1_000, 1_100, 1_600]);
    timers.stop();
  });
});
