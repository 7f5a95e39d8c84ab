// What a workflow's context offers besides durable calls: map, what it knows of its run, log, progress and the signal.
import { describe, expect, test } from "bun:test";
import { decodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { MemoryRunStore } from "../store/memory/index.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";

describe("ctx.map", () => {
  /** Maps numbers to their squares by a step each; notes how many run at once and in what order they begin. */
  function mapping(concurrency: number | undefined, limits: { most: number; begun: unknown[] }) {
    let running = 0;
    return workflow({ name: "mapping" }, async (ctx, items: readonly number[]) => {
      const square = async (item: number, index: number) =>
        ctx.step("square", async () => {
          limits.begun.push([item, index]);
          limits.most = Math.max(limits.most, ++running);
          await rest(1 + ((item * 7) % 5));
          running--;
          return item * item;
        });
      return ctx.map(items, square, concurrency === undefined ? {} : { concurrency });
    });
  }
  const items = [1, 2, 3, 4, 5, 6, 7, 8, 9];

  test.each([
    [1, 1],
    [3, 3],
    [100, 9],
    [undefined, 9],
    [0, 1],
    [2.9, 2],
  ])(
    "with concurrency %p runs that many at once, begins in order, and returns results in order",
    async (wanted, most) => {
      const limits = { most: 0, begun: [] as unknown[] };
      const flow = mapping(wanted, limits);
      const f = await EngineFixture.start({ workflows: [flow] });
      expect((await f.result(flow, items)).output).toEqual(items.map((item) => item * item));
      expect(limits.most).toBe(most);
      expect(limits.begun).toEqual(items.map((item, index) => [item, index]));
    },
  );

  test("of nothing is nothing", async () => {
    const limits = { most: 0, begun: [] };
    const flow = mapping(4, limits);
    const f = await EngineFixture.start({ workflows: [flow] });
    expect((await f.result(flow, [])).output).toEqual([]);
  });

  test("fails with the first failure and begins nothing more", async () => {
    const begun: number[] = [];
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const body = async (item: number) =>
        ctx.step("step", () => {
          begun.push(item);
          if (item === 3) throw new Error(`no ${item}`);
        });
      return ctx.map(items, body, { concurrency: 1 });
    });
    const f = await EngineFixture.start({ workflows: [flow] });
    expect(await f.result(flow)).toMatchObject({ status: "failed", error: { message: "no 3" } });
    expect(begun).toEqual([1, 2, 3]);
  });

  test("refuses a concurrency that is not a number instead of passing every item over", async () => {
    const limits = { most: 0, begun: [] as unknown[] };
    const flow = mapping(Number.NaN, limits);
    const f = await EngineFixture.start({ workflows: [flow] });
    expect(await f.result(flow, [1, 2])).toMatchObject({ status: "failed", error: { code: "bad_request" } });
    expect(limits.begun).toEqual([]);
  });

  test("goes on after a crash where it was, with the same items in the same places", async () => {
    const executed: number[] = [];
    const gates = items.map(() => Promise.withResolvers<void>());
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const body = async (item: number) =>
        ctx.step("step", async () => {
          executed.push(item);
          await gates[item - 1]?.promise;
          return item * 10;
        });
      return ctx.map(items, body, { concurrency: 3 });
    });
    const store = new MemoryRunStore();
    const first = await EngineFixture.start({ workflows: [flow], store });
    const run = await first.run(flow);
    await rest();
    for (const item of [2, 3, 5, 1]) {
      gates[item - 1]?.resolve();
      await rest();
    }
    first.crash();
    const before = executed.splice(0);
    expect(before).toEqual([1, 2, 3, 4, 5, 6, 7]);
    const second = await EngineFixture.start({ workflows: [flow], store });
    await rest();
    expect(executed).toEqual([4, 6, 7]);
    for (const gate of gates) gate.resolve();
    expect((await second.ended(run)).output).toEqual(items.map((item) => item * 10));
    expect(executed).toEqual([4, 6, 7, 8, 9]);
  });
});

