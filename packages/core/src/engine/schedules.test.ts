// A schedule makes the runs it owes, each once, whatever happens to the process and the clock in between.
import { describe, expect, test } from "bun:test";
import { schedule, workflow } from "@sluice/sdk";
import type { ScheduleOptions, Workflow } from "@sluice/sdk";
import { crashAt, faultyStore } from "../testing/faulty-store.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import type { RunRecord, RunStore } from "../kernel/run-store.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";
import type { FixtureOptions } from "./engine-fixture.suite.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const midnight = Date.parse("2026-03-02T00:00:00Z");

/** A workflow with one schedule; `hold` keeps its runs waiting. */
function scheduled(cron: string, options: ScheduleOptions & { readonly hold?: boolean } = {}): Workflow {
  const { hold, ...trigger } = options;
  return workflow({ name: "report", triggers: [schedule(cron, trigger)] }, async (ctx, input: unknown) => {
    if (hold === true) await ctx.waitFor("release", { key: String(ctx.run.tags[0]) });
    return input;
  });
}

async function started(
  clock: SimulatedClock,
  report: Workflow,
  more: Partial<FixtureOptions> = {},
): Promise<EngineFixture> {
  return EngineFixture.start({ workflows: [report], clock, store: new MemoryRunStore(), ...more });
}

/** Lets the run of a time go on, given in minutes after midnight. */
async function release(f: EngineFixture, minutes: number): Promise<void> {
  await f.emit("release", undefined, { key: `scheduled:${new Date(midnight + minutes * minuteMs).toISOString()}` });
  await rest();
}

/** Moves on in steps, as time passes for a process that is up. */
async function live(clock: SimulatedClock, ms: number, stepMs: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) await pass(clock, stepMs);
}

async function runsOf(store: RunStore): Promise<readonly RunRecord[]> {
  return (await store.listRuns({ filter: { workflow: "report" }, limit: 10_000 })).runs.toReversed();
}

/** The nominal times that runs were made for, as minutes after midnight. */
async function times(store: RunStore): Promise<number[]> {
  return (await runsOf(store)).map(
    ({ tags }) => (Date.parse(String(tags[0]).slice("scheduled:".length)) - midnight) / minuteMs,
  );
}

describe("a schedule", () => {
  test("starts a run at each of its times with its input", async () => {
    const clock = new SimulatedClock(midnight + 1);
    const f = await started(clock, scheduled("*/15 * * * *", { input: { kind: "quarter" } }));
    await live(clock, hourMs, 5 * minuteMs);
    expect(await times(f.store)).toEqual([15, 30, 45, 60]);
    const [first] = await runsOf(f.store);
    expect(first).toMatchObject({
      status: "completed",
      by: { kind: "schedule", id: "report:0" },
      schedule: "report:0",
    });
    expect((await f.ended(first?.id ?? "")).output).toEqual({ kind: "quarter" });
  });

  test("has seconds with six fields, and a time zone", async () => {
    const clock = new SimulatedClock(midnight + 1);
    const seconds = await started(clock, scheduled("*/20 * * * * *"));
    await live(clock, minuteMs, 10_000);
    expect(await times(seconds.store)).toEqual([1 / 3, 2 / 3, 1]);
    const zoned = new SimulatedClock(midnight + 1);
    const lisbon = await started(zoned, scheduled("0 2 * * *", { timezone: "Asia/Tokyo" }));
    await live(zoned, dayMs, hourMs);
    expect(await times(lisbon.store)).toEqual([17 * 60]);
  });

  test("with a wrong expression or zone is refused when it is deployed", async () => {
    for (const [cron, options, code] of [
      ["61 * * * *", {}, "invalid_cron"],
      ["* * * * *", { timezone: "Mars/Olympus" }, "invalid_timezone"],
    ] as const) {
      const deploying = started(new SimulatedClock(midnight), scheduled(cron, options));
      expect(
        await deploying.then(
          () => "taken",
          (error: unknown) => String(error),
        ),
      ).toContain("report");
      expect(code).toStartWith("invalid");
    }
  });

  test("shows its next times, and counts from now", async () => {
    const clock = new SimulatedClock(midnight + 1);
    const f = await started(clock, scheduled("0 */6 * * *"));
    const minutes = (count: number): number[] =>
      f.engine.schedules.preview("report:0", count).map((ms) => (ms - midnight) / minuteMs);
    expect(minutes(3)).toEqual([360, 720, 1_080]);
    await live(clock, 7 * hourMs, hourMs);
    expect(minutes(1)).toEqual([720]);
    expect(f.engine.schedules.preview("report:0", 1e9)).toHaveLength(1_000);
    expect(f.engine.schedules.preview("nope", 1)).toEqual([]);
  });

  test("is named by its workflow and its own name, keeps its place when code is deployed again, and goes with the code", async () => {
    const clock = new SimulatedClock(midnight + 1);
    const f = await started(clock, scheduled("0 * * * *", { name: "hourly" }));
    await live(clock, hourMs, 10 * minuteMs);
    expect(f.engine.schedules.list().map((each) => each.id)).toEqual(["report:hourly"]);
    await f.attach({ workflows: [scheduled("0 * * * *", { name: "hourly", input: 2 })], version: "v2" });
    await live(clock, hourMs, 10 * minuteMs);
    expect(await times(f.store)).toEqual([60, 120]);
    await f.attach({ workflows: [workflow({ name: "report" }, async () => 1)], version: "v3" });
    await live(clock, 3 * hourMs, 10 * minuteMs);
    expect(await times(f.store)).toEqual([60, 120]);
    expect(f.engine.schedules.list()).toEqual([]);
  });
});

