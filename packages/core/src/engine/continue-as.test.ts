// Workflows without an end: a run goes on as another one, in one commit, and whoever waits for it waits for that.
import { describe, expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import type { StandardSchemaV1 } from "@sluice/sdk";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";

const counting = workflow({ name: "counting" }, async (ctx, input: { from: number; to: number }) => {
  const next = await ctx.step("add", () => input.from + 1);
  return next < input.to ? ctx.continueAs({ from: next, to: input.to }) : next;
});

async function chainOf(f: EngineFixture, first: string) {
  const { runs } = await f.store.listRuns({ filter: { chain: first }, limit: 99 });
  return runs.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
}

async function lastOf(f: EngineFixture, run: string): Promise<unknown> {
  const ended = await f.engine.ended(run);
  if (!ended.ok) throw new Error(ended.error.message);
  return ended.value.continuedTo === undefined ? (await f.ended(run)).output : lastOf(f, ended.value.continuedTo);
}

describe("a run that goes on as another", () => {
  test("has completed, and its chain is found by the first", async () => {
    const f = await EngineFixture.start({ workflows: [counting] });
    const first = await f.run(counting, { from: 0, to: 3 }, { tags: ["t"], priority: 4, key: "k" });
    expect(await lastOf(f, first)).toBe(3);
    const runs = await chainOf(f, first);
    expect(runs.map(({ status, reason }) => [status, reason])).toEqual([
      ["completed", "continued"],
      ["completed", "continued"],
      ["completed", undefined],
    ]);
    expect(runs.map(({ chain }) => chain)).toEqual([first, first, first]);
    expect(runs.map(({ continuedFrom }) => continuedFrom)).toEqual([undefined, runs[0]?.id, runs[1]?.id]);
    expect(runs.map(({ continuedTo }) => continuedTo)).toEqual([runs[1]?.id, runs[2]?.id, undefined]);
    expect(runs.map(({ tags, priority }) => [...tags, priority])).toEqual([
      ["t", 4],
      ["t", 4],
      ["t", 4],
    ]);
    expect(runs.map(({ key }) => key)).toEqual(["k", undefined, undefined]);
    expect(await f.journal(runs[2]?.id ?? "")).toEqual(["0 step add completed"]);
  });

  test("is waited for to the end of the chain by the run that called it", async () => {
    const parent = workflow({ name: "parent" }, async (ctx, key: string | undefined) =>
      ctx.call(counting, { from: 0, to: 4 }, key === undefined ? {} : { idempotencyKey: key }),
    );
    const f = await EngineFixture.start({ workflows: [counting, parent], workerLimits: { parkAfterMs: 0 } });
    expect((await f.result(parent)).output).toBe(4);
    expect((await f.result(parent, "k")).output).toBe(4);
    expect((await f.result(parent, "k")).output).toBe(4);
    const { runs } = await f.store.listRuns({ filter: { workflow: "counting" }, limit: 99 });
    expect(runs).toHaveLength(8);
  });

  test("is cancelled with the run that called it, whichever of the chain it is by then", async () => {
    const looping = workflow({ name: "looping" }, async (ctx, round: number) => {
      if (round === 3) await ctx.waitFor("never");
      return ctx.continueAs(round + 1);
    });
    const parent = workflow({ name: "parent" }, async (ctx) => ctx.call(looping, 1));
    const f = await EngineFixture.start({ workflows: [looping, parent] });
    const run = await f.run(parent);
    let waiting: string | undefined;
    while (waiting === undefined) {
      const { runs } = await f.store.listRuns({ filter: { workflow: "looping", status: ["waiting"] }, limit: 9 });
      waiting = runs[0]?.id;
      await rest(1);
    }
    await f.engine.operations.cancel({ by: tester, run });
    expect((await f.ended(waiting)).reason).toBe("cancelled_by_parent");
    expect((await f.ended(run)).status).toBe("cancelled");
  });

  test("hands on the events that nobody of the chain has taken, and none that was", async () => {
    const inbox = workflow({ name: "inbox" }, async (ctx, seen: string[]) => {
      const event = await ctx.waitFor<string>("mail");
      const keyed = await ctx.waitFor<string>("keyed", { key: "k" });
      const all = [...seen, event, keyed];
      return all.length === 6 ? all : ctx.continueAs(all);
    });
    const f = await EngineFixture.start({ workflows: [inbox] });
    await f.emit("keyed", "k0", { key: "k" });
    const first = await f.run(inbox, []);
    for (const text of ["a", "b", "c"]) await f.emit("mail", text);
    for (const text of ["k1", "k2"]) await f.emit("keyed", text, { key: "k" });
    expect(await lastOf(f, first)).toEqual(["a", "k0", "b", "k1", "c", "k2"]);
  });

  test("frees its locks and forgets its undos", async () => {
    const undone: string[] = [];
    const locking = workflow({ name: "locking" }, async (ctx, round: number) => {
      await ctx.step("effect", () => round, { undo: () => void undone.push(`round ${round}`) });
      if (round === 2) throw new Error("enough");
      return ctx.lock("door", async () => ctx.continueAs(round + 1));
    });
    const f = await EngineFixture.start({ workflows: [locking] });
    const first = await f.run(locking, 0);
    expect(await lastOf(f, first)).toBeUndefined();
    expect((await chainOf(f, first)).map(({ status }) => status)).toEqual(["completed", "completed", "failed"]);
    expect(undone).toEqual(["round 2"]);
  });

  test("has its input checked, and fails where that does not fit", async () => {
    const numbers: StandardSchemaV1<number, number> = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value) =>
          typeof value === "number" ? { value: value * 10 } : { issues: [{ message: "no number" }] },
      },
    };
    const checked = workflow({ name: "checked", input: numbers }, async (ctx, input) =>
      input >= 100 ? input : ctx.continueAs(input === 50 ? "text" : input),
    );
    const f = await EngineFixture.start({ workflows: [checked] });
    expect(await lastOf(f, await f.run(checked, 1))).toBe(100);
    expect(await f.result(checked, 5)).toMatchObject({ status: "failed", error: { code: "invalid_input" } });
  });

  test("goes on under the code of today, and with the time limit of that", async () => {
    const clock = new SimulatedClock(1_000);
    const old = workflow({ name: "w" }, async (ctx, n: number) => {
      await ctx.sleep("nap", 1_000);
      return ctx.continueAs(n + 1);
    });
    const f = await EngineFixture.start({ workflows: [old], onDeploy: "pin", clock });
    const first = await f.run(old, 1);
    await rest();
    const today = workflow({ name: "w", timeout: "1h" }, async (_ctx, n: number) => `new ${n}`);
    await f.attach({ workflows: [today], version: "v2" });
    await pass(clock, 1_000);
    expect(await lastOf(f, first)).toBe("new 2");
    const [, second] = await chainOf(f, first);
    expect(second).toMatchObject({ version: "v2", timeoutAt: (second?.createdAt ?? 0) + 3_600_000 });
  });

  test("loses to a cancellation that came before", async () => {
    const slow = workflow({ name: "slow" }, async (ctx) => {
      await ctx.step("s", async ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", resolve)));
      return ctx.continueAs();
    });
    const f = await EngineFixture.start({ workflows: [slow] });
    const run = await f.run(slow);
    await rest();
    await f.engine.operations.cancel({ by: tester, run });
    expect((await f.ended(run)).status).toBe("cancelled");
    expect(await chainOf(f, run)).toHaveLength(1);
  });

  test("is let go by retention while the chain goes on", async () => {
    const clock = new SimulatedClock(1_000_000);
    const endless = workflow({ name: "endless", retention: { count: 2 } }, async (ctx, n: number) => {
      await ctx.sleep("nap", 1_000);
      return ctx.continueAs(n + 1);
    });
    const f = await EngineFixture.start({ workflows: [endless], clock });
    const first = await f.run(endless, 1);
    for (let i = 0; i < 5; i++) await pass(clock, 1_000);
    await f.engine.cleaning.clean();
    const left = await chainOf(f, first);
    expect(left.map(({ status }) => status)).toEqual(["completed", "completed", "waiting"]);
    expect(left.every(({ chain, id }) => chain === first && id !== first)).toBe(true);
    await pass(clock, 1_000);
    expect(await chainOf(f, first)).toHaveLength(4);
  });

  test("passes the gates of its workflow anew, behind those that were there before", async () => {
    const clock = new SimulatedClock(1_000);
    const begun: string[] = [];
    const rounds = workflow(
      { name: "rounds", concurrency: 1 },
      async (ctx, { by, left }: { by: string; left: number }) => {
        await ctx.step("work", async () => {
          begun.push(by);
          await new Promise<void>((resolve) => void clock.after(10, () => resolve()));
        });
        return left === 0 ? by : ctx.continueAs({ by, left: left - 1 });
      },
    );
    const f = await EngineFixture.start({ workflows: [rounds], clock });
    const endless = await f.run(rounds, { by: "a", left: 3 });
    await pass(clock, 5);
    await f.run(rounds, { by: "b", left: 0 });
    for (let i = 0; i < 10; i++) await pass(clock, 5);
    expect(await lastOf(f, endless)).toBe("a");
    expect(begun).toEqual(["a", "b", "a", "a", "a"]);
  });

  test("is the one run of its kind all along its chain, is no start of its own, and ends the chain that is replaced", async () => {
    const clock = new SimulatedClock(1_000);
    const looping = (mode: "skip" | "replace") =>
      workflow(
        { name: mode, singleton: mode, rateLimit: { count: 2, per: "1h" }, startWithin: "1h" },
        async (ctx, round: number) => {
          await ctx.sleep("round", 100);
          return ctx.continueAs(round + 1);
        },
      );
    const f = await EngineFixture.start({ workflows: [looping("skip"), looping("replace")], clock });
    const first = await f.run("skip", 0);
    for (let i = 0; i < 5; i++) await pass(clock, 100);
    const chain = await chainOf(f, first);
    expect(chain.length).toBeGreaterThan(4);
    const again = await f.engine.startRun({ by: tester, workflow: "skip", input: encodeValue(0) });
    expect(again).toMatchObject({ ok: true, value: { created: false, joined: "skipped", run: { chain: first } } });
    const replaced = await f.run("replace", 0);
    for (let i = 0; i < 3; i++) await pass(clock, 100);
    const other = await f.run("replace", 0);
    await pass(clock, 100);
    const ended = (await chainOf(f, replaced)).at(-1);
    expect(ended).toMatchObject({ status: "cancelled", reason: "replaced" });
    await pass(clock, 200);
    expect((await chainOf(f, other)).length).toBeGreaterThan(1);
    await f.engine.stop(0);
  });

  test("of a workflow that gathers goes on with the input it names, and gathers no further", async () => {
    const clock = new SimulatedClock(1_000);
    const gathers = workflow({ name: "gathers", batch: { size: 2, wait: "1m" } }, async (ctx, items: unknown) =>
      Array.isArray(items) && items.length === 2 ? ctx.continueAs([...(items as unknown[]), "more"]) : items,
    );
    const f = await EngineFixture.start({ workflows: [gathers], clock });
    const run = await f.run(gathers, 1);
    await f.run(gathers, 2);
    await pass(clock, 0);
    expect(await lastOf(f, run)).toEqual([1, 2, "more"]);
    await f.engine.stop(0);
  });

  test("takes an input that is kept as a blob, or refuses one that is too large", async () => {
    const growing = workflow({ name: "growing" }, async (ctx, text: string) =>
      text.length > 500 ? text.length : ctx.continueAs(text + text),
    );
    const f = await EngineFixture.start({
      workflows: [growing],
      limits: { inlineBytesMax: 50, payloadBytesMax: 2_000 },
    });
    expect(await lastOf(f, await f.run(growing, "x".repeat(40)))).toBe(640);
    const small = await EngineFixture.start({ workflows: [growing], limits: { payloadBytesMax: 200 } });
    const started = await small.engine.startRun({
      by: tester,
      workflow: "growing",
      input: encodeValue("x".repeat(150)),
    });
    expect(started.ok && (await small.ended(started.value.run.id))).toMatchObject({
      status: "failed",
      error: { code: "payload_too_large" },
    });
  });
});
