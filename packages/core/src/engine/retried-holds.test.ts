// A run that is retried or forked has lost what it held: locks, approvals and callbacks that were open when it ended.
import { describe, expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { crashAt, faultyStore } from "../testing/faulty-store.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";

/** Fails under its lock as often as told; notes what happened under which fence. */
function locking(failures: number) {
  const under: unknown[] = [];
  let left = failures;
  const flow = workflow({ name: "locking" }, async (ctx) => {
    const before = await ctx.step("before", () => {
      under.push("before");
      return "before";
    });
    const inside = await ctx.lock("door", async ({ fence }) => {
      await ctx.step("first", () => void under.push(["first", fence]));
      return ctx.step("second", () => {
        under.push(["second", fence]);
        if (left-- > 0) throw new Error("not yet");
        return fence;
      });
    });
    return [before, inside];
  });
  return { flow, under };
}

const holder = workflow({ name: "holder" }, async (ctx) =>
  ctx.lock("door", async ({ fence }) => {
    await ctx.waitFor("leave");
    return fence;
  }),
);

describe("a retry of a run that failed under a lock", () => {
  test("does what was done under it again, under the lock taken anew", async () => {
    const { flow, under } = locking(1);
    const f = await EngineFixture.start({ workflows: [flow] });
    const run = await f.run(flow);
    expect((await f.ended(run)).status).toBe("failed");
    await f.engine.operations.retry(tester, run);
    const retried = await f.ended(run);
    expect(retried).toMatchObject({ status: "completed", output: ["before", 2] });
    expect(under.filter((each) => each === "before")).toHaveLength(1);
    expect(under.at(-1)).toEqual(["second", 2]);
  });

  test("waits for whoever has the lock by then", async () => {
    const { flow, under } = locking(1);
    const f = await EngineFixture.start({ workflows: [flow, holder] });
    const run = await f.run(flow);
    expect((await f.ended(run)).status).toBe("failed");
    const other = await f.run(holder);
    await f.until(other, "waiting", "waiting_for_event");
    await f.engine.operations.retry(tester, run);
    await f.until(run, "waiting", "waiting_for_lock");
    const before = under.length;
    await rest();
    expect(under).toHaveLength(before);
    await f.emit("leave");
    expect((await f.ended(other)).output).toBe(2);
    expect((await f.ended(run)).output).toEqual(["before", 3]);
    expect(under.at(-1)).toEqual(["second", 3]);
  });

  test("does so whichever write of it the machine stops before or after", async () => {
    for (let write = 1; write < 60; write++) {
      for (const when of ["before", "after"] as const) {
        const { flow, under } = locking(1);
        const store = new MemoryRunStore();
        const faulty = faultyStore(store, { plan: crashAt(write, when), afterCrash: "silence" });
        const first = new EngineFixture({ workflows: [flow], store: faulty.store });
        void first.engine.start().then(async () => {
          await first.attach();
          const run = await first.run(flow, undefined, { id: "r" });
          await first.ended(run);
          await first.engine.operations.retry(tester, run);
        });
        const over = async () => (await store.getRun({ run: "r" }))?.status === "completed";
        while (!faulty.crashed && !(await over())) await rest(5);
        first.crash();
        const second = await EngineFixture.start({ workflows: [flow], store });
        if ((await store.getRun({ run: "r" })) === undefined) await second.run(flow, undefined, { id: "r" });
        if ((await second.ended("r")).status === "failed") await second.engine.operations.retry(tester, "r");
        const { output } = await second.ended("r");
        const [, fence] = output as [string, number];
        expect({ write, when, last: under.at(-1) }).toEqual({ write, when, last: ["second", fence] });
        await second.engine.stop(0);
        if (!faulty.crashed) return;
      }
    }
    expect.unreachable("no run came to its end");
  });

  test("of a copy of it takes the lock for the copy", async () => {
    const { flow, under } = locking(1);
    const f = await EngineFixture.start({ workflows: [flow] });
    const run = await f.run(flow);
    expect((await f.ended(run)).status).toBe("failed");
    const forked = await f.engine.operations.fork({ by: tester, run, from: "second" });
    if (!forked.ok) throw new Error(forked.error.message);
    expect((await f.ended(forked.value.id)).output).toEqual(["before", 2]);
    expect(under.slice(-2)).toEqual([
      ["first", 2],
      ["second", 2],
    ]);
  });
});

describe("a retry of a run that failed under a lock it may not wait long for", () => {
  /** Does three things under a lock, the last of them in vain the first time. */
  function impatient() {
    const under: string[] = [];
    let failing = true;
    const flow = workflow({ name: "impatient" }, async (ctx) =>
      ctx.lock(
        "door",
        async ({ fence }) => {
          await ctx.step("first", () => void under.push(`first ${fence}`));
          await ctx.sleep("nap", 1);
          return ctx.step("last", () => {
            under.push(`last ${fence}`);
            if (failing) throw new Error("not yet");
            return fence;
          });
        },
        { timeout: "50ms" },
      ),
    );
    const mend = (): void => {
      failing = false;
    };
    return { flow, under, mend };
  }

  for (const how of ["retried", "forked"] as const) {
    test(`${how} while another has the lock for longer, it waits for it and goes on: what was done under it stays done`, async () => {
      const { flow, under, mend } = impatient();
      const clock = new SimulatedClock();
      const f = await EngineFixture.start({ workflows: [flow, holder], clock });
      const run = await f.run(flow);
      await pass(clock, 10);
      expect((await f.ended(run)).status).toBe("failed");
      const other = await f.run(holder);
      await f.until(other, "waiting", "waiting_for_event");
      mend();
      await f.engine.operations.retry(tester, run);
      await f.until(run, "waiting", "waiting_for_lock");
      let waiting = run;
      if (how === "forked") {
        const forked = await f.engine.operations.fork({ by: tester, run });
        if (!forked.ok) throw new Error(forked.error.message);
        waiting = forked.value.id;
        await f.until(waiting, "waiting", "waiting_for_lock");
        await f.engine.operations.cancel({ by: tester, run });
      }
      await pass(clock, 60_000);
      await f.until(waiting, "waiting", "waiting_for_lock");
      await f.emit("leave");
      expect(await f.ended(waiting)).toMatchObject({ status: "completed", output: 3 });
      expect(under).toEqual(["first 1", "last 1", "last 3"]);
    });
  }

  test("retried while branches run beside it, calls keep their order", async () => {
    let failing = true;
    const done: string[] = [];
    const step = (name: string) => (): void => void done.push(name);
    const flow = workflow({ name: "beside" }, async (ctx) => {
      const left = async (): Promise<void> => {
        await ctx.step("a", step("a"), { undo: step("undo a") });
        await ctx.step("c", step("c"));
      };
      const right = async (): Promise<void> => {
        await ctx.step("b", step("b"));
        await ctx.step("d", step("d"));
      };
      await Promise.all([left(), right()]);
      await ctx.step("last", () => {
        if (failing) throw new Error("not yet");
      });
    });
    const f = await EngineFixture.start({ workflows: [flow] });
    const run = await f.run(flow);
    expect((await f.ended(run)).status).toBe("failed");
    failing = false;
    await f.engine.operations.retry(tester, run);
    expect((await f.ended(run)).status).toBe("completed");
    expect(done.filter((each) => each === "a")).toHaveLength(2);
    for (const each of ["b", "c", "d", "undo a"]) expect(done.filter((other) => other === each)).toHaveLength(1);
  });
});

test("a retry that waits for a lock gives up its place of a concurrency limit, for which the holder stands in line", async () => {
  let failing = true;
  const flow = workflow({ name: "narrow", concurrency: 1 }, async (ctx, holds: boolean) => {
    if (holds) return ctx.lock("door", () => ctx.waitFor("leave"));
    const locked = ctx.lock("door", ({ fence }) =>
      ctx.step("inside", () => {
        if (failing) throw new Error("not yet");
        return fence;
      }),
    );
    const [fence] = await Promise.all([locked, ctx.step("beside", () => "done")]);
    return fence;
  });
  const f = await EngineFixture.start({ workflows: [flow], clock: new SimulatedClock() });
  const run = await f.run(flow, false);
  expect((await f.ended(run)).status).toBe("failed");
  failing = false;
  const other = await f.run(flow, true);
  await f.until(other, "waiting", "waiting_for_event");
  await f.engine.operations.retry(tester, run);
  await f.until(run, "waiting", "waiting_for_lock");
  await f.emit("leave");
  expect((await f.ended(other)).status).toBe("completed");
  expect(await f.ended(run)).toMatchObject({ status: "completed", output: 3 });
});

test("a retry takes the lock of a lost branch again before it works under it while it waits for something else", async () => {
  const under: number[] = [];
  const flow = workflow({ name: "losing" }, async (ctx) => {
    const race = ctx.race({
      slow: (branch) =>
        branch.lock("door", ({ fence }) =>
          branch.step("work", ({ signal }) => {
            under.push(fence);
            return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
          }),
        ),
      quick: (branch) => branch.waitFor("paid"),
    });
    const token = await ctx.token("asked");
    const [{ winner }] = await Promise.all([race, token.wait()]);
    return winner;
  });
  const f = await EngineFixture.start({ workflows: [flow, holder], clock: new SimulatedClock() });
  const run = await f.run(flow);
  while (under.length === 0) await rest(1);
  // The branch has lost before it is on record that its step has begun.
  await f.emit("paid");
  await f.until(run, "waiting", "waiting_for_callback");
  await f.engine.operations.cancel({ by: tester, run });
  expect((await f.ended(run)).status).toBe("cancelled");
  const other = await f.run(holder);
  await f.emit("leave");
  expect((await f.ended(other)).output).toBe(2);
  // The token is made anew, and until it is there whatever was not on record is executed.
  await f.engine.operations.retry(tester, run);
  await f.until(run, "waiting", "waiting_for_callback");
  expect(under.slice(1).filter((fence) => fence < 3)).toEqual([]);
  const [asked] = await f.store.listTokens({ kind: "callback", run, status: "open", limit: 9 });
  await f.engine.completeToken({ by: tester, token: asked?.token ?? "", kind: "callback", value: encodeValue("yes") });
  expect(await f.ended(run)).toMatchObject({ status: "completed", output: "quick" });
});

test("a retry of a run that failed with an open approval and callback asks for both anew", async () => {
  let failing = true;
  const flow = workflow({ name: "asking" }, async (ctx) => {
    const token = await ctx.token("paid");
    const failure = ctx.step("fails", () => {
      if (failing) throw new Error("not yet");
    });
    const [decision, paid] = await Promise.all([ctx.approve("manager"), token.wait(), failure]);
    return [decision.approved, paid];
  });
  const f = await EngineFixture.start({ workflows: [flow] });
  const run = await f.run(flow);
  expect((await f.ended(run)).status).toBe("failed");
  const tokens = async (kind: "approval" | "callback") =>
    (await f.store.listTokens({ kind, run, status: "open", limit: 9 })).map(({ token }) => token);
  const old = await f.store.listTokens({ kind: "approval", run, limit: 9 });
  expect([old.length, await tokens("approval"), await tokens("callback")]).toEqual([1, [], []]);
  failing = false;
  await f.engine.operations.retry(tester, run);
  await f.until(run, "waiting");
  const [[approval], [callback]] = [await tokens("approval"), await tokens("callback")];
  if (approval === undefined || callback === undefined) throw new Error("nothing is asked for");
  const answer = (token: string, kind: "approval" | "callback", value: unknown) =>
    f.engine.completeToken({ by: tester, token, kind, value: encodeValue(value) });
  expect(await answer(old[0]?.token ?? "", "approval", { approved: true })).toMatchObject({ ok: false });
  expect((await answer(approval, "approval", { approved: true })).ok).toBe(true);
  expect((await answer(callback, "callback", "yes")).ok).toBe(true);
  expect((await f.ended(run)).output).toEqual([true, "yes"]);
});
