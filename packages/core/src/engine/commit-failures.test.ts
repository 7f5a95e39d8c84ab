// A commit that fails has never happened: nobody saw anything of it, and the run goes on from its journal.
import { describe, expect, test } from "bun:test";
import { decodeValue, encodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import type { RunStore, StoreOp } from "../kernel/run-store.ts";
import { faultyStore } from "../testing/faulty-store.ts";
import type { FaultPlan } from "../testing/faulty-store.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { SimulatedRandom } from "../testing/simulated-random.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";
import { MemoryBlobs } from "./memory-blobs.suite.ts";
import type { RunUpdate } from "./watch.ts";

type StoreVerb = keyof RunStore;

const limits = { reloadDelayMs: 1 };

/** Fails the writes of a verb with these numbers, from 1. */
function failing(verb: StoreVerb, numbers: readonly number[]): FaultPlan {
  let count = 0;
  return (write) => (write.verb === verb && numbers.includes(++count) ? { fault: "fail" } : undefined);
}

/** Fails the first append that contains an operation of this kind. */
function failingOp(op: StoreOp["op"]): FaultPlan {
  let failed = false;
  return ({ verb, params }) => {
    if (failed || verb !== "append") return undefined;
    failed = (params as { readonly ops: readonly StoreOp[] }).ops.some((each) => each.op === op);
    return failed ? { fault: "fail" } : undefined;
  };
}

async function over(
  plan: FaultPlan,
  workflows: Parameters<typeof EngineFixture.start>[0]["workflows"],
): Promise<EngineFixture> {
  const { store } = faultyStore(new MemoryRunStore(), { plan, afterCrash: "reject" });
  return EngineFixture.start({ workflows, store, limits, workerLimits: { parkAfterMs: 0 } });
}

const child = workflow({ name: "child" }, async (ctx, input: number) => {
  await ctx.state.global.incr("children");
  return input * 2;
});
const everything = workflow({ name: "everything" }, async (ctx) => {
  await ctx.state.global.incr("parents");
  const doubled = await ctx.call(child, 21);
  await ctx.start(child, 1);
  const [step] = await Promise.all([ctx.step("s", () => 1, { undo: () => undefined }), ctx.sleep(2)]);
  const got = await ctx.race({
    told: ctx.waitFor("told", { key: "k" }),
    emitted: ctx.emit("told", doubled, { key: "k" }),
  });
  await ctx.lock("door", async () => ctx.state.global.incr("inside"));
  return [doubled, step, typeof got.winner];
});

async function outcome(f: EngineFixture): Promise<unknown> {
  const counts: unknown[] = [];
  for (const key of ["parents", "children", "inside"]) {
    const entry = await f.store.getState({ scope: "global", key, now: Date.now() });
    counts.push(entry === undefined ? undefined : decodeValue(entry.value));
  }
  return {
    counts,
    runs: await f.store.countRuns({ filter: {} }),
    events: (await f.store.listEvents({ after: 0, limit: 9 })).length,
  };
}
const once = { counts: [1, 2, 1], runs: 3, events: 1 };

describe("a commit that fails", () => {
  test("hides what it contained: a step's result reaches nobody, and the step is executed again", async () => {
    const log: string[] = [];
    const two = workflow({ name: "two" }, async (ctx) => {
      const a = await ctx.step("a", () => (log.push("a"), log.length));
      log.push(`saw ${a}`);
      return ctx.step("b", () => (log.push("b"), a));
    });
    const f = await over(failingOp("done"), [two]);
    const updates: RunUpdate[] = [];
    f.engine.watchers.watchAll((update) => updates.push(update));
    const run = await f.run(two);
    expect((await f.ended(run)).output).toBe(2);
    expect(log).toEqual(["a", "a", "saw 2", "b"]);
    const completed = updates.filter(({ type, data }) => type === "step" && data["status"] === "completed");
    expect(completed.map(({ id, data }) => [id, data["name"]])).toEqual([
      [1, "a"],
      [2, "b"],
    ]);
    expect(f.engine.counters.commit_failures).toBe(1);
    expect(f.logs.some(({ level, message }) => level === "error" && message.includes("commit failed"))).toBe(true);
  });

  test("of a run's end leaves it unfinished; it ends when it is taken up again", async () => {
    let bodies = 0;
    const one = workflow({ name: "one" }, async () => ++bodies);
    const f = await over(failingOp("finish"), [one]);
    const run = await f.run(one);
    const end = await f.ended(run);
    expect(end).toMatchObject({ status: "completed", output: 2 });
    expect(f.engine.counters.runs_completed).toBe(1);
    expect(f.engine.hotRuns).toBe(0);
  });

  test("of a step that is about to run keeps its effect from happening before it is journaled", async () => {
    const log: string[] = [];
    const undoable = workflow({ name: "undoable" }, async (ctx) =>
      ctx.step("s", () => void log.push("s"), { undo: () => void log.push("undo") }),
    );
    const f = await over(failingOp("started"), [undoable]);
    expect((await f.result(undoable)).status).toBe("completed");
    expect(log).toEqual(["s"]);
  });

  test("ends the incarnation at once: what it still executes is told to stop", async () => {
    const clock = new SimulatedClock(1_000);
    let attempts = 0;
    let aborted = 0;
    const two = workflow({ name: "two" }, async (ctx) =>
      Promise.all([
        ctx.step("quick", () => rest(2)),
        ctx.step("slow", ({ signal }) => {
          if (++attempts > 1) return "again";
          return new Promise((resolve) => {
            signal.addEventListener("abort", () => {
              aborted++;
              resolve("stopped");
            });
          });
        }),
      ]),
    );
    const { store } = faultyStore(new MemoryRunStore(), { plan: failingOp("done"), afterCrash: "reject" });
    const f = await EngineFixture.start({ workflows: [two], store, clock });
    const run = await f.run(two);
    await rest();
    expect(aborted).toBe(1);
    await pass(clock, 250);
    expect((await f.ended(run)).output).toEqual([undefined, "again"]);
  });

  test("of one run is not felt by another", async () => {
    const gate = Promise.withResolvers<void>();
    const steps = workflow({ name: "steps" }, async (ctx, input: string) => {
      await ctx.step("gate", () => gate.promise);
      return [input, ctx.attempt];
    });
    let unlucky = "";
    const { store } = faultyStore(new MemoryRunStore(), {
      plan: ({ verb, params }) => {
        if (verb !== "append" || (params as { readonly run: string }).run !== unlucky) return undefined;
        unlucky = "";
        return { fault: "fail" };
      },
      afterCrash: "reject",
    });
    const f = await EngineFixture.start({ workflows: [steps], store, limits });
    const runs = [await f.run(steps, "a"), await f.run(steps, "b"), await f.run(steps, "c")];
    const epochs = async (): Promise<unknown[]> =>
      Promise.all(runs.map(async (run) => (await f.store.getRun({ run }))?.epoch));
    await rest();
    unlucky = runs[1] ?? "";
    gate.resolve();
    for (const run of runs) expect((await f.ended(run)).status).toBe("completed");
    const [a, b, c] = await epochs();
    expect(a).toBe(c);
    expect(b).not.toBe(a);
  });

  const verbs: readonly StoreVerb[] = ["createRun", "claimRuns", "append", "parkRun", "fireTimers"];
  test.each(verbs)("of %s, whichever, leaves every effect happening once", async (verb) => {
    let reached = 0;
    for (let number = 1; number <= 30; number++) {
      const plan = failing(verb, [number]);
      const f = await over(
        (write) => {
          if (write.verb === verb) reached = Math.max(reached, number);
          return plan(write);
        },
        [child, everything],
      );
      let run = await f.engine.startRun({ by: tester, workflow: "everything", input: encodeValue(undefined) });
      if (!run.ok) {
        expect({ verb, code: run.error.code, runs: await f.store.countRuns({ filter: {} }) }).toEqual({
          verb: "createRun",
          code: "store_failed",
          runs: 0,
        });
        run = await f.engine.startRun({ by: tester, workflow: "everything", input: encodeValue(undefined) });
      }
      if (!run.ok) throw new Error(run.error.message);
      expect((await f.ended(run.value.run.id)).output).toEqual([42, 1, "string"]);
      for (const { id } of (await f.store.listRuns({ filter: { parent: run.value.run.id }, limit: 9 })).runs)
        await f.ended(id);
      expect({ verb, number, ...((await outcome(f)) as object) }).toEqual({ verb, number, ...once });
    }
    expect(reached).toBeGreaterThan(0);
  });

  test("once in three, at random, for twenty seeds", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = new SimulatedRandom(seed);
      let on = false;
      const f = await over(() => (on && random.chance(1 / 3) ? { fault: "fail" } : undefined), [child, everything]);
      on = true;
      let run: string | undefined;
      while (run === undefined) {
        const started = await f.engine.startRun({
          by: tester,
          workflow: "everything",
          input: encodeValue(undefined),
          id: "r",
        });
        if (started.ok) run = started.value.run.id;
      }
      expect((await f.ended(run)).output).toEqual([42, 1, "string"]);
      for (const { id } of (await f.store.listRuns({ filter: { parent: run }, limit: 9 })).runs) await f.ended(id);
      expect({ seed, ...((await outcome(f)) as object) }).toEqual({ seed, ...once });
      expect(f.engine.hotRuns).toBe(0);
    }
  });

  test("because a blob could not be written is one like any other", async () => {
    const blobs = new MemoryBlobs();
    let failures = 2;
    blobs.before = () => (failures-- > 0 ? Promise.reject(new Error("no space")) : Promise.resolve());
    let executed = 0;
    const large = workflow(
      { name: "large" },
      async (ctx) => (await ctx.step("s", () => (executed++, "x".repeat(100_000)))).length,
    );
    const f = await EngineFixture.start({ workflows: [large], blobs, limits });
    expect((await f.result(large)).output).toBe(100_000);
    expect(executed).toBe(3);
  });
});