describe("pause and run now", () => {
  test("while it is paused nothing starts, and nothing is caught up afterwards, over a restart too", async () => {
    const clock = new SimulatedClock(midnight + 1);
    const store = new MemoryRunStore();
    // The other one goes on, and wakes whoever looks after both.
    const triggers = [schedule("0 * * * *", { catchUp: "all" }), schedule("30 * * * *")];
    const report = workflow({ name: "report", triggers }, async () => undefined);
    const f = await started(clock, report, { store });
    expect(await f.engine.schedules.setPaused(tester, "report:0", true)).toMatchObject({
      ok: true,
      value: { paused: true },
    });
    await live(clock, 2 * hourMs, 10 * minuteMs);
    f.crash();
    const second = await started(clock, report, { store });
    await live(clock, 2 * hourMs, 10 * minuteMs);
    expect(await times(store)).toEqual([30, 90, 150, 210]);
    await second.engine.schedules.setPaused(tester, "report:0", false);
    await live(clock, hourMs, 10 * minuteMs);
    expect(await times(store)).toEqual([30, 90, 150, 210, 270, 300]);
    expect(await second.engine.schedules.setPaused(tester, "nope", true)).toMatchObject({
      ok: false,
      error: { code: "schedule_not_found" },
    });
  });

  test("run now starts one run at once, paused or not, and changes no times", async () => {
    const clock = new SimulatedClock(midnight + 1);
    const f = await started(clock, scheduled("0 * * * *", { input: "in" }));
    await f.engine.schedules.setPaused(tester, "report:0", true);
    const run = await f.engine.schedules.runNow(tester, "report:0");
    if (!run.ok) throw new Error(run.error.message);
    expect((await f.ended(run.value.run.id)).output).toBe("in");
    await f.engine.schedules.setPaused(tester, "report:0", false);
    await live(clock, hourMs, 10 * minuteMs);
    expect((await runsOf(f.store)).map(({ tags }) => tags[0])).toEqual([
      "scheduled:now",
      "scheduled:2026-03-02T01:00:00.000Z",
    ]);
    expect(await f.engine.schedules.runNow(tester, "nope")).toMatchObject({
      ok: false,
      error: { code: "schedule_not_found" },
    });
  });
});

describe("times missed while nothing was running", () => {
  const missed = [
    ["skip", 100, []],
    ["one", 100, [300]],
    ["all", 100, [60, 120, 180, 240, 300]],
    ["all", 2, [240, 300]],
  ] as const;
  test.each(missed)("with catchUp %s up to %d", async (catchUp, catchUpMax, expected) => {
    const clock = new SimulatedClock(midnight + 1);
    const store = new MemoryRunStore();
    const report = scheduled("0 * * * *", { catchUp, catchUpMax });
    (await started(clock, report, { store })).crash();
    clock.advance(5 * hourMs + 10 * minuteMs);
    await started(clock, report, { store });
    await pass(clock, minuteMs);
    expect(await times(store)).toEqual([...expected]);
    await live(clock, hourMs, minuteMs);
    expect(await times(store)).toEqual([...expected, 360]);
  });

  test("60 days asleep: one run with catchUp one, and a bounded number with all", async () => {
    for (const [catchUp, count] of [
      ["one", 1],
      ["all", 50],
    ] as const) {
      const clock = new SimulatedClock(midnight + 1);
      const f = await started(clock, scheduled("* * * * *", { catchUp, catchUpMax: 50 }), {
        limits: { runRetentionMs: 365 * dayMs },
      });
      await rest();
      // The machine was suspended: no time passed for timers, and then it is 60 days later.
      clock.jump(60 * dayMs + 30_000);
      await pass(clock, minuteMs);
      await pass(clock, 1);
      const made = await times(f.store);
      const last = 60 * 1_440 + 1;
      expect(made.length).toBeLessThanOrEqual(count + 1);
      expect(made.length).toBeGreaterThanOrEqual(count);
      expect(made.at(-1)).toBe(last);
      expect(new Set(made).size).toBe(made.length);
    }
  });
});

