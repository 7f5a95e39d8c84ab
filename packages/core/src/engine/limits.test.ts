// Past each limit there is an error that names the limit and the setting; below it nothing is refused.
import { describe, expect, test } from "bun:test";
import { decodeValue, encodeValue } from "@sluice/protocol";
import type { SluiceError } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import type { NewRun } from "../kernel/run-store.ts";
import { faultyStore } from "../testing/faulty-store.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";
import { engineLimits } from "./limits.ts";
import type { EngineLimits } from "./limits.ts";
import { MemoryBlobs } from "./memory-blobs.suite.ts";

const waiter = workflow({ name: "waiter" }, async (ctx) => ctx.waitFor("go"));
const echo = workflow({ name: "echo" }, async (ctx, input: unknown) => ctx.step("echo", () => input));

test("every limit is a positive whole number with its unit or Max in its name", () => {
  for (const [name, value] of Object.entries(engineLimits)) {
    expect({ name, fits: /(?:Ms|Max)$/.test(name) && Number.isSafeInteger(value) && value > 0 }).toEqual({
      name,
      fits: true,
    });
  }
});

describe("payloadBytesMax", () => {
  const limits: Partial<EngineLimits> = { payloadBytesMax: 1_000 };
  const large = "x".repeat(1_000);
  const named = { code: "payload_too_large", message: expect.stringContaining("1000") };

  test("refuses inputs, events and answers, and nothing is stored of them", async () => {
    const asking = workflow({ name: "asking" }, async (ctx) => (await ctx.token("t")).wait());
    const f = await EngineFixture.start({ workflows: [echo, asking], limits });
    const start = await f.engine.startRun({ by: tester, workflow: "echo", input: encodeValue(large) });
    expect(start).toMatchObject({
      ok: false,
      error: { ...named, hint: expect.stringContaining("limits.payloadBytesMax") },
    });
    expect(await f.store.countRuns({ filter: {} })).toBe(0);
    expect(await f.engine.emit({ by: tester, name: "e", payload: encodeValue(large) })).toMatchObject({
      ok: false,
      error: named,
    });
    expect(await f.store.listEvents({ after: 0, limit: 1 })).toEqual([]);
    const run = await f.run(asking);
    await f.until(run, "waiting", "waiting_for_callback");
    const [token] = await f.store.listTokens({ kind: "callback", limit: 1 });
    const answer = { by: tester, token: token?.token ?? "", kind: "callback" } as const;
    expect(await f.engine.completeToken({ ...answer, value: encodeValue(large) })).toMatchObject({
      ok: false,
      error: named,
    });
    expect((await f.engine.completeToken({ ...answer, value: encodeValue("small") })).ok).toBe(true);
    expect((await f.ended(run)).output).toBe("small");
  });

  test.each([true, false])(
    "fails the call that would go over it, live and on replay, with blobs: %p",
    async (withBlobs) => {
      const seen: unknown[] = [];
      const trying = workflow({ name: "trying" }, async (ctx) => {
        const calls: readonly (() => Promise<unknown>)[] = [
          () => ctx.step("result", () => large),
          () => ctx.emit("e", large),
          () => ctx.state.run.set("k", large),
          () => ctx.start(echo, large),
        ];
        const codes: unknown[] = [];
        for (const call of calls)
          codes.push(
            await call().catch((error: unknown) => [
              (error as SluiceError).code,
              (error as SluiceError).message.includes("payloadBytesMax"),
            ]),
          );
        seen.push(codes);
        await ctx.waitFor("go");
        return "fine";
      });
      const store = new MemoryRunStore();
      const blobs = withBlobs ? new MemoryBlobs() : undefined;
      const first = await EngineFixture.start({ workflows: [trying, echo], limits, store, blobs });
      const run = await first.run(trying);
      await first.until(run, "waiting");
      first.crash();
      const second = await EngineFixture.start({ workflows: [trying, echo], limits, store, blobs });
      await second.emit("go");
      expect((await second.ended(run)).output).toBe("fine");
      const refused = Array.from({ length: 4 }, () => ["payload_too_large", true]);
      expect(seen).toEqual([refused, refused]);
      expect(await store.countRuns({ filter: { workflow: "echo" } })).toBe(0);
    },
  );

  test("fails a run whose output goes over it, and one whose last step does, however often that ended well before", async () => {
    const sized = workflow(
      { name: "sized" },
      async (ctx, bytes: number) => (await ctx.step("last", () => "x".repeat(bytes))).length,
    );
    const undone: unknown[] = [];
    const output = workflow({ name: "output" }, async (ctx) => {
      await ctx.step("charge", () => 7, { undo: (charge) => void undone.push(charge) });
      return large;
    });
    const f = await EngineFixture.start({ workflows: [sized, output], limits });
    expect(await f.result(output)).toMatchObject({ status: "failed", error: { code: "payload_too_large" } });
    expect(undone).toEqual([7]);
    for (let i = 0; i < 3; i++) expect((await f.result(sized, 10)).output).toBe(10);
    const run = await f.run(sized, 1_000);
    expect(await f.ended(run)).toMatchObject({ status: "failed", error: { code: "payload_too_large" } });
    expect(await f.journal(run)).toEqual(["0 step last failed"]);
  });
});

