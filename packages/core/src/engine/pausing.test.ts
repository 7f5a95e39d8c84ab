// Pausing a run: what runs finishes, nothing begins, nothing that arrives meanwhile is lost.
import { describe, expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";

const waiter = workflow({ name: "waiter" }, async (ctx) => {
  const first = await ctx.step("before", () => "before");
  const got = await ctx.waitFor("go");
  const after = await ctx.step("after", () => "after");
  return [first, got, after];
});

describe("pause and resume", () => {
  test("let what runs finish and begin nothing new until resumed", async () => {
    const gate = Promise.withResolvers<void>();
    let begun = 0;
    const two = workflow({ name: "two" }, async (ctx) => {
      await ctx.step("one", () => gate.promise);
      return ctx.step("two", () => ++begun);
    });
    const f = await EngineFixture.start({ workflows: [two] });
    const run = await f.run(two);
    await rest();
    expect((await f.engine.operations.pause(tester, run)).ok).toBe(true);
    gate.resolve();
    await f.until(run, "paused", "paused_by_user");
    expect(await f.journal(run)).toEqual(["0 step one completed"]);
    await rest();
    expect(begun).toBe(0);
    expect((await f.engine.operations.resume(tester, run)).ok).toBe(true);
    expect((await f.ended(run)).output).toBe(1);
  });

  test.each(["hot", "parked"] as const)("keep what settles while a %s run is paused", async (state) => {
    const clock = new SimulatedClock(1_000);
    const f = await EngineFixture.start({ workflows: [waiter], clock, workerLimits: { parkAfterMs: 10 } });
    const run = await f.run(waiter);
    await rest();
    if (state === "parked") await pass(clock, 100);
    await f.engine.operations.pause(tester, run);
    await f.until(run, "paused");
    await f.emit("go", "meanwhile");
    await pass(clock, 1_000);
    expect((await f.store.getRun({ run }))?.status).toBe("paused");
    await f.engine.operations.resume(tester, run);
    expect((await f.ended(run)).output).toEqual(["before", "meanwhile", "after"]);
  });

  test("stop a run that is only just being replayed", async () => {
    const store = new MemoryRunStore();
    const first = await EngineFixture.start({ workflows: [waiter], store });
    const run = await first.run(waiter);
    await first.until(run, "waiting");
    first.crash();
    await store.emitEvent({ by: tester, name: "go", payload: encodeValue(1), now: Date.now() });
    const second = new EngineFixture({ workflows: [waiter], store });
    await second.engine.start();
    await second.attach();
    let hot = await store.getRun({ run });
    while (hot?.owner === undefined) {
      await Promise.resolve();
      hot = await store.getRun({ run });
    }
    expect((await second.engine.operations.pause(tester, run)).ok).toBe(true);
    await second.until(run, "paused");
    await second.engine.operations.resume(tester, run);
    expect((await second.ended(run)).output).toEqual(["before", 1, "after"]);
  });

  test("that cross each other leave the run going on", async () => {
    const gate = Promise.withResolvers<void>();
    const two = workflow({ name: "two" }, async (ctx) => {
      await ctx.step("one", () => gate.promise);
      return ctx.step("two", () => "both");
    });
    const f = await EngineFixture.start({ workflows: [two, waiter] });
    const [busy, idle] = [await f.run(two), await f.run(waiter)];
    await f.until(idle, "waiting");
    // The worker has been told to pause when the pause is taken back; it parks the runs all the same.
    for (const run of [busy, idle]) {
      expect((await f.engine.operations.pause(tester, run)).ok).toBe(true);
      expect((await f.engine.operations.resume(tester, run)).ok).toBe(true);
    }
    gate.resolve();
    await rest();
    await f.emit("go", "went");
    expect((await f.ended(busy)).output).toBe("both");
    expect((await f.ended(idle)).output).toEqual(["before", "went", "after"]);
  });

  test("last over a restart", async () => {
    const store = new MemoryRunStore();
    const first = await EngineFixture.start({ workflows: [waiter], store });
    const run = await first.run(waiter);
    await first.until(run, "waiting");
    await first.engine.operations.pause(tester, run);
    first.crash();
    const second = await EngineFixture.start({ workflows: [waiter], store });
    await second.emit("go", 1);
    await rest();
    expect((await store.getRun({ run }))?.status).toBe("paused");
    await second.engine.operations.resume(tester, run);
    expect((await second.ended(run)).output).toEqual(["before", 1, "after"]);
  });

  test("are refused where they make no sense", async () => {
    const f = await EngineFixture.start({ workflows: [waiter] });
    const run = await f.run(waiter);
    await f.until(run, "waiting");
    expect(await f.engine.operations.resume(tester, run)).toMatchObject({
      ok: false,
      error: { code: "run_not_paused" },
    });
    await f.engine.operations.cancel({ by: tester, run });
    await f.ended(run);
    expect(await f.engine.operations.pause(tester, run)).toMatchObject({ ok: false, error: { code: "conflict" } });
  });
});