describe("ctx", () => {
  test("knows its run, and how often it was retried", async () => {
    let failing = true;
    const child = workflow({ name: "child" }, async (ctx) => [ctx.run.parent, ctx.run.tags, ctx.run.idempotencyKey]);
    const flow = workflow({ name: "flow" }, async (ctx) => {
      if (failing) throw new Error("not yet");
      const options = { tags: ["c"], idempotencyKey: "k-1" };
      return { run: ctx.run, attempt: ctx.attempt, child: await ctx.call(child, undefined, options) };
    });
    const f = await EngineFixture.start({ workflows: [flow, child] });
    const run = await f.run(flow, undefined, { tags: ["eu", "vip"], key: "o-17", id: "mine" });
    expect((await f.ended(run)).status).toBe("failed");
    failing = false;
    await f.engine.operations.retry(tester, run);
    const record = await f.store.getRun({ run });
    expect((await f.ended(run)).output).toEqual({
      run: {
        id: "mine",
        workflow: "flow",
        version: "v1",
        tags: ["eu", "vip"],
        parent: undefined,
        idempotencyKey: "o-17",
        createdAt: record?.createdAt,
      },
      attempt: 2,
      child: ["mine", ["c"], "k-1"],
    });
  });

  test("logs lines once, also when the run is replayed, with data of any kind", async () => {
    const store = new MemoryRunStore();
    const flow = workflow({ name: "flow" }, async (ctx) => {
      ctx.log("plain");
      ctx.log.warn("with data", { when: new Date(5) });
      await ctx.step("step", () => 1);
      ctx.log.debug("after the step");
      ctx.log.error("bad data", () => 1);
      await ctx.waitFor("go");
      ctx.log.info("after the wait");
    });
    const first = await EngineFixture.start({ workflows: [flow], store });
    const run = await first.run(flow);
    await first.until(run, "waiting");
    first.crash();
    const second = await EngineFixture.start({ workflows: [flow], store });
    await second.emit("go");
    await second.ended(run);
    const lines = await store.listLogs({ run, after: 0, limit: 100 });
    expect(lines.map(({ line, level, message }) => `${line} ${level} ${message.split(" (")[0]}`)).toEqual([
      "1 info plain",
      "2 warn with data",
      "3 debug after the step",
      "4 error bad data",
      "5 info after the wait",
    ]);
    expect(decodeValue(lines[1]?.data ?? new Uint8Array(0))).toEqual({ when: new Date(5) });
    expect(lines[3]?.message).toContain("is a function");
  });

  test("logs lines once, however often a crash or a stop has them written again", async () => {
    const store = new MemoryRunStore();
    const gate = Promise.withResolvers<void>();
    const flow = workflow({ name: "flow" }, async (ctx) => {
      ctx.log("first");
      await ctx.step("one", () => ctx.log("in one"));
      ctx.log("twice");
      ctx.log("twice");
      const left = ctx.step("left", () => ctx.log("in left"));
      ctx.log("before two");
      await ctx.step(
        "two",
        async ({ attempt }) => {
          ctx.log("in two", { attempt });
          await gate.promise;
          ctx.log("in two, later");
          if (attempt === 1) throw new Error("again");
        },
        { retry: { attempts: 2, delay: 0 } },
      );
      await left;
      ctx.log("end");
    });
    const first = await EngineFixture.start({ workflows: [flow], store });
    const run = await first.run(flow);
    await rest();
    first.crash();
    const second = await EngineFixture.start({ workflows: [flow], store });
    await rest();
    await second.engine.stop(0);
    const third = await EngineFixture.start({ workflows: [flow], store });
    gate.resolve();
    expect((await third.ended(run)).status).toBe("completed");
    const lines = await store.listLogs({ run, after: 0, limit: 100 });
    const before = ["first", "in one", "twice", "twice", "in left", "before two"];
    const two = ["in two", "in two, later"];
    expect(lines.map(({ message }) => message)).toEqual([...before, ...two, ...two, "end"]);
  });

  test("logs lines again where an operator's retry does something again", async () => {
    let failing = true;
    const flow = workflow({ name: "flow" }, async (ctx) => {
      ctx.log("first");
      await ctx.step("one", () => 1);
      ctx.log("before the failure");
      await ctx.step("two", () => {
        ctx.log("in two");
        if (failing) throw new Error("not yet");
      });
    });
    const f = await EngineFixture.start({ workflows: [flow] });
    const run = await f.run(flow);
    expect((await f.ended(run)).status).toBe("failed");
    failing = false;
    await f.engine.operations.retry(tester, run);
    expect((await f.ended(run)).status).toBe("completed");
    const lines = await f.store.listLogs({ run, after: 0, limit: 100 });
    const once = ["before the failure", "in two"];
    expect(lines.map(({ message }) => message)).toEqual(["first", ...once, ...once]);
  });

  test("shows progress on the run; the last value stays", async () => {
    const flow = workflow({ name: "flow" }, async (ctx) => {
      ctx.progress({ done: 1 });
      await ctx.waitFor("go");
      ctx.progress({ done: 2 });
      ctx.progress({ done: 3 });
    });
    const f = await EngineFixture.start({ workflows: [flow] });
    const run = await f.run(flow);
    await f.until(run, "waiting");
    const progress = async () => decodeValue((await f.store.getRun({ run }))?.progress ?? new Uint8Array(0));
    expect(await progress()).toEqual({ done: 1 });
    await f.emit("go");
    await f.ended(run);
    expect(await progress()).toEqual({ done: 3 });
  });

  test("sleeps until a time, under a name, and refuses what is no time or duration", async () => {
    const clock = new SimulatedClock(1_000);
    const flow = workflow({ name: "flow" }, async (ctx) => {
      await ctx.sleepUntil("tomorrow", new Date(86_400_000));
      await ctx.sleepUntil(5);
      const refused = await ctx
        .sleepUntil(new Date("never"))
        .catch((error: unknown) => (error as { code: string }).code);
      await ctx.sleep("named", "1s");
      const wrong = await (async () => ctx.sleep("soonish"))().catch(
        (error: unknown) => (error as { code: string }).code,
      );
      return [refused, wrong, ctx.now()];
    });
    const f = await EngineFixture.start({ workflows: [flow], clock });
    const run = await f.run(flow);
    await pass(clock, 86_398_990);
    expect(await f.journal(run)).toEqual(["0 sleep tomorrow running"]);
    await pass(clock, 10);
    await pass(clock, 1_000);
    expect((await f.ended(run)).output).toEqual(["invalid_duration", "invalid_duration", 86_401_000]);
    expect(await f.journal(run)).toEqual([
      "0 sleep tomorrow completed",
      "1 sleep sleep completed",
      "2 sleep named completed",
    ]);
  });

  test("its signal is the run's: aborted when the run fails, not when it completes", async () => {
    const signals: AbortSignal[] = [];
    const flow = workflow({ name: "flow" }, async (ctx, fail: boolean) => {
      signals.push(ctx.signal);
      await ctx.step("step", () => 1);
      if (fail) throw new Error("no");
    });
    const f = await EngineFixture.start({ workflows: [flow] });
    await f.result(flow, false);
    await f.result(flow, true);
    await rest();
    expect(signals.map((signal) => signal.aborted)).toEqual([false, true]);
  });
});