describe("journalEntriesMax", () => {
  test("fails the call after the last entry that fits, the same way on replay", async () => {
    const store = new MemoryRunStore();
    const long = workflow({ name: "long" }, async (ctx, steps: number) => {
      for (let i = 0; i < steps; i++) await ctx.step("s", () => i);
      return "fits";
    });
    const f = await EngineFixture.start({ workflows: [long], limits: { journalEntriesMax: 5 }, store });
    expect((await f.result(long, 5)).output).toBe("fits");
    const run = await f.run(long, 6);
    const { status, error } = await f.ended(run);
    expect({ status, code: error?.code }).toEqual({ status: "failed", code: "journal_too_long" });
    expect(error?.message).toContain("5");
    expect(error?.message).toContain("journalEntriesMax");
    expect((await f.engine.operations.retry(tester, run)).ok).toBe(true);
    expect(await f.ended(run)).toMatchObject({ status: "failed", error: { code: "journal_too_long" } });
  });

  test("counts what a run had before its process was killed", async () => {
    const store = new MemoryRunStore();
    const halves = workflow({ name: "halves" }, async (ctx) => {
      for (let i = 0; i < 3; i++) await ctx.step("s", () => i);
      await ctx.waitFor("go");
      await ctx.step("t", () => 1);
      await ctx.step("t", () => 2);
    });
    const limits = { journalEntriesMax: 5, journalPieceBytesMax: 100 };
    const first = await EngineFixture.start({ workflows: [halves], limits, store });
    const run = await first.run(halves);
    await first.until(run, "waiting");
    first.crash();
    const second = await EngineFixture.start({ workflows: [halves], limits, store });
    await second.emit("go");
    expect(await second.ended(run)).toMatchObject({ status: "failed", error: { code: "journal_too_long" } });
  });
});

describe("concurrentRunsMax", () => {
  test("is never exceeded, not by starts at the same moment either, and every run gets its turn", async () => {
    let now = 0;
    let most = 0;
    const busy = workflow({ name: "busy" }, async (ctx) =>
      ctx.step("s", async () => {
        most = Math.max(most, ++now);
        await rest(2);
        now--;
      }),
    );
    const f = await EngineFixture.start({ workflows: [busy], limits: { concurrentRunsMax: 3 } });
    const runs = await Promise.all(Array.from({ length: 20 }, () => f.run(busy)));
    for (const run of runs) expect((await f.ended(run)).status).toBe("completed");
    expect(most).toBe(3);
  });

  test("runs that wake while all places are taken get one when it is free", async () => {
    const clock = new SimulatedClock(1_000);
    const gate = Promise.withResolvers<void>();
    const sleeper = workflow({ name: "sleeper" }, async (ctx) => ctx.sleep("1m"));
    const busy = workflow({ name: "busy" }, async (ctx) => ctx.step("s", () => gate.promise));
    const f = await EngineFixture.start({
      workflows: [sleeper, busy],
      limits: { concurrentRunsMax: 1 },
      clock,
      workerLimits: { parkAfterMs: 10 },
    });
    const sleeping = await f.run(sleeper);
    await pass(clock, 100);
    expect(f.engine.hotRuns).toBe(0);
    const holding = await f.run(busy);
    await pass(clock, 60_000);
    expect((await f.store.getRun({ run: sleeping }))?.status).toBe("queued");
    gate.resolve();
    await f.ended(holding);
    expect((await f.ended(sleeping)).status).toBe("completed");
  });

  test("a place that a start held and did not use goes to whoever waits", async () => {
    const gate = Promise.withResolvers<void>();
    let holding = false;
    const { store } = faultyStore(new MemoryRunStore(), {
      plan: ({ verb, params }) => {
        const keyed = verb === "createRun" && (params as { readonly run: NewRun }).run.key !== undefined;
        return holding && keyed ? { fault: "delay", until: gate.promise } : undefined;
      },
      afterCrash: "reject",
    });
    const f = await EngineFixture.start({ workflows: [echo], limits: { concurrentRunsMax: 1 }, store });
    await f.ended(await f.run(echo, 1, { key: "k" }));
    await rest();
    holding = true;
    const existing = f.run(echo, 1, { key: "k" });
    await rest();
    const other = await f.run(echo, 2);
    await rest();
    expect((await store.getRun({ run: other }))?.status).toBe("queued");
    gate.resolve();
    await existing;
    expect((await f.ended(other)).output).toBe(2);
  });

  test("takes those of higher priority first, then the oldest", async () => {
    const order: unknown[] = [];
    const gate = Promise.withResolvers<void>();
    const noting = workflow({ name: "noting" }, async (ctx, input: string) => {
      await ctx.step("s", async () => {
        if (input === "first") await gate.promise;
        order.push(input);
      });
    });
    const f = await EngineFixture.start({ workflows: [noting], limits: { concurrentRunsMax: 1 } });
    const runs = [await f.run(noting, "first")];
    for (const [input, priority] of [
      ["low", 0],
      ["high", 5],
      ["low too", 0],
      ["lowest", -1],
    ] as const)
      runs.push(await f.run(noting, input, { priority }));
    gate.resolve();
    for (const run of runs) await f.ended(run);
    expect(order).toEqual(["first", "high", "low", "low too", "lowest"]);
  });
});

