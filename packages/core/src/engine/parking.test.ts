// Parking: a run that only waits costs a row. The incarnation it leaves behind is a promise that stays pending; only a
// cancellation rejects what a workflow waits for.
import { describe, expect, test } from "bun:test";
import { workflow, CancelledError } from "@sluice/sdk";
import type { Context } from "@sluice/sdk";
import { MemoryRunStore } from "../store/memory/index.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";

const parkAfterMs = 1_000;

function start(workflows: readonly ReturnType<typeof workflow>[], clock: SimulatedClock): Promise<EngineFixture> {
  return EngineFixture.start({ workflows, clock, workerLimits: { parkAfterMs } });
}

describe("a run that only waits", () => {
  test("stays in memory for parkAfterMs, then leaves it under a new epoch", async () => {
    const clock = new SimulatedClock(1_000);
    const flow = workflow({ name: "flow" }, async (ctx) => ctx.waitFor("go"));
    const f = await start([flow], clock);
    const run = await f.run(flow);
    await f.until(run, "waiting", "waiting_for_event");
    const hot = await f.store.getRun({ run });
    await pass(clock, parkAfterMs - 1);
    expect(f.engine.hotRuns).toBe(1);
    expect(f.worker.size).toBe(1);
    await pass(clock, 1);
    expect(f.engine.hotRuns).toBe(0);
    expect(f.worker.size).toBe(0);
    const parked = await f.store.getRun({ run });
    expect(parked).toMatchObject({ status: "waiting", reason: "waiting_for_event", epoch: (hot?.epoch ?? 0) + 1 });
    expect(parked?.owner).toBeUndefined();
    await f.emit("go", 7);
    expect((await f.ended(run)).output).toBe(7);
  });

  test("counts from its last wait, and does not park while a step runs beside it", async () => {
    const clock = new SimulatedClock(1_000);
    const gate = Promise.withResolvers<void>();
    const flow = workflow({ name: "flow" }, async (ctx) => {
      await ctx.waitFor("one");
      await Promise.all([ctx.waitFor("two"), ctx.step("slow", () => gate.promise)]);
    });
    const f = await start([flow], clock);
    const run = await f.run(flow);
    await pass(clock, parkAfterMs - 1);
    await f.emit("one");
    await pass(clock, 10 * parkAfterMs);
    expect(f.engine.hotRuns).toBe(1);
    gate.resolve();
    await rest();
    await pass(clock, parkAfterMs - 1);
    expect(f.engine.hotRuns).toBe(1);
    await pass(clock, 1);
    expect(f.engine.hotRuns).toBe(0);
    await f.emit("two");
    expect((await f.ended(run)).status).toBe("completed");
  });

  test("is not lost when what it waits for comes just as it parks", async () => {
    for (let ticks = 0; ticks < 12; ticks++) {
      const clock = new SimulatedClock(1_000);
      const flow = workflow({ name: "flow" }, async (ctx) => [
        await ctx.waitFor("go"),
        await ctx.step("after", () => 1),
      ]);
      const f = await start([flow], clock);
      const run = await f.run(flow);
      await f.until(run, "waiting");
      await rest();
      clock.advance(parkAfterMs);
      for (let i = 0; i < ticks; i++) await Promise.resolve();
      await f.emit("go", ticks);
      await rest();
      expect({ ticks, ...(await f.store.getRun({ run })) }).toMatchObject({ ticks, status: "completed" });
      expect((await f.ended(run)).output).toEqual([ticks, 1]);
    }
  });

  test("wakes from a sleep of 60 days in another process", async () => {
    const clock = new SimulatedClock(1_000);
    const store = new MemoryRunStore();
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const before = ctx.now();
      await ctx.sleep("60 days");
      return ctx.now() - before;
    });
    const first = await EngineFixture.start({ workflows: [flow], store, clock });
    const run = await first.run(flow);
    await pass(clock, 60_000);
    expect(first.engine.hotRuns).toBe(0);
    first.crash();
    clock.advance(59 * 86_400_000);
    const second = await EngineFixture.start({ workflows: [flow], store, clock });
    await rest();
    expect(second.engine.hotRuns).toBe(0);
    await pass(clock, 86_400_000);
    expect((await second.ended(run)).output).toBe(60 * 86_400_000);
  });
});

