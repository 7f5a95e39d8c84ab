// Flow control as users meet it: options of a workflow, kept by engine, store and worker together.
import { describe, expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import type { FlowOptions } from "@sluice/sdk";
import { manifestOf } from "@sluice/worker";
import { MemoryRunStore } from "../store/memory/index.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";
import { flowOf, flowRules } from "./flow.ts";
import { engineLimits } from "./limits.ts";

interface Order {
  readonly tenant: string;
}

/** Counts how many of its steps go on at once. */
function counting(clock: SimulatedClock, options: FlowOptions, ms = 100) {
  const seen = { now: 0, most: 0, of: new Map<string, number>(), begun: [] as string[] };
  const counted = workflow({ name: "counted", ...options }, async (ctx, input: Order | undefined) =>
    ctx.step("work", async () => {
      const key = input?.tenant ?? "";
      seen.begun.push(key);
      seen.now++;
      seen.most = Math.max(seen.most, seen.now);
      await new Promise<void>((resolve) => void clock.after(ms, () => resolve()));
      seen.now--;
    }),
  );
  return { counted, seen };
}

async function startMany(f: EngineFixture, count: number, input?: (i: number) => Order): Promise<string[]> {
  const started = Array.from({ length: count }, (_, i) => f.run("counted", input?.(i)));
  return Promise.all(started);
}

async function passes(clock: SimulatedClock, times: number, ms: number): Promise<void> {
  for (let i = 0; i < times; i++) await pass(clock, ms);
}

describe("concurrency", () => {
  test("so many runs go on at once, and all come to their end", async () => {
    const clock = new SimulatedClock(1_000);
    const { counted, seen } = counting(clock, { concurrency: 3 });
    const f = await EngineFixture.start({ workflows: [counted], clock });
    const runs = await startMany(f, 10);
    await passes(clock, 4, 100);
    for (const run of runs) expect((await f.ended(run)).status).toBe("completed");
    expect(seen.most).toBe(3);
  });

  test("by key: tenants have limits of their own, within one over all", async () => {
    const clock = new SimulatedClock(1_000);
    const { counted, seen } = counting(clock, { concurrency: [{ limit: 3 }, { limit: 1, key: "input.tenant" }] });
    const f = await EngineFixture.start({ workflows: [counted], clock });
    const runs = await startMany(f, 8, (i) => ({ tenant: i < 5 ? "a" : `b${i}` }));
    await rest();
    expect(seen.begun.toSorted()).toEqual(["a", "b5", "b6"]);
    await passes(clock, 6, 100);
    for (const run of runs) expect((await f.ended(run)).status).toBe("completed");
    expect(seen.most).toBe(3);
  });

  test("holds with two versions of the code in use, and with the limit of the one deployed last", async () => {
    const clock = new SimulatedClock(1_000);
    const first = counting(clock, { concurrency: 2 });
    const second = counting(clock, { concurrency: 1 });
    const f = await EngineFixture.start({ workflows: [first.counted], clock, onDeploy: "pin" });
    await startMany(f, 4);
    await f.attach({ workflows: [second.counted], version: "v2" });
    await startMany(f, 2);
    await rest();
    expect([first.seen.now, second.seen.now]).toEqual([2, 0]);
    await pass(clock, 100);
    expect(first.seen.now + second.seen.now).toBe(1);
    await passes(clock, 4, 100);
    expect([first.seen.begun.length, second.seen.begun.length]).toEqual([4, 2]);
    expect(second.seen.most).toBe(1);
  });

  test("survives the process: what went on goes on, and no more than that", async () => {
    const clock = new SimulatedClock(1_000);
    const store = new MemoryRunStore();
    const before = counting(clock, { concurrency: 2 });
    const after = counting(clock, { concurrency: 2 });
    const first = await EngineFixture.start({ workflows: [before.counted], clock, store });
    const runs = await startMany(first, 5);
    await rest();
    expect(before.seen.now).toBe(2);
    first.crash();
    const second = await EngineFixture.start({ workflows: [after.counted], clock, store });
    await rest();
    expect(after.seen.now).toBe(2);
    await passes(clock, 3, 100);
    for (const run of runs) expect((await second.ended(run)).status).toBe("completed");
    expect(after.seen.most).toBe(2);
  });

  test("a run that waits lets another go on, and is taken back where its place is gone when its wait is over", async () => {
    const clock = new SimulatedClock(1_000);
    const busy = { now: 0, most: 0 };
    const napper = workflow({ name: "napper", concurrency: 1 }, async (ctx, naps: boolean) => {
      if (naps) await ctx.sleep("nap", 50);
      await ctx.step("work", async () => {
        busy.most = Math.max(busy.most, ++busy.now);
        await new Promise<void>((resolve) => void clock.after(100, () => resolve()));
        busy.now--;
      });
      return naps;
    });
    const f = await EngineFixture.start({ workflows: [napper], clock });
    const sleeper = await f.run(napper, true);
    await f.until(sleeper, "waiting");
    const other = await f.run(napper, false);
    await f.until(other, "running");
    await pass(clock, 50);
    await f.until(sleeper, "queued", "concurrency_limit");
    expect(f.engine.hotRuns).toBe(1);
    await passes(clock, 3, 50);
    expect((await f.ended(other)).status).toBe("completed");
    await passes(clock, 3, 50);
    expect((await f.ended(sleeper)).output).toBe(true);
    expect(busy.most).toBe(1);
  });
});

describe("starts", () => {
  test("past a rate limit are refused, and say when to come again", async () => {
    const clock = new SimulatedClock(1_000);
    const { counted } = counting(clock, { rateLimit: { count: 2, per: "1m", key: "input.tenant" } });
    const f = await EngineFixture.start({ workflows: [counted], clock });
    const start = (tenant: string) =>
      f.engine.startRun({ by: tester, workflow: "counted", input: encodeValue({ tenant }) });
    for (const tenant of ["a", "a", "b"]) expect((await start(tenant)).ok).toBe(true);
    expect(await start("a")).toMatchObject({
      ok: false,
      error: { code: "rate_limited", details: { retryAt: 61_000 } },
    });
    expect(f.engine.counters.starts_rate_limited).toBe(1);
    clock.advance(60_000);
    expect((await start("a")).ok).toBe(true);
  });

  test("in a storm that is debounced make one run with the last input", async () => {
    const clock = new SimulatedClock(1_000);
    const inputs: unknown[] = [];
    const save = workflow({ name: "save", debounce: { wait: "1s", maxWait: "3s" } }, async (_ctx, input: number) => {
      inputs.push(input);
    });
    const f = await EngineFixture.start({ workflows: [save], clock });
    const first = await f.run(save, 0);
    for (let i = 1; i < 50; i++) {
      await pass(clock, 100);
      await f.run(save, i);
    }
    await passes(clock, 3, 1_000);
    // 4.9 seconds of starts: two runs for the longest time of 3, each with what came last before it began.
    expect(inputs.at(-1)).toBe(49);
    expect(inputs.length).toBe(2);
    expect((await f.ended(first)).status).toBe("completed");
    expect(f.engine.counters.starts_debounced).toBe(48);
  });

  test("that are gathered make one run with their inputs, each checked and parsed", async () => {
    const clock = new SimulatedClock(1_000);
    const schema = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value: unknown) =>
          typeof value === "number" ? { value: value * 10 } : { issues: [{ message: "is no number" }] },
      },
    } as const;
    const sum = workflow(
      { name: "sum", input: schema, batch: { size: 3, wait: "10s" } },
      async (_ctx, inputs) => inputs,
    );
    const f = await EngineFixture.start({ workflows: [sum], clock });
    const runs = [await f.run(sum, 1), await f.run(sum, 2)];
    const wrong = await f.engine.startRun({ by: tester, workflow: "sum", input: encodeValue("x") });
    expect(wrong).toMatchObject({ ok: false, error: { code: "invalid_input" } });
    const third = await f.engine.startRun({ by: tester, workflow: "sum", input: encodeValue(3) });
    expect(third).toMatchObject({ ok: true, value: { created: false, joined: "batched" } });
    expect(new Set(runs).size).toBe(1);
    expect((await f.ended(runs[0] ?? "")).output).toEqual([10, 20, 30]);
    const forked = await f.engine.operations.fork({ by: tester, run: runs[0] ?? "", input: encodeValue([7, 8]) });
    expect(forked.ok && (await f.ended(forked.value.id)).output).toEqual([70, 80]);
    const bad = await f.engine.operations.fork({ by: tester, run: runs[0] ?? "", input: encodeValue(7) });
    expect(bad).toMatchObject({ ok: false, error: { code: "invalid_input" } });
    // One that nobody joins begins when its time is up.
    const alone = await f.run(sum, 4);
    await pass(clock, 10_000);
    expect((await f.ended(alone)).output).toEqual([40]);
  });

  test("of which there is one find it, or end it and begin when it is over", async () => {
    const clock = new SimulatedClock(1_000);
    const skips = workflow({ name: "skips", singleton: "skip" }, async (ctx) => ctx.sleep("nap", 100));
    const replaces = workflow({ name: "replaces", singleton: "replace" }, async (ctx, n: number) => {
      await ctx.sleep("nap", 100);
      return n;
    });
    const f = await EngineFixture.start({ workflows: [skips, replaces], clock });
    const one = await f.run(skips);
    expect(await f.run(skips)).toBe(one);
    const first = await f.run(replaces, 1);
    await f.until(first, "waiting");
    const second = await f.run(replaces, 2);
    expect(await f.ended(first)).toMatchObject({ status: "cancelled", reason: "replaced" });
    await f.until(second, "waiting");
    await passes(clock, 2, 100);
    expect((await f.ended(second)).output).toBe(2);
    expect(await f.run(skips)).not.toBe(one);
  });

  test("that do not begin in time end with the reason", async () => {
    const clock = new SimulatedClock(1_000);
    const { counted } = counting(clock, { concurrency: 1, startWithin: "1s" }, 5_000);
    const f = await EngineFixture.start({ workflows: [counted], clock });
    const [first = "", second = ""] = await startMany(f, 2);
    await pass(clock, 1_000);
    expect(await f.ended(second)).toMatchObject({ status: "timedout", reason: "start_deadline" });
    await pass(clock, 4_000);
    expect((await f.ended(first)).status).toBe("completed");
  });

  test("begin evenly spread behind a throttle", async () => {
    const clock = new SimulatedClock(1_000);
    const { counted, seen } = counting(clock, { throttle: { count: 10, per: "1s" } }, 1);
    const f = await EngineFixture.start({ workflows: [counted], clock });
    await startMany(f, 5);
    const begun: number[] = [];
    for (let i = 0; i < 5; i++) {
      await rest();
      begun.push(seen.begun.length);
      await pass(clock, 100);
    }
    expect(begun).toEqual([1, 2, 3, 4, 5]);
  });

  test("take the workflow's priority where they name none", async () => {
    const low = workflow({ name: "low", priority: -2 }, async () => 1);
    const f = await EngineFixture.start({ workflows: [low] });
    const run = await f.run(low);
    expect((await f.store.getRun({ run }))?.priority).toBe(-2);
    const other = await f.run(low, undefined, { priority: 5 });
    expect((await f.store.getRun({ run: other }))?.priority).toBe(5);
  });
});