describe("when the run before has not ended", () => {
  const day = (overlap: "skip" | "queue" | "cancel" | "allow"): Workflow =>
    scheduled("0 * * * *", { overlap, hold: true });
  const statuses = async (f: EngineFixture): Promise<unknown[]> => (await runsOf(f.store)).map((run) => run.status);

  test("skip starts none until it has", async () => {
    const clock = new SimulatedClock(midnight + 1);
    const f = await started(clock, day("skip"));
    await live(clock, 3 * hourMs, 10 * minuteMs);
    expect(await times(f.store)).toEqual([60]);
    await release(f, 60);
    await live(clock, hourMs, 10 * minuteMs);
    expect(await times(f.store)).toEqual([60, 240]);
  });

  test("queue lets them wait for each other, also over a restart", async () => {
    const clock = new SimulatedClock(midnight + 1);
    const store = new MemoryRunStore();
    const f = await started(clock, day("queue"), { store });
    await live(clock, 3 * hourMs, 10 * minuteMs);
    expect(await statuses(f)).toEqual(["waiting", "queued", "queued"]);
    f.crash();
    const second = await started(clock, day("queue"), { store });
    await rest();
    expect(await statuses(second)).toEqual(["waiting", "queued", "queued"]);
    for (const [minutes, expected] of [
      [60, ["completed", "waiting", "queued"]],
      [120, ["completed", "completed", "waiting"]],
      [180, ["completed", "completed", "completed"]],
    ] as const) {
      await release(second, minutes);
      expect(await statuses(second)).toEqual([...expected]);
    }
  });

  test("cancel ends it with the reason and starts the new one", async () => {
    const clock = new SimulatedClock(midnight + 1);
    const f = await started(clock, day("cancel"));
    await live(clock, 2 * hourMs, 10 * minuteMs);
    expect((await runsOf(f.store)).map(({ status, reason }) => [status, reason])).toEqual([
      ["cancelled", "cancelled_by_schedule"],
      ["waiting", "waiting_for_event"],
    ]);
  });

  test("cancel leaves no older run behind when the machine stops right after the new one was stored", async () => {
    const clock = new SimulatedClock(midnight + 1);
    const inner = new MemoryRunStore();
    let fired = 0;
    const { store } = faultyStore(inner, {
      plan: ({ verb }) => (verb === "fireSchedule" && ++fired === 2 ? { fault: "crash_after" } : undefined),
      afterCrash: "silence",
    });
    const first = await started(clock, day("cancel"), { store });
    await live(clock, 2 * hourMs, 10 * minuteMs);
    expect(fired).toBe(2);
    first.crash();
    await started(clock, day("cancel"), { store: inner });
    await pass(clock, 1);
    expect((await runsOf(inner)).map(({ status, reason }) => [status, reason])).toEqual([
      ["cancelled", "cancelled_by_schedule"],
      ["waiting", "waiting_for_event"],
    ]);
  });

  test("cancel leaves it alone when the time is given up and no run begins", async () => {
    const clock = new SimulatedClock(midnight + 1);
    const store = new MemoryRunStore();
    const report = scheduled("0 * * * *", { overlap: "cancel", catchUp: "skip", hold: true });
    const first = await started(clock, report, { store });
    await live(clock, hourMs, 10 * minuteMs);
    first.crash();
    clock.advance(90 * minuteMs);
    await started(clock, report, { store });
    await pass(clock, 1);
    expect((await runsOf(store)).map(({ status }) => status)).toEqual(["waiting"]);
  });

  test("cancel starts only the last of several times that are due together", async () => {
    const clock = new SimulatedClock(midnight + 1);
    const store = new MemoryRunStore();
    const report = scheduled("0 * * * *", { overlap: "cancel", catchUp: "all", hold: true });
    (await started(clock, report, { store })).crash();
    clock.advance(3 * hourMs);
    await started(clock, report, { store });
    await pass(clock, 1);
    expect(await times(store)).toEqual([180]);
  });

  test("allow runs them side by side", async () => {
    const clock = new SimulatedClock(midnight + 1);
    const f = await started(clock, day("allow"));
    await live(clock, 3 * hourMs, 10 * minuteMs);
    expect(await statuses(f)).toEqual(["waiting", "waiting", "waiting"]);
  });
});

