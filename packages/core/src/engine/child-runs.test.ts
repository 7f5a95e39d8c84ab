// What flows between a run and the runs it calls, and what does not flow to those it only starts.
import { describe, expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";

/** Doubles numbers, fails for text, and waits for an event for nothing. */
const child = workflow({ name: "child" }, async (ctx, input: unknown) => {
  if (typeof input === "number") return input * 2;
  if (typeof input === "string") throw Object.assign(new TypeError(input), { code: "odd" });
  return ctx.waitFor("child");
});
const caller = workflow({ name: "caller" }, async (ctx, input: unknown) => ctx.call("child", input));
const starter = workflow({ name: "starter" }, async (ctx, input: unknown) => {
  const id = await ctx.start(child, input);
  await ctx.waitFor("starter");
  return id;
});
const workflows = [child, caller, starter];

async function childOf(f: EngineFixture, parent: string): Promise<string> {
  const { runs } = await f.store.listRuns({ filter: { parent }, limit: 10 });
  expect(runs).toHaveLength(1);
  return runs[0]?.id ?? "";
}

async function callWaiting(f: EngineFixture): Promise<{ readonly parent: string; readonly called: string }> {
  const parent = await f.run(caller);
  await f.until(parent, "waiting", "waiting_for_child");
  const called = await childOf(f, parent);
  await f.until(called, "waiting", "waiting_for_event");
  return { parent, called };
}

describe("a called run", () => {
  test("gives its result to the run that called it", async () => {
    const f = await EngineFixture.start({ workflows });
    const run = await f.run(caller, 4);
    expect(await f.ended(run)).toMatchObject({ status: "completed", output: 8 });
    expect((await f.store.getRun({ run: await childOf(f, run) }))?.by).toEqual({ kind: "run", id: run });
  });

  test("gives its result to a run that is parked, or whose process was killed meanwhile", async () => {
    const store = new MemoryRunStore();
    const clock = new SimulatedClock(1_000);
    const first = await EngineFixture.start({ workflows, store, clock, workerLimits: { parkAfterMs: 10 } });
    const parked = await callWaiting(first);
    await pass(clock, 100);
    expect(first.engine.hotRuns).toBe(0);
    await first.emit("child", "woken");
    expect((await first.ended(parked.parent)).output).toBe("woken");
    clock.advance(1);
    const killed = await callWaiting(first);
    first.crash();
    const second = await EngineFixture.start({ workflows, store, clock });
    await second.emit("child", "restarted");
    expect((await second.ended(killed.parent)).output).toBe("restarted");
  });

  test("gives its failure to the run that called it, with the cause", async () => {
    const f = await EngineFixture.start({ workflows });
    expect(await f.result(caller, "broken")).toMatchObject({
      status: "failed",
      error: {
        name: "ChildRunError",
        code: "child_failed",
        cause: { name: "TypeError", message: "broken", code: "odd" },
      },
    });
  });

  test("may fail without failing the run that called it", async () => {
    const forgiving = workflow({ name: "forgiving" }, async (ctx) => {
      try {
        return await ctx.call(child, "broken");
      } catch (error) {
        return (error as Error).message;
      }
    });
    const f = await EngineFixture.start({ workflows: [...workflows, forgiving] });
    expect((await f.result(forgiving)).output).toContain("broken");
  });

  test("that is cancelled ends the call with child_cancelled", async () => {
    const f = await EngineFixture.start({ workflows });
    const { parent, called } = await callWaiting(f);
    await f.engine.operations.cancel({ by: tester, run: called });
    expect((await f.ended(called)).status).toBe("cancelled");
    expect(await f.ended(parent)).toMatchObject({ status: "failed", error: { code: "child_cancelled" } });
  });

  test("is cancelled with the run that called it, hot or parked, and so are its own children", async () => {
    const deep = workflow({ name: "deep" }, async (ctx) => ctx.call(caller, undefined));
    const clock = new SimulatedClock(1_000);
    const f = await EngineFixture.start({ workflows: [...workflows, deep], clock, workerLimits: { parkAfterMs: 10 } });
    for (const parkMs of [0, 100]) {
      const top = await f.run(deep);
      await rest();
      await pass(clock, parkMs);
      const middle = await childOf(f, top);
      const bottom = await childOf(f, middle);
      expect((await f.store.getRun({ run: bottom }))?.status).toBe("waiting");
      await f.engine.operations.cancel({ by: tester, run: top });
      expect((await f.ended(top)).reason).toBe("cancelled_by_user");
      for (const run of [middle, bottom]) {
        expect(await f.ended(run)).toMatchObject({ status: "cancelled", reason: "cancelled_by_parent" });
      }
    }
  });

  test("is cancelled when the run that called it fails or times out without it", async () => {
    const clock = new SimulatedClock(1_000);
    const failing = workflow({ name: "failing" }, async (ctx) => {
      const call = ctx.call(child, undefined);
      await ctx.waitFor("fail");
      void call;
      throw new Error("gone");
    });
    const slow = workflow({ name: "slow", timeout: "1m" }, async (ctx) => ctx.call(child, undefined));
    const f = await EngineFixture.start({ workflows: [...workflows, failing, slow], clock });
    const failed = await f.run(failing);
    const late = await f.run(slow);
    await rest();
    const [ofFailed, ofLate] = [await childOf(f, failed), await childOf(f, late)];
    await f.emit("fail");
    expect((await f.ended(failed)).status).toBe("failed");
    expect((await f.ended(ofFailed)).reason).toBe("cancelled_by_parent");
    await pass(clock, 60_000);
    expect((await f.ended(late)).status).toBe("timedout");
    expect((await f.ended(ofLate)).reason).toBe("cancelled_by_parent");
  });

  test("finds the run that was started with the same key before, and refuses another input for it", async () => {
    const keyed = workflow({ name: "keyed" }, async (ctx, input: number) =>
      ctx.call(child, input, { idempotencyKey: "k" }),
    );
    const f = await EngineFixture.start({ workflows: [...workflows, keyed] });
    expect((await f.result(keyed, 1)).output).toBe(2);
    expect((await f.result(keyed, 1)).output).toBe(2);
    expect(await f.result(keyed, 2)).toMatchObject({ status: "failed", error: { code: "idempotency_conflict" } });
    expect(await f.store.countRuns({ filter: { workflow: "child" } })).toBe(1);
  });

  test("of an unknown workflow waits until that is deployed", async () => {
    const f = await EngineFixture.start({ workflows: [caller] });
    const parent = await f.run(caller, 3);
    await f.until(parent, "waiting", "waiting_for_child");
    const waiting = await childOf(f, parent);
    await f.until(waiting, "waiting", "workflow_unknown");
    await f.attach({ workflows, version: "v2" });
    expect((await f.ended(parent)).output).toBe(6);
  });

  test("of an unknown workflow begins on the first code that has it, whatever became of the code that asked for it", async () => {
    const store = new MemoryRunStore();
    const first = await EngineFixture.start({ workflows: [caller], store, version: "v1", onDeploy: "pin" });
    const parent = await first.run(caller, 3);
    await first.until(parent, "waiting", "waiting_for_child");
    const waiting = await childOf(first, parent);
    await first.until(waiting, "waiting", "workflow_unknown");
    first.crash();
    const second = await EngineFixture.start({ workflows: [child], store, version: "v2", onDeploy: "pin" });
    expect((await second.ended(waiting)).output).toBe(6);
  });

  test("whose input its schema refuses never exists", async () => {
    const strict = workflow(
      {
        name: "strict",
        input: {
          "~standard": {
            version: 1,
            vendor: "test",
            validate: (value: unknown) => (value === 1 ? { value } : { issues: [{ message: "not 1" }] }),
          },
        },
      },
      async (_ctx, input) => input,
    );
    const parent = workflow({ name: "parent" }, async (ctx, input: number) => ctx.call(strict, input));
    const f = await EngineFixture.start({ workflows: [strict, parent] });
    expect((await f.result(parent, 1)).output).toBe(1);
    expect(await f.result(parent, 2)).toMatchObject({ status: "failed", error: { code: "invalid_input" } });
    expect(await f.store.countRuns({ filter: { workflow: "strict" } })).toBe(1);
  });
});

describe("a started run", () => {
  test("is not waited for, and its failure is its own", async () => {
    const f = await EngineFixture.start({ workflows });
    const parent = await f.run(starter, "broken");
    await f.until(parent, "waiting", "waiting_for_event");
    const started = await childOf(f, parent);
    expect((await f.ended(started)).status).toBe("failed");
    await f.emit("starter");
    expect(await f.ended(parent)).toMatchObject({ status: "completed", output: started });
  });

  test("goes on when the run that started it is cancelled, and the other way round", async () => {
    const f = await EngineFixture.start({ workflows });
    const parent = await f.run(starter);
    await f.until(parent, "waiting", "waiting_for_event");
    const started = await childOf(f, parent);
    await f.engine.operations.cancel({ by: tester, run: parent });
    expect((await f.ended(parent)).status).toBe("cancelled");
    await rest();
    expect((await f.store.getRun({ run: started }))?.status).toBe("waiting");
    await f.emit("child", "still here");
    expect((await f.ended(started)).output).toBe("still here");
    const other = await f.run(starter);
    await f.until(other, "waiting", "waiting_for_event");
    await f.engine.operations.cancel({ by: tester, run: await childOf(f, other) });
    await f.emit("starter");
    expect((await f.ended(other)).status).toBe("completed");
  });
});