test("children, forks and schedules pass the gates of their workflow", async () => {
  const clock = new SimulatedClock(1_000);
  const { counted, seen } = counting(clock, { concurrency: 1 });
  const parent = workflow({ name: "parent" }, async (ctx) => {
    await Promise.all([1, 2, 3].map(() => ctx.call(counted, undefined)));
    return "all";
  });
  const f = await EngineFixture.start({ workflows: [counted, parent], clock });
  const run = await f.run(parent);
  await passes(clock, 4, 100);
  expect((await f.ended(run)).output).toBe("all");
  expect(seen.most).toBe(1);
  const { runs } = await f.store.listRuns({ filter: { parent: run }, limit: 10 });
  const forks = await Promise.all(
    runs.map(async (child) => f.engine.operations.fork({ by: tester, run: child.id, from: 0 })),
  );
  await passes(clock, 4, 100);
  for (const forked of forks) expect(forked.ok && (await f.ended(forked.value.id)).status).toBe("completed");
  expect(seen.most).toBe(1);
});

test("what is done in bulk passes gates like everything else", async () => {
  const clock = new SimulatedClock(1_000);
  const seen = { now: 0, most: 0, broken: true };
  const fragile = workflow({ name: "fragile", concurrency: 2, retry: { attempts: 1 } }, async (ctx) =>
    ctx.step("work", async () => {
      seen.most = Math.max(seen.most, ++seen.now);
      await new Promise<void>((resolve) => void clock.after(100, () => resolve()));
      seen.now--;
      if (seen.broken) throw new Error("not today");
    }),
  );
  const f = await EngineFixture.start({ workflows: [fragile], clock });
  const runs = await Promise.all(Array.from({ length: 6 }, () => f.run(fragile)));
  await passes(clock, 4, 100);
  const bulk = async (action: "retry" | "fork" | "pause" | "resume" | "cancel") =>
    f.engine.operations.bulk({ by: tester, action, filter: { workflow: "fragile" }, dryRun: false });
  const statuses = async (): Promise<string[]> => {
    const all = await f.store.listRuns({ filter: { workflow: "fragile" }, limit: 99 });
    return all.runs.map(({ status, reason }) => `${status} ${reason}`).toSorted();
  };
  expect(await statuses()).toEqual(runs.map(() => "failed error"));
  seen.broken = false;
  expect(await bulk("retry")).toMatchObject({ value: { changed: 6 } });
  await rest();
  const held = "queued concurrency_limit";
  expect(await statuses()).toEqual([held, held, held, held, "running undefined", "running undefined"]);
  // Paused in their line they hold nobody up, and stand in it again afterwards.
  expect(await bulk("pause")).toMatchObject({ value: { changed: 6 } });
  await passes(clock, 2, 100);
  expect(await bulk("resume")).toMatchObject({ ok: true });
  await passes(clock, 6, 100);
  expect(await statuses()).toEqual(runs.map(() => "completed undefined"));
  expect(await bulk("fork")).toMatchObject({ value: { changed: 6 } });
  await rest();
  expect(seen.now).toBe(2);
  expect(await bulk("cancel")).toMatchObject({ value: { changed: 6, refused: 6 } });
  await passes(clock, 4, 100);
  expect([seen.most, seen.now]).toEqual([2, 0]);
});