describe("the incarnation that was left behind", () => {
  /** Notes everything a workflow could notice of its end, and keeps a context for use after it. */
  function leaving(notes: string[], contexts: Context[]) {
    return workflow({ name: "leaving" }, async (ctx) => {
      contexts.push(ctx);
      try {
        const got = await ctx.waitFor<string>("go");
        notes.push(`got ${got}`);
        return got;
      } catch (error) {
        notes.push(`caught ${String(error)}`);
        throw error;
      } finally {
        notes.push("finally");
      }
    });
  }

  test("is a promise left pending: neither catch nor finally runs", async () => {
    const clock = new SimulatedClock(1_000);
    const [notes, contexts]: [string[], Context[]] = [[], []];
    const flow = leaving(notes, contexts);
    const f = await start([flow], clock);
    const run = await f.run(flow);
    await pass(clock, parkAfterMs);
    expect(f.engine.hotRuns).toBe(0);
    expect(contexts[0]?.signal.aborted).toBe(false);
    await f.emit("go", "now");
    expect((await f.ended(run)).output).toBe("now");
    await rest();
    expect(notes).toEqual(["got now", "finally"]);
    expect(contexts).toHaveLength(2);
  });

  test("never settles and never writes, whatever its code still calls", async () => {
    const clock = new SimulatedClock(1_000);
    const [notes, contexts]: [string[], Context[]] = [[], []];
    const flow = leaving(notes, contexts);
    const f = await start([flow], clock);
    const run = await f.run(flow);
    await pass(clock, parkAfterMs);
    const before = await f.journal(run);
    const [ctx] = contexts;
    if (ctx === undefined) expect.unreachable();
    const calls: Promise<unknown>[] = [
      ctx.step("late", () => notes.push("late step")),
      ctx.sleep(1),
      ctx.waitFor("go"),
      ctx.emit("late"),
      ctx.state.global.set("late", 1),
      ctx.start("leaving", 1),
      ctx.race({ a: ctx.sleep(1), b: async (inner) => inner.step("in race", () => notes.push("in race")) }),
      ctx.lock("late", async () => notes.push("in lock")),
      ctx.map([1], async () => ctx.step("mapped", () => notes.push("mapped"))),
    ];
    ctx.log("late");
    ctx.progress("late");
    for (const call of calls) {
      call.then(
        () => notes.push("settled"),
        () => notes.push("rejected"),
      );
    }
    await pass(clock, 60_000);
    expect(notes).toEqual([]);
    expect(await f.journal(run)).toEqual(before);
    expect(await f.store.listLogs({ run, after: 0, limit: 10 })).toEqual([]);
    expect(await f.store.listEvents({ after: 0, limit: 10 })).toEqual([]);
    expect(await f.store.countRuns({ filter: {} })).toBe(1);
    expect((await f.store.getRun({ run }))?.progress).toBeUndefined();
  });
});

