// Times of a schedule past a limit of its workflow: each waits and gets its run once, through restarts and new code.
import { describe, expect, test } from "bun:test";
import { schedule, workflow } from "@sluice/sdk";
import type { FlowOptions, ScheduleOptions, Workflow } from "@sluice/sdk";
import { MemoryRunStore } from "../store/memory/index.ts";
import { faultyStore } from "../testing/faulty-store.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { EngineFixture, pass, tester } from "./engine-fixture.suite.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const midnight = Date.parse("2026-03-02T00:00:00Z");

const limited = (
  options: ScheduleOptions & { readonly hold?: boolean } = {},
  flow: FlowOptions = { rateLimit: { count: 1, per: "10m" } },
): Workflow => {
  const { hold, ...trigger } = options;
  return workflow({ name: "report", triggers: [schedule("* * * * *", trigger)], ...flow }, async (ctx) => {
    if (hold === true) await ctx.waitFor("never");
    return ctx.run.tags[0];
  });
};

/** Minutes after midnight that have runs, by creation. */
async function times(store: MemoryRunStore): Promise<number[]> {
  const { runs } = await store.listRuns({ filter: {}, limit: 1_000 });
  return runs
    .toReversed()
    .map(({ tags }) => (Date.parse(String(tags[0]).slice("scheduled:".length)) - midnight) / minuteMs);
}

const held = async (store: MemoryRunStore): Promise<number[]> =>
  (await store.listHeldTimes({ limit: 1_000 })).map(({ time }) => (time - midnight) / minuteMs);

/** As time passes for a process that is up, in steps of half a minute. */
async function live(clock: SimulatedClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += minuteMs / 2) await pass(clock, minuteMs / 2);
}

async function make(report: Workflow, more: object = {}) {
  const clock = new SimulatedClock(midnight + 1);
  const store = new MemoryRunStore();
  const fixture = await EngineFixture.start({ workflows: [report], clock, store, ...more });
  return { clock, store, fixture };
}

describe("times past a limit", () => {
  test("wait, and get their runs in their order as the limit takes them", async () => {
    const { clock, store, fixture } = await make(limited());
    await live(clock, 3 * minuteMs);
    expect([await times(store), await held(store)]).toEqual([[1], [2, 3]]);
    expect(fixture.logs.filter(({ message }) => message.includes("makes times of a schedule wait"))).toHaveLength(1);
    await fixture.engine.schedules.setPaused(tester, "report:0", true);
    await live(clock, hourMs);
    expect([await times(store), await held(store)]).toEqual([[1], [2, 3]]);
    await fixture.engine.stop(0);
  });

  test("outlive the process, and each gets one run", async () => {
    const first = limited();
    const { clock, store, fixture } = await make(first);
    await live(clock, 3 * minuteMs);
    fixture.crash();
    const none = workflow({ name: "report", triggers: [], rateLimit: { count: 1, per: "10m" } }, async () => 1);
    const quiet = { clock, store };
    const next = await EngineFixture.start({
      workflows: [limited({}, { rateLimit: { count: 9, per: "1h" } })],
      ...quiet,
    });
    await pass(clock, 0);
    expect([await times(store), await held(store)]).toEqual([[1, 2, 3], []]);
    await next.engine.stop(0);
    const last = await EngineFixture.start({ workflows: [none], ...quiet });
    expect(last.engine.schedules.list()).toEqual([]);
    await last.engine.stop(0);
  });

  test("go with the schedule that new code does not have", async () => {
    const { clock, store, fixture } = await make(limited());
    await live(clock, 3 * minuteMs);
    const none = workflow({ name: "report", triggers: [] }, async () => 1);
    await fixture.attach({ workflows: [none], version: "v2" });
    expect(await held(store)).toEqual([]);
    await fixture.engine.stop(0);
  });

  test("under overlap skip the last one waits, and under cancel it ends the run before when it begins", async () => {
    for (const overlap of ["skip", "cancel"] as const) {
      const { clock, store, fixture } = await make(limited({ overlap, hold: overlap === "cancel" }));
      await live(clock, 5 * minuteMs);
      expect([await times(store), await held(store)]).toEqual([[1], [5]]);
      await live(clock, 7 * minuteMs);
      const made = await times(store);
      expect([made.length, made[0]]).toEqual([2, 1]);
      expect(made[1]).toBeGreaterThan(8);
      const [, before] = (await store.listRuns({ filter: {}, limit: 9 })).runs;
      expect(before?.status).toBe(overlap === "cancel" ? "cancelled" : "completed");
      await fixture.engine.stop(0);
    }
  });

  test("are no more than so many: what comes due beyond is missed, as its catch-up says", async () => {
    const { clock, store, fixture } = await make(limited(), { limits: { triggerWaitingMax: 2 } });
    await live(clock, 8 * minuteMs);
    expect([await times(store), await held(store)]).toEqual([[1], [2, 3]]);
    await live(clock, 4 * minuteMs);
    const made = await times(store);
    expect(made.slice(0, 2)).toEqual([1, 2]);
    await fixture.engine.stop(0);
  });

  test("get one run each, wherever the process dies while they are let go", async () => {
    for (const fault of ["crash_before", "crash_after"] as const) {
      const { clock, store: inner, fixture: before } = await make(limited());
      await live(clock, 3 * minuteMs);
      before.crash();
      const { store } = faultyStore(inner, {
        plan: ({ verb, params }) =>
          verb === "fireSchedule" && (params as { readonly held?: boolean }).held === true ? { fault } : undefined,
        afterCrash: "silence",
      });
      const workflows = [limited({}, { rateLimit: { count: 9, per: "1h" } })];
      const dying = await EngineFixture.start({ workflows, clock, store });
      await pass(clock, 1_000);
      expect(await times(inner)).toEqual(fault === "crash_before" ? [1] : [1, 2, 3]);
      dying.crash();
      const next = await EngineFixture.start({ workflows, clock, store: inner });
      await pass(clock, 1_000);
      expect([await times(inner), await held(inner)]).toEqual([[1, 2, 3], []]);
      await next.engine.stop(0);
    }
  });
});
