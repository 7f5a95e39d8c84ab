// Letting go of what is in memory while starts are still taken, and going on after all.
import { describe, expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import { MemoryRunStore } from "../store/memory/index.ts";
import { EngineFixture, rest, tester } from "./engine-fixture.suite.ts";

const waiter = workflow({ name: "waiter" }, async (ctx) => ctx.waitFor("go"));
const quick = workflow({ name: "quick" }, async (ctx) => ctx.step("s", () => "done"));

function gated() {
  const gate = Promise.withResolvers<void>();
  const log: string[] = [];
  const two = workflow({ name: "two" }, async (ctx) => {
    await ctx.step("a", async () => {
      await gate.promise;
      log.push("a");
    });
    await ctx.step("b", () => void log.push("b"));
  });
  return { gate, log, two };
}

describe("a rest", () => {
  test("lets running steps finish, gives every run back, and takes starts that nobody executes", async () => {
    const { gate, log, two } = gated();
    const store = new MemoryRunStore();
    const f = await EngineFixture.start({ workflows: [two, waiter, quick], store });
    const [working, waiting] = [await f.run(two), await f.run(waiter)];
    await f.until(waiting, "waiting");
    const resting = f.engine.rest(5_000);
    const meanwhile = await f.engine.startRun({ by: tester, workflow: "quick", input: new Uint8Array([0xc0]) });
    expect(meanwhile).toMatchObject({ ok: true, value: { created: true, run: { status: "queued" } } });
    gate.resolve();
    await resting;
    await rest();
    expect(log).toEqual(["a"]);
    expect(f.engine.hotRuns).toBe(0);
    for (const run of [working, waiting]) expect((await store.getRun({ run }))?.owner).toBeUndefined();
    expect((await store.stats()).ready).toBe(3);
  });

  test("hands out nothing that becomes ready in it", async () => {
    const store = new MemoryRunStore();
    const f = await EngineFixture.start({ workflows: [waiter], store });
    const run = await f.run(waiter);
    await f.until(run, "waiting");
    await f.engine.rest(5_000);
    await f.emit("go", 1);
    await rest();
    expect(f.engine.hotRuns).toBe(0);
    expect((await store.getRun({ run }))?.status).not.toBe("completed");
  });

  test("that ends lets everything go on, and nothing is executed twice", async () => {
    const { gate, log, two } = gated();
    const f = await EngineFixture.start({ workflows: [two, waiter, quick] });
    const [working, waiting] = [await f.run(two), await f.run(waiter)];
    await f.until(waiting, "waiting");
    gate.resolve();
    await f.engine.rest(5_000);
    const late = await f.run(quick);
    f.engine.wake();
    await f.emit("go", 7);
    expect((await f.ended(working)).status).toBe("completed");
    expect((await f.ended(waiting)).output).toBe(7);
    expect((await f.ended(late)).output).toBe("done");
    expect(log).toEqual(["a", "b"]);
  });
});
