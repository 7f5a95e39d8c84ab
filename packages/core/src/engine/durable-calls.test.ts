// Calls that change something durable from within a workflow: journaled with their effect, made once, refused inside a step.
import { describe, expect, test } from "bun:test";
import { decodeValue, encodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import type { Context, LockOptions, Workflow } from "@sluice/sdk";
import { crashAt, faultyStore } from "../testing/faulty-store.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";

async function stateOf(f: EngineFixture, scope: string, key: string): Promise<unknown> {
  const entry = await f.store.getState({ scope, key, now: Date.now() });
  return entry === undefined ? undefined : decodeValue(entry.value);
}

describe("state", () => {
  test("is read and written in the scope of the run, the workflow and everybody", async () => {
    const scopes = workflow({ name: "scopes" }, async (ctx, input: string) => {
      const seen = [
        await ctx.state.run.get("k"),
        await ctx.state.workflow.get("k"),
        await ctx.state.global.get("k", "default"),
      ];
      await ctx.state.run.set("k", `run ${input}`);
      await ctx.state.workflow.set("k", `workflow ${input}`);
      await ctx.state.global.set("k", `global ${input}`);
      return [...seen, await ctx.state.run.get("k"), await ctx.state.global.delete("gone")];
    });
    const f = await EngineFixture.start({ workflows: [scopes] });
    expect((await f.result(scopes, "a")).output).toEqual([undefined, undefined, "default", "run a", false]);
    const run = await f.run(scopes, "b");
    expect((await f.ended(run)).output).toEqual([undefined, "workflow a", "global a", "run b", false]);
    expect(await stateOf(f, `run:${run}`, "k")).toBe("run b");
    expect(await stateOf(f, "workflow:scopes", "k")).toBe("workflow b");
  });

  test("is deleted once, and then absent", async () => {
    const deleter = workflow({ name: "deleter" }, async (ctx) => {
      await ctx.state.workflow.set("k", 1);
      const deleted = [await ctx.state.workflow.delete("k"), await ctx.state.workflow.delete("k")];
      return [...deleted, await ctx.state.workflow.get("k", "none")];
    });
    const f = await EngineFixture.start({ workflows: [deleter] });
    expect((await f.result(deleter)).output).toEqual([true, false, "none"]);
  });

  test("expires after its time to live", async () => {
    const clock = new SimulatedClock(1_000);
    const expiring = workflow({ name: "expiring" }, async (ctx) => {
      await ctx.state.global.set("k", 1, { ttl: "1m" });
      const before = await ctx.state.global.get("k");
      await ctx.sleep("1m");
      return [before, await ctx.state.global.get("k")];
    });
    const f = await EngineFixture.start({ workflows: [expiring], clock });
    const run = await f.run(expiring);
    await pass(clock, 60_000);
    expect((await f.ended(run)).output).toEqual([1, undefined]);
  });

  test("a read on replay gives what was read then, not what is there now", async () => {
    const store = new MemoryRunStore();
    const reader = workflow({ name: "reader" }, async (ctx) => {
      const read = await ctx.state.global.get("k");
      await ctx.waitFor("go");
      return [read, await ctx.state.global.get("k")];
    });
    const first = await EngineFixture.start({ workflows: [reader], store });
    await store.setState({ by: tester, scope: "global", key: "k", value: encodeValue("old"), now: Date.now() });
    const run = await first.run(reader);
    await first.until(run, "waiting");
    first.crash();
    await store.setState({ by: tester, scope: "global", key: "k", value: encodeValue("new"), now: Date.now() });
    const second = await EngineFixture.start({ workflows: [reader], store });
    await second.emit("go");
    expect((await second.ended(run)).output).toEqual(["old", "new"]);
  });

  test("counts every increment of many runs, and refuses to add to what is no number", async () => {
    const adder = workflow({ name: "adder" }, async (ctx) => ctx.state.global.incr("hits", 2));
    const wrong = workflow({ name: "wrong" }, async (ctx) => {
      await ctx.state.run.set("text", "x");
      return ctx.state.run.incr("text");
    });
    const f = await EngineFixture.start({ workflows: [adder, wrong] });
    const ends = await Promise.all(Array.from({ length: 25 }, () => f.result(adder)));
    expect(ends.map((end) => end.output).toSorted((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 25 }, (_, i) => 2 * (i + 1)),
    );
    expect(await f.result(wrong)).toMatchObject({ status: "failed", error: { code: "bad_request" } });
  });
});

/** One of each durable call; `end` waits so that a crash can come at any write before. */
const child = workflow({ name: "child" }, async (ctx, input: number) => {
  await ctx.state.global.incr("children");
  return input * 2;
});
const everything = workflow({ name: "everything" }, async (ctx) => {
  await ctx.state.global.incr("parents");
  const doubled = await ctx.call(child, 21);
  await ctx.start(child, 1);
  await ctx.emit("told", { doubled });
  await ctx.lock("door", async () => ctx.state.global.incr("inside"));
  return doubled;
});

describe("an effect and its journal entry are one commit", () => {
  /** Runs to the end with a crash at write `number`; the writes there were. */
  async function crashed(number: number, when: "before" | "after"): Promise<number> {
    const inner = new MemoryRunStore();
    const faulty = faultyStore(inner, { plan: crashAt(number, when), afterCrash: "silence" });
    const first = new EngineFixture({ workflows: [child, everything], store: faulty.store });
    void first.engine.start().then(() => first.attach());
    await rest(5);
    const started = first.run(everything, undefined, { id: "r" }).catch(() => undefined);
    await rest(80);
    const writes = faulty.writes;
    first.crash();
    const second = await EngineFixture.start({ workflows: [child, everything], store: inner });
    if ((await inner.getRun({ run: "r" })) === undefined) await second.run(everything, undefined, { id: "r" });
    void started;
    expect(await second.ended("r")).toMatchObject({ status: "completed", output: 42 });
    await rest(20);
    const counted = await Promise.all(["parents", "children", "inside"].map((key) => stateOf(second, "global", key)));
    expect({ number, when, counted }).toEqual({ number, when, counted: [1, 2, 1] });
    expect(await inner.listEvents({ after: 0, limit: 10 })).toHaveLength(1);
    expect(await inner.countRuns({ filter: { workflow: "child" } })).toBe(2);
    return writes;
  }

  test("whichever write the machine stops before or after, every effect happens once", async () => {
    const writes = await crashed(Number.MAX_SAFE_INTEGER, "before");
    expect(writes).toBeGreaterThan(10);
    for (let number = 1; number <= writes; number++) {
      await crashed(number, "before");
      await crashed(number, "after");
    }
  });
});

describe("inside a step function", () => {
  const calls: Readonly<Record<string, (ctx: Context) => unknown>> = {
    step: (ctx) => ctx.step("inner", () => 1),
    sleep: (ctx) => ctx.sleep("1s"),
    sleepUntil: (ctx) => ctx.sleepUntil(5),
    waitFor: (ctx) => ctx.waitFor("x"),
    approve: (ctx) => ctx.approve("x"),
    token: (ctx) => ctx.token("x"),
    call: (ctx) => ctx.call("child", 1),
    start: (ctx) => ctx.start("child", 1),
    emit: (ctx) => ctx.emit("x"),
    race: (ctx) => ctx.race({ a: async () => 1 }),
    "state get": (ctx) => ctx.state.run.get("x"),
    "state set": (ctx) => ctx.state.global.set("x", 1),
    "state incr": (ctx) => ctx.state.workflow.incr("x"),
    "state delete": (ctx) => ctx.state.run.delete("x"),
    lock: (ctx) => ctx.lock("x", async () => 1),
    random: (ctx) => ctx.random(),
    uuid: (ctx) => ctx.uuid(),
    patched: (ctx) => ctx.patched("x"),
  };
  test.each(Object.keys(calls))("ctx.%s is refused and leaves no trace", async (name) => {
    const nested = workflow({ name: "nested" }, async (ctx) => {
      await ctx.step("outer", async () => {
        await Promise.resolve();
        return await calls[name]?.(ctx);
      });
    });
    const f = await EngineFixture.start({ workflows: [nested, child] });
    const run = await f.run(nested);
    const { status, error } = await f.ended(run);
    expect({ status, code: error?.code }).toEqual({ status: "failed", code: "bad_request" });
    expect(error?.message).toContain("inside a step function");
    expect(await f.journal(run)).toEqual(["0 step outer failed"]);
  });
});

describe("now, random and uuid", () => {
  test("are synchronous and take no commit", async () => {
    const store = new MemoryRunStore();
    const seeded = workflow({ name: "seeded" }, async (ctx) => {
      const values: unknown[] = [ctx.now(), ctx.random(), ctx.uuid()];
      await ctx.step("one", () => 1);
      return [...values, ctx.now(), ctx.random(), ctx.uuid()];
    });
    const f = await EngineFixture.start({ workflows: [seeded], store });
    const run = await f.run(seeded);
    const output = (await f.ended(run)).output as unknown[];
    expect(await f.journal(run)).toEqual(["0 step one completed"]);
    expect(output[2]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(output[4]).not.toBe(output[1]);
    expect(output[5]).not.toBe(output[2]);
  });

  test("give a run taken up again what they gave before, also after a step that was not executed again", async () => {
    const store = new MemoryRunStore();
    const seen: unknown[][] = [];
    const seeded = workflow({ name: "seeded" }, async (ctx, event: string) => {
      const values: unknown[] = [ctx.now(), ctx.random(), ctx.uuid()];
      await ctx.step("one", () => 1);
      values.push(ctx.now(), ctx.random(), ctx.uuid());
      seen.push(values);
      await ctx.waitFor(event);
      return values;
    });
    const first = await EngineFixture.start({ workflows: [seeded], store });
    const run = await first.run(seeded, "go");
    await first.until(run, "waiting");
    first.crash();
    const second = await EngineFixture.start({ workflows: [seeded], store });
    await second.emit("go");
    expect((await second.ended(run)).output).toEqual(seen[0]);
    expect(seen).toHaveLength(2);
    expect(seen[1]).toEqual(seen[0]);
    const another = await second.run(seeded, "stay");
    await second.until(another, "waiting");
    expect(seen[2]?.[1]).not.toEqual(seen[0]?.[1]);
  });
});

/** Holds a lock until an event lets it go. */
function holder(name: string): Workflow {
  return workflow({ name }, async (ctx, options: LockOptions | undefined) =>
    ctx.lock(
      "door",
      async ({ fence }) => {
        await ctx.waitFor(`leave ${ctx.run.id}`);
        return fence;
      },
      options,
    ),
  );
}

describe("a lock", () => {
  const guard = holder("guard");

  test("has one holder at a time, passes to waiters in order, and its fence grows", async () => {
    const f = await EngineFixture.start({ workflows: [guard] });
    const runs: string[] = [];
    for (let i = 0; i < 3; i++) {
      const run = await f.run(guard);
      runs.push(run);
      await f.until(run, "waiting", i === 0 ? "waiting_for_event" : "waiting_for_lock");
    }
    for (const [index, run] of runs.entries()) {
      await f.until(run, "waiting", "waiting_for_event");
      for (const later of runs.slice(index + 1))
        expect((await f.store.getRun({ run: later }))?.reason).toBe("waiting_for_lock");
      await f.emit(`leave ${run}`);
      expect((await f.ended(run)).output).toBe(index + 1);
    }
  });

  test("belongs to the run and survives crashes of the process that held it", async () => {
    const store = new MemoryRunStore();
    const first = await EngineFixture.start({ workflows: [guard], store });
    const holding = await first.run(guard);
    await first.until(holding, "waiting", "waiting_for_event");
    first.crash();
    const second = await EngineFixture.start({ workflows: [guard], store });
    const wanting = await second.run(guard);
    await second.until(wanting, "waiting", "waiting_for_lock");
    await rest();
    expect((await store.getRun({ run: wanting }))?.reason).toBe("waiting_for_lock");
    second.crash();
    const third = await EngineFixture.start({ workflows: [guard], store });
    await third.emit(`leave ${holding}`);
    expect((await third.ended(holding)).output).toBe(1);
    await third.emit(`leave ${wanting}`);
    expect((await third.ended(wanting)).output).toBe(2);
  });

  test("is kept while its run is parked", async () => {
    const clock = new SimulatedClock(1_000);
    const f = await EngineFixture.start({ workflows: [guard], clock, workerLimits: { parkAfterMs: 10 } });
    const holding = await f.run(guard);
    await pass(clock, 50);
    expect(f.engine.hotRuns).toBe(0);
    const wanting = await f.run(guard);
    await pass(clock, 50);
    expect((await f.store.getRun({ run: wanting }))?.reason).toBe("waiting_for_lock");
    await f.emit(`leave ${holding}`);
    await pass(clock, 50);
    expect((await f.store.getRun({ run: wanting }))?.reason).toBe("waiting_for_event");
  });

  test.each(["cancelled", "failed"] as const)("is freed when its run ends as %s", async (end) => {
    const failing = workflow({ name: "failing" }, async (ctx) =>
      ctx.lock("door", async () => {
        await ctx.waitFor("fail");
        throw new Error("no");
      }),
    );
    const f = await EngineFixture.start({ workflows: [guard, failing] });
    const holding = await f.run(failing);
    await f.until(holding, "waiting", "waiting_for_event");
    const wanting = await f.run(guard);
    await f.until(wanting, "waiting", "waiting_for_lock");
    if (end === "failed") await f.emit("fail");
    else await f.engine.operations.cancel({ by: tester, run: holding });
    expect((await f.ended(holding)).status).toBe(end);
    await f.until(wanting, "waiting", "waiting_for_event");
  });

  test("with a time to live is passed on after it, and the old holder cannot free the new one's", async () => {
    const clock = new SimulatedClock(1_000);
    const f = await EngineFixture.start({ workflows: [guard], clock });
    const slow = await f.run(guard, { ttl: 1_000 });
    await rest();
    const next = await f.run(guard);
    const last = await f.run(guard);
    await pass(clock, 1_000);
    expect((await f.store.getRun({ run: next }))?.reason).toBe("waiting_for_event");
    await f.emit(`leave ${slow}`);
    expect((await f.ended(slow)).output).toBe(1);
    await rest();
    expect((await f.store.getRun({ run: last }))?.reason).toBe("waiting_for_lock");
    await f.emit(`leave ${next}`);
    expect((await f.ended(next)).output).toBe(2);
    await f.emit(`leave ${last}`);
    expect((await f.ended(last)).output).toBe(3);
  });

  test("is waited for no longer than the time limit; nothing is taken then", async () => {
    const clock = new SimulatedClock(1_000);
    const f = await EngineFixture.start({ workflows: [guard], clock });
    const holding = await f.run(guard);
    await rest();
    const hasty = await f.run(guard, { timeout: 500 });
    await pass(clock, 500);
    expect(await f.ended(hasty)).toMatchObject({ status: "failed", error: { code: "timeout" } });
    await f.emit(`leave ${holding}`);
    expect((await f.ended(holding)).status).toBe("completed");
    const after = await f.run(guard);
    await f.emit(`leave ${after}`);
    expect((await f.ended(after)).output).toBe(2);
  });

  test("of a branch that lost a race is free again, for this run and others, also after a restart", async () => {
    const racing = workflow({ name: "racing" }, async (ctx) => {
      await ctx.race({
        slow: (branch) => branch.lock("door", async () => branch.waitFor("never")),
        fast: (branch) => branch.waitFor("go"),
      });
      const again = await ctx.lock("door", async ({ fence }) => fence);
      await ctx.waitFor("end");
      return [again, await ctx.lock("door", async ({ fence }) => fence)];
    });
    const store = new MemoryRunStore();
    const first = await EngineFixture.start({ workflows: [racing], store });
    const run = await first.run(racing);
    await first.until(run, "waiting", "waiting_for_event");
    await first.emit("go");
    await rest();
    expect(await first.journal(run)).toContain("0 race race completed");
    expect((await store.getRun({ run }))?.reason).toBe("waiting_for_event");
    first.crash();
    const second = await EngineFixture.start({ workflows: [racing, guard], store });
    const other = await second.run(guard);
    await second.emit(`leave ${other}`);
    expect((await second.ended(other)).output).toBe(3);
    await second.emit("end");
    expect((await second.ended(run)).output).toEqual([2, 4]);
  });
});
