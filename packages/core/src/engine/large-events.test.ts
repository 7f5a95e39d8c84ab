// Waits that look into events whose payloads are kept as blobs: they find what they ask for, wherever the payload lives.
import { describe, expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import { crashAt, faultyStore } from "../testing/faulty-store.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { EngineFixture, rest } from "./engine-fixture.suite.ts";
import { MemoryBlobs } from "./memory-blobs.suite.ts";

const limits = { inlineBytesMax: 100 };
const large = (order: number) => ({ order, text: "long ".repeat(100) });

/** Waits for an order once its gate is open. */
function late(gate: Promise<void>) {
  return workflow({ name: "late" }, async (ctx, order: number) => {
    await ctx.step("gate", () => gate);
    const got = await ctx.waitFor<ReturnType<typeof large>>("paid", { match: { order } });
    return [got.order, got.text.length];
  });
}

/** Blobs that are read when `read` is resolved; `asked` says which. */
function slowBlobs() {
  const read = Promise.withResolvers<void>();
  const blobs = new MemoryBlobs();
  const asked: string[] = [];
  const slow = {
    put: (bytes: Uint8Array) => blobs.put(bytes),
    get: async (hash: string) => {
      asked.push(hash);
      await read.promise;
      return blobs.get(hash);
    },
  };
  return { slow, read, asked };
}

describe("an event kept as a blob", () => {
  test("wakes the runs whose pattern it contains, in memory and parked, and no others", async () => {
    const opened = Promise.resolve();
    const flow = late(opened);
    for (const parkAfterMs of [0, 1_000_000]) {
      const f = await EngineFixture.start({
        workflows: [flow],
        blobs: new MemoryBlobs(),
        limits,
        workerLimits: { parkAfterMs },
      });
      const [one, two] = [await f.run(flow, 1), await f.run(flow, 2)];
      for (const run of [one, two]) await f.until(run, "waiting", "waiting_for_event");
      await f.emit("paid", large(2));
      expect((await f.ended(two)).output).toEqual([2, 500]);
      expect((await f.store.getRun({ run: one }))?.status).toBe("waiting");
      await f.emit("paid", large(1));
      expect((await f.ended(one)).output).toEqual([1, 500]);
    }
  });

  test("that a run sends does the same", async () => {
    const flow = late(Promise.resolve());
    const sender = workflow({ name: "sender" }, async (ctx) => ctx.emit("paid", large(1)));
    const f = await EngineFixture.start({ workflows: [flow, sender], blobs: new MemoryBlobs(), limits });
    const run = await f.run(flow, 1);
    await f.until(run, "waiting", "waiting_for_event");
    await f.result(sender);
    expect((await f.ended(run)).output).toEqual([1, 500]);
  });

  test("is found by a wait that begins later, among others large and small", async () => {
    const gate = Promise.withResolvers<void>();
    const flow = late(gate.promise);
    const f = await EngineFixture.start({ workflows: [flow], blobs: new MemoryBlobs(), limits });
    const run = await f.run(flow, 7);
    for (const order of [1, 2, 3, 7, 8])
      await f.emit("paid", order % 2 === 0 ? { order, text: "small" } : large(order));
    gate.resolve();
    expect((await f.ended(run)).output).toEqual([7, 500]);
  });

  test("that was waited for lets a child behind it begin when it is written: what came meanwhile was before it", async () => {
    const gate = Promise.withResolvers<void>();
    const { slow, read, asked } = slowBlobs();
    const child = workflow({ name: "child" }, async (ctx) => ctx.waitFor<number>("word"));
    const flow = workflow({ name: "flow" }, async (ctx) => {
      await ctx.step("gate", () => gate.promise);
      const waited = ctx.waitFor("paid", { match: { order: 3 } });
      const [, word] = await Promise.all([waited, ctx.call(child, undefined)]);
      return word;
    });
    const clock = new SimulatedClock(1_000);
    const f = await EngineFixture.start({ workflows: [flow, child], blobs: slow, limits, clock });
    const run = await f.run(flow);
    await f.emit("paid", large(3));
    gate.resolve();
    await rest();
    expect(asked).toHaveLength(1);
    clock.advance(10);
    await f.emit("word", 1);
    clock.advance(10);
    read.resolve();
    await rest();
    const { runs } = await f.store.listRuns({ filter: { parent: run }, limit: 9 });
    expect(runs).toMatchObject([{ createdAt: 1_020, dueAt: 1_020, status: "waiting" }]);
    await f.emit("word", 2);
    expect((await f.ended(run)).output).toBe(2);
  });

  test("that was waited for lets what is behind it count from when it is written: a sleep is never short", async () => {
    const gate = Promise.withResolvers<void>();
    const { slow, read } = slowBlobs();
    const flow = workflow({ name: "flow" }, async (ctx) => {
      await ctx.step("gate", () => gate.promise);
      const waited = ctx.waitFor("paid", { match: { order: 3 } });
      const until = ctx.sleepUntil("until", 5_000);
      await Promise.all([waited, ctx.sleep("a second", 1_000), until, ctx.waitFor("never", { timeout: 2_000 })]);
    });
    const clock = new SimulatedClock(1_000);
    const f = await EngineFixture.start({ workflows: [flow], blobs: slow, limits, clock });
    const run = await f.run(flow);
    await f.emit("paid", large(3));
    gate.resolve();
    await rest();
    clock.advance(30);
    read.resolve();
    await rest();
    const { entries } = await f.store.readJournal({ run, bytesMax: 10_000 });
    const due = entries.slice(2).map((entry) => [entry.name, entry.at, entry.due]);
    expect(due).toEqual([
      ["until", 1_030, 5_000],
      ["a second", 1_030, 2_030],
      ["never", 1_030, 3_030],
    ]);
  });

  test("goes to the wait that asked for it, while calls around that wait keep their order", async () => {
    const gate = Promise.withResolvers<void>();
    const flow = workflow({ name: "flow" }, async (ctx) => {
      await ctx.step("gate", () => gate.promise);
      return Promise.all([
        ctx.state.run.set("n", 1),
        ctx.waitFor<{ order: number }>("paid", { match: { order: 3 } }).then(({ order }) => order),
        ctx.state.run.get("n"),
        ctx.waitFor<{ order: number }>("paid", { match: { order: 2 } }).then(({ order }) => order),
        ctx.waitFor<{ order: number }>("paid").then(({ order }) => order),
      ]);
    });
    const f = await EngineFixture.start({ workflows: [flow], blobs: new MemoryBlobs(), limits });
    const run = await f.run(flow);
    for (const order of [1, 2, 3]) await f.emit("paid", large(order));
    gate.resolve();
    expect((await f.ended(run)).output).toEqual([undefined, 3, 1, 2, 1]);
    expect(f.logs.filter(({ level }) => level === "error")).toEqual([]);
  });

  test("is read without holding up other runs; what the run does meanwhile comes after it", async () => {
    const gate = Promise.withResolvers<void>();
    const { slow, read, asked } = slowBlobs();
    const flow = workflow({ name: "flow" }, async (ctx) => {
      await ctx.step("gate", () => gate.promise);
      const both = [ctx.waitFor<{ order: number }>("paid", { match: { order: 1 } }), ctx.waitFor("small")] as const;
      const [paid, small] = await Promise.all(both);
      return [paid.order, small];
    });
    const other = workflow({ name: "other" }, async (ctx) => ctx.step("one", () => "done"));
    const f = await EngineFixture.start({ workflows: [flow, other], blobs: slow, limits });
    const run = await f.run(flow);
    await f.emit("paid", large(1));
    gate.resolve();
    while (asked.length === 0) await rest(1);
    expect((await f.result(other)).output).toBe("done");
    await f.emit("small", "meanwhile");
    expect(await f.journal(run)).toEqual(["0 step gate completed"]);
    read.resolve();
    expect((await f.ended(run)).output).toEqual([1, "meanwhile"]);
  });

  test("is received before what the run says while it is read", async () => {
    const gate = Promise.withResolvers<void>();
    const beside = Promise.withResolvers<void>();
    const { slow, read, asked } = slowBlobs();
    const flow = workflow({ name: "flow" }, async (ctx) => {
      await ctx.step("gate", () => gate.promise);
      const first = await ctx.race({
        paid: ctx.waitFor("paid", { match: { order: 1 } }),
        beside: ctx.step("beside", () => beside.promise),
      });
      return first.winner;
    });
    const f = await EngineFixture.start({ workflows: [flow], blobs: slow, limits });
    const run = await f.run(flow);
    await f.emit("paid", large(1));
    gate.resolve();
    while (asked.length === 0) await rest(1);
    beside.resolve();
    await rest();
    read.resolve();
    expect((await f.ended(run)).output).toBe("paid");
  });

  test("is received once, whichever write the machine stops before or after", async () => {
    const executed: number[] = [];
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const first = await ctx.waitFor<{ order: number }>("paid", { key: "k", match: { order: 2 } });
      await ctx.step("note", () => void executed.push(first.order));
      const second = await ctx.waitFor<{ order: number }>("paid", { key: "k" });
      return [first.order, second.order];
    });
    for (let write = 1; write < 40; write++) {
      for (const when of ["before", "after"] as const) {
        executed.length = 0;
        const blobs = new MemoryBlobs();
        const store = new MemoryRunStore();
        const quiet = await EngineFixture.start({ workflows: [flow], store, blobs, limits });
        for (const order of [1, 2]) await quiet.emit("paid", large(order), { key: "k" });
        await quiet.engine.stop(0);
        const faulty = faultyStore(store, { plan: crashAt(write, when), afterCrash: "silence" });
        const first = new EngineFixture({ workflows: [flow], store: faulty.store, blobs, limits });
        void first.engine.start().then(async () => {
          await first.attach();
          await first.run(flow, undefined, { id: "r" });
        });
        while (!faulty.crashed && (await store.getRun({ run: "r" }))?.status !== "completed") await rest(5);
        first.crash();
        const second = await EngineFixture.start({ workflows: [flow], store, blobs, limits });
        if ((await store.getRun({ run: "r" })) === undefined) await second.run(flow, undefined, { id: "r" });
        expect((await second.ended("r")).output).toEqual([2, 1]);
        expect(new Set(executed)).toEqual(new Set([2]));
        await second.engine.stop(0);
        if (!faulty.crashed) return;
      }
    }
    expect.unreachable("no run came to its end");
  });
});
