// Undo: what a run that does not complete has done is taken back, durably, in reverse, before the run counts as ended.
import { describe, expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import type { StepContext } from "@sluice/sdk";
import { engineItself } from "../kernel/inner-actor.ts";
import type { StoreOp } from "../kernel/run-store.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { faultyStore } from "../testing/faulty-store.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";
import { never, Notes, started } from "./undo-notes.suite.ts";

describe("undos run in reverse order as durable steps", () => {
  test("when a run fails", async () => {
    const notes = new Notes();
    const flow = workflow({ name: "flow" }, async (ctx) => {
      await notes.step(ctx, "flight");
      await ctx.step("plain", () => notes.lines.push("do plain"));
      await notes.step(ctx, "hotel");
      await notes.step(ctx, "car");
      await ctx.step("pay", () => {
        throw new Error("declined");
      });
    });
    const { f, run } = await started(flow);
    expect(await f.ended(run)).toMatchObject({ status: "failed", reason: "error", error: { message: "declined" } });
    expect(notes.lines).toEqual([
      "do flight",
      "do plain",
      "do hotel",
      "do car",
      "undo car: result of car",
      "undo hotel: result of hotel",
      "undo flight: result of flight",
    ]);
    expect(await f.journal(run)).toEqual([
      "0 step flight completed",
      "1 step plain completed",
      "2 step hotel completed",
      "3 step car completed",
      "4 step pay failed",
      "-4 undo car completed",
      "-3 undo hotel completed",
      "-1 undo flight completed",
    ]);
    const keys = [...notes.keys.values()].flat();
    expect(new Set(keys).size).toBe(keys.length);
  });

  test.each([["hot"], ["parked"]])("when a %s run is cancelled or times out, with a fresh signal", async (where) => {
    for (const how of ["cancelled", "timedout"] as const) {
      const clock = new SimulatedClock(1_000);
      const notes = new Notes();
      const flow = workflow({ name: "flow", timeout: "1h" }, async (ctx) => {
        await notes.step(ctx, "a");
        await notes.step(ctx, "b");
        await ctx.waitFor("go");
      });
      const { f, run } = await started(flow, { clock, workerLimits: { parkAfterMs: where === "hot" ? 10 ** 9 : 10 } });
      await f.until(run, "waiting");
      await pass(clock, 100);
      expect(f.engine.hotRuns).toBe(where === "hot" ? 1 : 0);
      if (how === "cancelled") await f.engine.operations.cancel({ by: tester, run });
      await pass(clock, how === "cancelled" ? 0 : 3_600_000);
      expect(await f.ended(run)).toMatchObject({
        status: how,
        reason: how === "cancelled" ? "cancelled_by_user" : "run_timeout",
      });
      expect(notes.lines).toEqual(["do a", "do b", "undo b: result of b", "undo a: result of a"]);
    }
  });

  test("not when it completes, nor for steps that never began", async () => {
    const notes = new Notes();
    const flow = workflow({ name: "flow" }, async (ctx, fail: boolean) => {
      await notes.step(ctx, "a");
      if (fail) throw new Error("before b");
      await notes.step(ctx, "b");
    });
    const f = await EngineFixture.start({ workflows: [flow] });
    expect((await f.result(flow, false)).status).toBe("completed");
    expect(notes.lines.splice(0)).toEqual(["do a", "do b"]);
    expect((await f.result(flow, true)).status).toBe("failed");
    expect(notes.lines).toEqual(["do a", "undo a: result of a"]);
  });

  test("for concurrent steps in the reverse of their calls; one that ends meanwhile is undone with its result", async () => {
    const notes = new Notes();
    const gate = Promise.withResolvers<string>();
    const flow = workflow({ name: "flow" }, async (ctx) => {
      await Promise.all([
        notes.step(ctx, "slow", ({ signal }) => {
          signal.addEventListener("abort", () => gate.resolve("after all"));
          return gate.promise;
        }),
        notes.step(ctx, "quick"),
        ctx.step("fails", async () => {
          await rest(5);
          throw new Error("no");
        }),
      ]);
    });
    const { f, run } = await started(flow, { workerLimits: { cancelGraceMs: 1_000 } });
    expect((await f.ended(run)).status).toBe("failed");
    expect(notes.lines.slice(2)).toEqual(["undo quick: result of quick", "undo slow: after all"]);
    const slow = (await f.store.readJournal({ run, bytesMax: 1_000_000 })).entries.find((each) => each.seq === 0);
    expect(slow).toMatchObject({ status: "completed", undo: true });
  });
});

describe("a step that started and left no result is undone with undefined", () => {
  test("after its time limit", async () => {
    const notes = new Notes();
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const undo = (result: unknown): void => void notes.lines.push(`undo: ${String(result)}`);
      await ctx.step("hangs", never, { timeout: 5, undo });
    });
    const { f, run } = await started(flow);
    expect(await f.ended(run)).toMatchObject({ status: "failed", error: { name: "TimeoutError" } });
    expect(notes.lines).toEqual(["undo: undefined"]);
  });

  test("after it failed", async () => {
    const notes = new Notes();
    const fails = (): never => {
      throw new Error("half done");
    };
    const flow = workflow({ name: "flow" }, async (ctx) => notes.step(ctx, "fails", fails));
    const { f, run } = await started(flow);
    expect((await f.ended(run)).status).toBe("failed");
    expect(notes.lines).toEqual(["do fails", "undo fails: undefined"]);
  });

  test("after a cancellation that found it running", async () => {
    const notes = new Notes();
    const flow = workflow({ name: "flow" }, async (ctx) => notes.step(ctx, "hangs", never));
    const { f, run } = await started(flow);
    await rest();
    await f.engine.operations.cancel({ by: tester, run });
    expect((await f.ended(run)).status).toBe("cancelled");
    expect(notes.lines).toEqual(["do hangs", "undo hangs: undefined"]);
  });

  test("after a crash in the middle of it, when the run is cancelled before it runs again", async () => {
    const notes = new Notes();
    const store = new MemoryRunStore();
    const flow = workflow({ name: "flow" }, async (ctx) => {
      await notes.step(ctx, "before");
      await notes.step(ctx, "hangs", never);
    });
    const { f: first, run } = await started(flow, { store });
    await rest();
    first.crash();
    const record = await store.getRun({ run });
    await store.releaseRuns({
      by: engineItself,
      runs: [{ run, epoch: record?.epoch ?? 0 }],
      crashed: true,
      now: Date.now(),
    });
    const cancelled = await new EngineFixture({ workflows: [flow], store }).engine.operations.cancel({
      by: tester,
      run,
    });
    expect(cancelled).toMatchObject({ ok: true });
    const second = await EngineFixture.start({ workflows: [flow], store });
    expect((await second.ended(run)).status).toBe("cancelled");
    expect(notes.lines).toEqual(["do before", "do hangs", "undo hangs: undefined", "undo before: result of before"]);
  });

  test("its start is durable before its effect", async () => {
    const until = Promise.withResolvers<void>();
    const begins = (write: { readonly params: unknown; readonly verb: string }): boolean =>
      write.verb === "append" &&
      (write.params as { readonly ops: readonly StoreOp[] }).ops.some((op) => op.op === "started" && op.undo);
    const { store } = faultyStore(new MemoryRunStore(), {
      plan: (write) => (begins(write) ? { fault: "delay", until: until.promise } : undefined),
      afterCrash: "silence",
    });
    const notes = new Notes();
    const flow = workflow({ name: "flow" }, async (ctx) => notes.step(ctx, "charge"));
    const { f, run } = await started(flow, { store });
    await rest();
    expect(notes.lines).toEqual([]);
    expect(await f.journal(run)).toEqual(["0 step charge running"]);
    until.resolve();
    expect((await f.ended(run)).status).toBe("completed");
  });
});