describe("a key", () => {
  const gates = (input: unknown, key: string): readonly string[] => {
    const [manifest] = manifestOf([workflow({ name: "w", concurrency: { limit: 1, key } }, async () => 1)]);
    if (manifest === undefined) throw new Error("there is no manifest");
    return flowOf(manifest, encodeValue(input), engineLimits)?.gates ?? [];
  };

  test("is read from the input as people would write it", () => {
    const input = { tenant: "acme", n: 7, yes: true, list: [{ id: "x" }], deep: { a: 1 } };
    const keys = ["input.tenant", "input.n", "input.yes", "input.list.0.id", "input.deep"];
    expect(keys.map((key) => gates(input, key)[0]?.split("\t").at(-1))).toEqual(["acme", "7", "true", "x", '{"a":1}']);
  });

  test("that is not there is one for all without it, and no method of an object is one", () => {
    expect(gates({}, "input.tenant")).toEqual(gates(undefined, "input.tenant"));
    expect(gates({}, "input.constructor")).toEqual(["w\tconcurrency\tinput.constructor\t"]);
  });

  test("that is long stands for itself, shortly", () => {
    const long = "x".repeat(5_000);
    const [one = "", other = ""] = [gates({ t: long }, "input.t")[0], gates({ t: `${long}y` }, "input.t")[0]];
    expect(one.length).toBeLessThan(200);
    expect(one).not.toBe(other);
  });

  test("may hold a tab without being another", () => {
    expect(gates({ t: "a\tb" }, "input.t")).not.toEqual(gates({ t: "a" }, "input.t"));
  });
});

test("a workflow that says nothing has no rules and its runs pass no gates", () => {
  const [manifest] = manifestOf([workflow({ name: "w" }, async () => 1)]);
  if (manifest === undefined) throw new Error("there is no manifest");
  expect(flowRules(manifest)).toEqual([]);
  expect(flowOf(manifest, encodeValue(1), engineLimits)).toBeUndefined();
});