describe("what an operator or a caller asked for", () => {
  const waiter = workflow({ name: "waiter" }, async (ctx) => ctx.waitFor("go"));

  test("is answered with store_failed and has changed nothing", async () => {
    let verb: StoreVerb | undefined;
    const f = await over((write) => (write.verb === verb ? { fault: "fail" } : undefined), [waiter]);
    const run = await f.run(waiter);
    await f.until(run, "waiting");
    const before = await f.store.getRun({ run });
    const { operations } = f.engine;
    const asked: readonly (readonly [StoreVerb, () => Promise<unknown>])[] = [
      ["cancelRun", () => operations.cancel({ by: tester, run })],
      ["pauseRun", () => operations.pause(tester, run)],
      ["resumeRun", () => operations.resume(tester, run)],
      ["retryRun", () => operations.retry(tester, run)],
      ["forkRun", () => operations.fork({ by: tester, run })],
      ["deleteRuns", () => operations.delete(tester, run)],
    ];
    for (const [each, ask] of asked) {
      verb = each;
      expect({ each, answer: await ask() }).toMatchObject({
        each,
        answer: { ok: false, error: { code: "store_failed" } },
      });
      expect(await f.store.getRun({ run })).toEqual(before);
    }
    verb = undefined;
    await f.emit("go");
    expect((await f.ended(run)).status).toBe("completed");
  });
});