describe("a run is terminal only after its undos", () => {
  test("until then it is undoing, for clients and for the run that called it", async () => {
    const gate = Promise.withResolvers<void>();
    const child = workflow({ name: "child" }, async (ctx) => {
      await ctx.step("a", () => 1, { undo: () => gate.promise });
      throw new Error("child failed");
    });
    const parent = workflow({ name: "parent" }, async (ctx) => ctx.call(child, undefined));
    const f = await EngineFixture.start({ workflows: [child, parent] });
    const run = await f.run(parent);
    await rest();
    const [undoing] = (await f.store.listRuns({ filter: { workflow: "child" }, limit: 1 })).runs;
    expect(undoing).toMatchObject({ status: "undoing" });
    expect(undoing?.endedAt).toBeUndefined();
    expect(await f.store.getRun({ run })).toMatchObject({ status: "waiting", reason: "waiting_for_child" });
    gate.resolve();
    expect(await f.ended(run)).toMatchObject({ status: "failed", error: { cause: { message: "child failed" } } });
  });

  test("a cancellation that comes while it is undoing changes nothing", async () => {
    const gate = Promise.withResolvers<void>();
    let undone = 0;
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const undo = async (): Promise<void> => {
        undone++;
        await gate.promise;
      };
      await ctx.step("a", () => 1, { undo });
      throw new Error("failed by itself");
    });
    const { f, run } = await started(flow);
    await f.until(run, "undoing");
    await f.engine.operations.cancel({ by: tester, run });
    await rest();
    gate.resolve();
    expect(await f.ended(run)).toMatchObject({ status: "failed", error: { message: "failed by itself" } });
    expect(undone).toBe(1);
  });
});