describe("queueLengthMax", () => {
  test.each(["no free place", "no worker"])("refuses starts once so many runs wait, with %s", async (why) => {
    const limits = { concurrentRunsMax: why === "no free place" ? 1 : 10, queueLengthMax: 2 };
    const f = new EngineFixture({ workflows: [waiter], limits });
    await f.engine.start();
    await f.attach();
    if (why === "no worker")
      await f.engine
        .attach({ id: "worker-v1", send: () => undefined })
        .lost({ crashed: false, executing: [], message: "" });
    else await f.until(await f.run(waiter), "waiting");
    const queued = [await f.run(waiter), await f.run(waiter)];
    const refused = await f.engine.startRun({ by: tester, workflow: "waiter", input: encodeValue(undefined) });
    expect(refused).toMatchObject({
      ok: false,
      error: { code: "queue_full", message: expect.stringContaining("queueLengthMax") },
    });
    await f.engine.operations.cancel({ by: tester, run: queued[0] ?? "" });
    expect(await f.store.countRuns({ filter: {} })).toBe(why === "no worker" ? 2 : 3);
  });
});

describe("eventsMax", () => {
  test("refuses events, from outside and from runs, until old ones are swept away", async () => {
    const clock = new SimulatedClock(1_000);
    const telling = workflow({ name: "telling" }, async (ctx) => ctx.emit("e", 3));
    const f = await EngineFixture.start({
      workflows: [telling],
      limits: { eventsMax: 2, eventRetentionMs: 10_000 },
      clock,
    });
    await f.emit("e", 1);
    expect((await f.result(telling)).status).toBe("completed");
    const refused = await f.engine.emit({ by: tester, name: "e", payload: encodeValue(4) });
    expect(refused).toMatchObject({
      ok: false,
      error: {
        code: "events_full",
        message: expect.stringContaining("eventsMax"),
        hint: expect.stringContaining("limits.eventsMax"),
      },
    });
    expect(await f.result(telling)).toMatchObject({ status: "failed", error: { code: "events_full" } });
    expect((await f.store.listEvents({ after: 0, limit: 10 })).map((each) => decodeValue(each.payload))).toEqual([
      1, 3,
    ]);
    await pass(clock, 70_000);
    await f.emit("e", 5);
  });

  test("counts what an earlier process stored", async () => {
    const store = new MemoryRunStore();
    await (await EngineFixture.start({ workflows: [waiter], store })).emit("e", 1);
    const second = await EngineFixture.start({ workflows: [waiter], store, limits: { eventsMax: 1 } });
    expect(await second.engine.emit({ by: tester, name: "e", payload: encodeValue(2) })).toMatchObject({
      ok: false,
      error: { code: "events_full" },
    });
  });
});
