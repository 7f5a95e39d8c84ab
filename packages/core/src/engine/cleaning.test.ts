// Finished runs are kept as long and as many as their workflow says, and go in slices that hold up nobody.
import { describe, expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import type { WorkflowOptions } from "@sluice/sdk";
import type { RunStore } from "../kernel/run-store.ts";
import { faultyStore } from "../testing/faulty-store.ts";
import type { StoreWrite } from "../testing/faulty-store.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";
import type { FixtureOptions } from "./engine-fixture.suite.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const keeping = (name: string, retention?: WorkflowOptions["retention"]) =>
  workflow({ name, ...(retention === undefined ? {} : { retention }) }, async (ctx, input: unknown) => {
    if (input === "wait") await ctx.waitFor("go");
    if (input === "fail") throw new Error("no");
    return input;
  });

async function fixture(clock: SimulatedClock, options: Partial<FixtureOptions>): Promise<EngineFixture> {
  return EngineFixture.start({
    workflows: [],
    clock,
    ...options,
    limits: { sweepIntervalMs: 10 * dayMs, ...options.limits },
  });
}

async function inputsLeft(store: RunStore, name: string): Promise<number> {
  return store.countRuns({ filter: { workflow: name } });
}

describe("retention", () => {
  test("by age deletes what ended before, whatever the end, and nothing that goes on", async () => {
    const clock = new SimulatedClock(dayMs);
    const days = keeping("days", { age: "2 days" });
    const f = await fixture(clock, { workflows: [days] });
    const going = await f.run(days, "wait");
    for (const input of ["ok", "fail", "wait"]) {
      const run = await f.run(days, input);
      await rest();
      if (input === "wait") await f.engine.operations.cancel({ by: tester, run });
      await f.ended(run);
    }
    await pass(clock, dayMs);
    await f.ended(await f.run(days, "younger"));
    await pass(clock, dayMs + 1);
    expect((await f.engine.cleaning.clean()).runs).toBe(3);
    expect(await inputsLeft(f.store, "days")).toBe(2);
    await pass(clock, 30 * dayMs);
    await f.engine.cleaning.clean();
    expect((await f.store.listRuns({ filter: {}, limit: 9 })).runs.map((run) => run.id)).toEqual([going]);
  });

  test("figures outlive the runs, and are kept for a time of their own", async () => {
    const clock = new SimulatedClock(dayMs);
    const days = keeping("days", { age: "2 days" });
    const store = new MemoryRunStore();
    const f = await fixture(clock, { workflows: [days], store, limits: { figuresRetentionMs: 5 * dayMs } });
    await f.ended(await f.run(days, "ok"));
    const completed = async (): Promise<number | undefined> => {
      const [all] = await store.figures.runStatistics({ from: 0, to: 99 * dayMs });
      return all?.total.completed;
    };
    await pass(clock, 3 * dayMs);
    await f.engine.cleaning.clean();
    expect([await inputsLeft(f.store, "days"), await completed()]).toEqual([0, 1]);
    await pass(clock, 3 * dayMs);
    await f.engine.cleaning.clean();
    expect(await completed()).toBe(0);
  });

  test("by count keeps the newest of each workflow", async () => {
    const clock = new SimulatedClock(dayMs);
    const [two, others] = [keeping("two", { count: 2 }), keeping("others")];
    const f = await fixture(clock, { workflows: [two, others] });
    const runs: string[] = [];
    for (let i = 0; i < 5; i++) {
      const run = await f.run(two, i);
      runs.push(run);
      await f.ended(run);
      await f.ended(await f.run(others, i));
      clock.advance(1);
    }
    expect((await f.engine.cleaning.clean()).runs).toBe(3);
    expect((await f.store.listRuns({ filter: { workflow: "two" }, limit: 9 })).runs.map((run) => run.id)).toEqual([
      runs[4] ?? "",
      runs[3] ?? "",
    ]);
    expect(await inputsLeft(f.store, "others")).toBe(5);
  });

  test("of a workflow that does not say is the setting's", async () => {
    const clock = new SimulatedClock(dayMs);
    const plain = keeping("plain");
    const f = await fixture(clock, { workflows: [plain], limits: { runRetentionMs: dayMs } });
    await f.ended(await f.run(plain));
    await pass(clock, dayMs);
    expect((await f.engine.cleaning.clean()).runs).toBe(0);
    await pass(clock, 1);
    expect((await f.engine.cleaning.clean()).runs).toBe(1);
  });

  test("of a workflow that is no longer deployed is what it was deployed with last, over a restart too", async () => {
    const clock = new SimulatedClock(dayMs);
    const store = new MemoryRunStore();
    const [short, long, plain] = [keeping("short", { age: "1h" }), keeping("long", { age: "90d" }), keeping("plain")];
    const limits = { runRetentionMs: 30 * dayMs };
    const first = await fixture(clock, { workflows: [keeping("short"), long, plain], store, limits });
    for (const each of [short, long, plain]) await first.ended(await first.run(each));
    await first.attach({ workflows: [short, plain], version: "v2" });
    await first.attach({ workflows: [keeping("other")], version: "v3" });
    first.crash();
    // Nothing has been deployed yet, and nothing of the three will be.
    const second = new EngineFixture({ workflows: [], clock, store, limits: { sweepIntervalMs: 1e12, ...limits } });
    await second.engine.start();
    const left = async () =>
      (await store.listRuns({ filter: {}, limit: 9 })).runs.map((run) => run.workflow).toSorted();
    await pass(clock, hourMs);
    await second.engine.cleaning.clean();
    expect(await left()).toEqual(["long", "plain", "short"]);
    await pass(clock, 1);
    await second.engine.cleaning.clean();
    expect(await left()).toEqual(["long", "plain"]);
    await pass(clock, 30 * dayMs);
    await second.engine.cleaning.clean();
    expect(await left()).toEqual(["long"]);
    await pass(clock, 60 * dayMs);
    await second.engine.cleaning.clean();
    expect(await left()).toEqual([]);
  });

  test("reaches runs of a workflow that was never deployed", async () => {
    const clock = new SimulatedClock(dayMs);
    const parent = workflow({ name: "parent" }, async (ctx) => void (await ctx.start("unknown", 1)));
    const f = await fixture(clock, { workflows: [parent], limits: { runRetentionMs: dayMs } });
    await f.ended(await f.run(parent));
    const [child] = (await f.store.listRuns({ filter: { workflow: "unknown" }, limit: 9 })).runs;
    await f.engine.operations.cancel({ by: tester, run: child?.id ?? "" });
    await pass(clock, dayMs + 1);
    expect((await f.engine.cleaning.clean()).runs).toBe(2);
  });

  test("takes everything that belongs to a run with it, and frees its key", async () => {
    const clock = new SimulatedClock(dayMs);
    const full = workflow({ name: "full", retention: { age: 1 } }, async (ctx) => {
      ctx.log("line");
      await ctx.state.run.set("k", 1);
      await ctx.token("t");
    });
    const f = await fixture(clock, { workflows: [full] });
    const run = await f.run(full, undefined, { key: "k" });
    await f.ended(run);
    await pass(clock, 10);
    await f.engine.cleaning.clean();
    expect(await f.store.getRun({ run })).toBeUndefined();
    expect(await f.store.listLogs({ run, after: 0, limit: 9 })).toEqual([]);
    expect(await f.store.listTokens({ kind: "callback", limit: 9 })).toEqual([]);
    expect((await f.store.listState({ scope: `run:${run}`, limit: 9, now: clock.now() })).entries).toEqual([]);
    expect(await f.run(full, undefined, { key: "k" })).not.toBe(run);
  });
});

describe("slices", () => {
  test("are no larger than the setting, and other work gets in between", async () => {
    const clock = new SimulatedClock(dayMs);
    const plain = keeping("plain", { count: 0 });
    const order: string[] = [];
    const seen: StoreWrite[] = [];
    const { store } = faultyStore(new MemoryRunStore(), {
      plan: (write) => {
        seen.push(write);
        if (write.verb === "purgeRuns" || write.verb === "emitEvent") order.push(write.verb);
        return undefined;
      },
      afterCrash: "reject",
    });
    const f = await fixture(clock, { workflows: [plain], store, limits: { sweepBatchMax: 10 } });
    for (let i = 0; i < 95; i++) await f.ended(await f.run(plain, i));
    const cleaning = f.engine.cleaning.clean();
    for (let i = 0; i < 3; i++) await f.emit("meanwhile");
    expect((await cleaning).runs).toBe(95);
    const purges = seen.filter(({ verb }) => verb === "purgeRuns");
    expect(purges).toHaveLength(10);
    for (const { params } of purges) expect((params as { limit: number }).limit).toBe(10);
    expect(order.indexOf("emitEvent")).toBeLessThan(order.lastIndexOf("purgeRuns"));
  });

  test("sweep old events and expired state too", async () => {
    const clock = new SimulatedClock(dayMs);
    const f = await fixture(clock, { limits: { eventRetentionMs: hourMs, sweepBatchMax: 3 } });
    for (let i = 0; i < 8; i++) await f.emit("e", i);
    await f.store.setState({
      by: tester,
      scope: "global",
      key: "k",
      value: encodeValue(1),
      expiresAt: clock.now() + 1,
      now: clock.now(),
    });
    await pass(clock, hourMs);
    await f.emit("e", "younger");
    await pass(clock, 1);
    expect((await f.engine.cleaning.clean()).rows).toBe(9);
    expect(await f.store.listEvents({ after: 0, limit: 99 })).toHaveLength(1);
  });
});

describe("the round", () => {
  test("comes by itself, again and again, and survives a store that fails", async () => {
    const clock = new SimulatedClock(dayMs);
    const plain = keeping("plain", { count: 0 });
    let failures = 1;
    const { store } = faultyStore(new MemoryRunStore(), {
      plan: ({ verb }) => (verb === "purgeRuns" && failures-- > 0 ? { fault: "fail" } : undefined),
      afterCrash: "reject",
    });
    const f = await fixture(clock, { workflows: [plain], store, limits: { sweepIntervalMs: 1_000 } });
    await f.ended(await f.run(plain));
    await pass(clock, 1_000);
    expect(await inputsLeft(store, "plain")).toBe(1);
    expect(f.logs.some(({ level, message }) => level === "error" && message.includes("cleaning"))).toBe(true);
    await pass(clock, 1_000);
    expect(await inputsLeft(store, "plain")).toBe(0);
    await f.ended(await f.run(plain));
    await pass(clock, 1_000);
    expect(await inputsLeft(store, "plain")).toBe(0);
  });

  test("ends with the engine", async () => {
    const clock = new SimulatedClock(dayMs);
    const f = await fixture(clock, { workflows: [keeping("plain")], limits: { sweepIntervalMs: 1_000 } });
    await f.engine.stop(1);
    const before = clock.pending;
    await pass(clock, 5_000);
    expect(clock.pending).toBeLessThanOrEqual(before);
  });
});