describe("an undo that fails", () => {
  test("is retried; then the run says what could not be undone, and the others are undone all the same", async () => {
    const clock = new SimulatedClock(1_000);
    const tried: number[] = [];
    const notes = new Notes();
    const flow = workflow({ name: "flow" }, async (ctx) => {
      await notes.step(ctx, "first");
      const undo = (_result: unknown, { attempt }: StepContext): void => {
        tried.push(attempt);
        throw new Error(`no refund ${attempt}`);
      };
      await ctx.step("charge", () => 1, { undo });
      throw new TypeError("original");
    });
    const { f, run } = await started(flow, { clock });
    for (let i = 0; i < 8; i++) await pass(clock, 60_000);
    const end = await f.ended(run);
    expect(end).toMatchObject({ status: "failed", reason: "undo_failed", error: { name: "TypeError" } });
    expect(end.error?.message).toContain("original");
    expect(end.error?.message).toContain("charge");
    expect(end.error?.details).toEqual({ notUndone: [{ step: "charge", message: "no refund 5" }] });
    expect(tried).toEqual([1, 2, 3, 4, 5]);
    expect(notes.lines.at(-1)).toBe("undo first: result of first");
    expect((await f.journal(run)).slice(-2)).toEqual(["-2 undo charge failed", "-1 undo first completed"]);
    // The charge stands: it is made again only when somebody has taken the first one back.
    expect(await f.engine.operations.retry(tester, run)).toMatchObject({ ok: false, error: { code: "undo_failed" } });
    expect((await f.journal(run)).slice(-2)).toEqual(["-2 undo charge failed", "-1 undo first completed"]);
    expect(await f.engine.operations.retry(tester, run, { takenBack: true })).toMatchObject({ ok: true });
  });

  test("goes on with its attempts after a restart", async () => {
    const clock = new SimulatedClock(1_000);
    const store = new MemoryRunStore();
    const tried: number[] = [];
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const undo = (_result: unknown, { attempt }: StepContext): void => {
        tried.push(attempt);
        if (attempt < 3) throw new Error("not yet");
      };
      await ctx.step("charge", () => 1, { undo });
      throw new Error("original");
    });
    const { f: first, run } = await started(flow, { clock, store });
    let f = first;
    await pass(clock, 0);
    for (let restart = 0; restart < 2; restart++) {
      f.crash();
      f = await EngineFixture.start({ workflows: [flow], store, clock });
      await pass(clock, 60_000);
    }
    expect(await f.ended(run)).toMatchObject({ status: "failed", reason: "error", error: { message: "original" } });
    expect(tried).toEqual([1, 2, 3]);
  });
});

describe("a fork", () => {
  test("does not inherit the undos of the steps it copied, only those of its own", async () => {
    const notes = new Notes();
    let failing = false;
    const flow = workflow({ name: "flow" }, async (ctx) => {
      await notes.step(ctx, "copied");
      await notes.step(ctx, "own");
      if (failing) throw new Error("no");
      return "fine";
    });
    const f = await EngineFixture.start({ workflows: [flow] });
    const run = await f.run(flow);
    expect((await f.ended(run)).output).toBe("fine");
    failing = true;
    const forked = await f.engine.operations.fork({ by: tester, run, from: "own" });
    if (!forked.ok) expect.unreachable();
    expect((await f.ended(forked.value.id)).status).toBe("failed");
    expect(notes.lines).toEqual(["do copied", "do own", "do own", "undo own: result of own"]);
    expect(new Set(notes.keys.get("do own")).size).toBe(2);
  });
});