describe("only a cancellation", () => {
  test("rejects pending and later calls and aborts ctx.signal, once", async () => {
    const notes: unknown[] = [];
    const flow = workflow({ name: "flow" }, async (ctx) => {
      ctx.signal.addEventListener("abort", () => notes.push("aborted"));
      const pending = [ctx.sleep("1h"), ctx.waitFor("go"), ctx.step("stuck", () => new Promise(() => undefined))];
      const ends = await Promise.allSettled(pending);
      notes.push(...ends.map((end) => (end.status === "rejected" ? (end.reason as Error).name : "settled")));
      const later = await Promise.allSettled([ctx.step("more", () => notes.push("ran")), ctx.sleep(1), ctx.emit("x")]);
      notes.push(...later.map((end) => end.status === "rejected" && end.reason instanceof CancelledError));
      throw new Error("my own");
    });
    const f = await EngineFixture.start({ workflows: [flow], workerLimits: { cancelGraceMs: 5 } });
    const run = await f.run(flow);
    await rest();
    await f.engine.operations.cancel({ by: tester, run, reason: "enough" });
    expect(await f.ended(run)).toMatchObject({
      status: "cancelled",
      reason: "cancelled_by_user",
      error: { name: "CancelledError", message: "enough" },
    });
    const rejected = ["CancelledError", "CancelledError", "CancelledError"];
    expect(notes).toEqual(["aborted", ...rejected, true, true, true]);
    expect(await f.store.listEvents({ after: 0, limit: 10 })).toEqual([]);
  });

  const swallowing: readonly [string, (ctx: Context) => Promise<unknown>][] = [
    ["returns as if nothing had happened", (ctx) => ctx.waitFor("go").catch(() => "fine")],
    [
      "throws something else",
      (ctx) =>
        ctx.waitFor("go").catch(() => {
          throw new TypeError("other");
        }),
    ],
    [
      "tries again and again",
      async (ctx) => {
        for (;;) await ctx.sleep("1h").catch(() => undefined);
      },
    ],
    ["never settles", (ctx) => ctx.waitFor("go").catch(() => new Promise(() => undefined))],
    [
      "returns from a branch beside",
      async (ctx) => Promise.any([ctx.waitFor("go"), ctx.sleep("1h")]).catch(() => "any"),
    ],
  ];

  test.each(swallowing)("cannot be swallowed: code that %s still ends cancelled", async (_what, body) => {
    for (const parked of [false, true]) {
      const clock = new SimulatedClock(1_000);
      const flow = workflow({ name: "flow" }, body);
      const f = await start([flow], clock);
      const run = await f.run(flow);
      await f.until(run, "waiting");
      if (parked) await pass(clock, parkAfterMs);
      await f.engine.operations.cancel({ by: tester, run });
      await pass(clock, 10_000);
      expect(await f.ended(run)).toMatchObject({ status: "cancelled", reason: "cancelled_by_user" });
      expect((await f.ended(run)).output).toBeUndefined();
    }
  });

  test("wins over a result that crosses it", async () => {
    for (let ticks = 0; ticks < 12; ticks++) {
      const gate = Promise.withResolvers<string>();
      const flow = workflow({ name: "flow" }, async (ctx) => ctx.step("work", () => gate.promise));
      const f = await EngineFixture.start({ workflows: [flow] });
      const run = await f.run(flow);
      await rest();
      gate.resolve("done");
      for (let i = 0; i < ticks; i++) await Promise.resolve();
      const cancelled = await f.engine.operations.cancel({ by: tester, run });
      const end = await f.ended(run);
      expect({ ticks, ok: cancelled.ok, status: end.status }).toEqual({
        ticks,
        ok: cancelled.ok,
        status: cancelled.ok ? "cancelled" : "completed",
      });
    }
  });

  test("that comes while a crashed run is being replayed still ends it", async () => {
    const store = new MemoryRunStore();
    const notes: string[] = [];
    const flow = workflow({ name: "flow" }, async (ctx) => {
      for (let i = 0; i < 5; i++) await ctx.step(`step ${i}`, () => i);
      try {
        await ctx.step("hangs", () => new Promise(() => undefined));
      } catch (error) {
        notes.push((error as Error).name);
      }
      return "swallowed";
    });
    const first = await EngineFixture.start({ workflows: [flow], store });
    const run = await first.run(flow);
    await rest();
    first.crash();
    const second = await EngineFixture.start({ workflows: [flow], store });
    await rest(2);
    await second.engine.operations.cancel({ by: tester, run });
    expect(await second.ended(run)).toMatchObject({ status: "cancelled" });
    expect(notes).toEqual(["CancelledError"]);
  });
});