describe("jitter", () => {
  test("delays each run by its own amount within bounds, decided before any restart", async () => {
    const clock = new SimulatedClock(midnight + 1);
    const store = new MemoryRunStore();
    const report = scheduled("*/10 * * * *", { jitter: "5m" });
    let f = await started(clock, report, { store });
    const due: number[] = [];
    for (let round = 1; round <= 12; round++) {
      clock.advanceTo(midnight + round * 10 * minuteMs);
      await pass(clock, 1);
      const run = (await runsOf(store)).at(-1);
      due.push((run?.dueAt ?? 0) - (midnight + round * 10 * minuteMs));
      expect(run?.reason).toBe("delayed");
      if (round === 6) {
        f.crash();
        f = await started(clock, report, { store });
      }
      await live(clock, 9 * minuteMs, minuteMs);
      expect((await runsOf(store)).at(-1)).toMatchObject({ status: "completed", dueAt: run?.dueAt });
    }
    for (const ms of due) expect(ms >= 0 && ms <= 5 * minuteMs).toBe(true);
    expect(new Set(due).size).toBeGreaterThan(6);
  });
});

describe("once", () => {
  test("however often the process restarts, at any time around a nominal one", async () => {
    const clock = new SimulatedClock(midnight + 1);
    const store = new MemoryRunStore();
    const report = scheduled("0 * * * *", { catchUp: "one" });
    for (let restart = 0; restart < 40; restart++) {
      const f = await started(clock, report, { store });
      await pass(clock, 7 * minuteMs);
      f.crash();
    }
    const made = await times(store);
    expect(made).toEqual([60, 120, 180, 240]);
  });

  test("whichever write the machine stops before or after", async () => {
    const report = scheduled("0 * * * *", { catchUp: "all", overlap: "cancel", hold: true });
    for (let number = 1; number < 40; number++) {
      for (const when of ["before", "after"] as const) {
        const clock = new SimulatedClock(midnight + 1);
        const inner = new MemoryRunStore();
        const faulty = faultyStore(inner, { plan: crashAt(number, when), afterCrash: "silence" });
        const first = new EngineFixture({ workflows: [report], clock, store: faulty.store });
        void first.engine.start().then(() => first.attach());
        await live(clock, 2 * hourMs, 30 * minuteMs);
        first.crash();
        await started(clock, report, { store: inner });
        await live(clock, hourMs, 30 * minuteMs);
        const made = await times(inner);
        expect({ number, when, made }).toEqual({ number, when, made: [...new Set(made)] });
        expect(made.at(-1)).toBe(180);
        const unfinished = (await runsOf(inner)).filter((run) => run.status === "waiting");
        expect({ number, when, unfinished: unfinished.length }).toEqual({ number, when, unfinished: 1 });
      }
    }
  });

  test("when the wall clock jumps forward and back over a nominal time", async () => {
    const clock = new SimulatedClock(midnight + 50 * minuteMs);
    const f = await started(clock, scheduled("0 * * * *", { catchUp: "one" }));
    await pass(clock, 1);
    clock.jump(20 * minuteMs);
    await pass(clock, minuteMs);
    expect(await times(f.store)).toEqual([60]);
    clock.jump(-30 * minuteMs);
    await live(clock, 45 * minuteMs, 5 * minuteMs);
    expect(await times(f.store)).toEqual([60]);
    await live(clock, 40 * minuteMs, 5 * minuteMs);
    expect(await times(f.store)).toEqual([60, 120]);
  });

  test("although the store does not take the first attempts", async () => {
    const clock = new SimulatedClock(midnight + 1);
    let failures = 3;
    const inner = new MemoryRunStore();
    const { store } = faultyStore(inner, {
      plan: ({ verb }) => (verb === "fireSchedule" && failures-- > 0 ? { fault: "fail" } : undefined),
      afterCrash: "reject",
    });
    await started(clock, scheduled("0 * * * *", { catchUp: "one" }), { store });
    await live(clock, 70 * minuteMs, minuteMs);
    expect(await times(inner)).toEqual([60]);
  });
});
