// The engine as a whole: taking up what was left, waiting for ends, stopping without losing anything.
import { describe, expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";
import { PlayedWorker, plainManifest } from "./played-worker.suite.ts";

const waiter = workflow({ name: "waiter" }, async (ctx) => ctx.waitFor("go"));

describe("start", () => {
  test("says how many runs an earlier process had in memory, and goes on with them", async () => {
    const store = new MemoryRunStore();
    const first = await EngineFixture.start({ workflows: [waiter], store });
    const runs = [await first.run(waiter), await first.run(waiter)];
    for (const run of runs) await first.until(run, "waiting");
    first.crash();
    const second = new EngineFixture({ workflows: [waiter], store });
    expect(await second.engine.start()).toEqual({ recovered: 2 });
    await second.attach();
    await second.emit("go", 1);
    for (const run of runs) expect((await second.ended(run)).output).toBe(1);
  });

  test("without a worker keeps what becomes ready until one comes", async () => {
    const store = new MemoryRunStore();
    const f = new EngineFixture({ workflows: [waiter], store });
    await f.engine.start();
    await f.engine.deploy("v1", [{ name: "waiter", triggers: [], validates: false }]);
    const run = await f.run(waiter);
    await rest();
    expect((await store.getRun({ run }))?.status).toBe("queued");
    await f.attach();
    await f.until(run, "waiting");
  });
});

describe("waiting for an end", () => {
  test("ends for a run that has ended, that ends, and that was never there", async () => {
    const f = await EngineFixture.start({ workflows: [waiter] });
    const run = await f.run(waiter);
    const waits = [f.ended(run), f.ended(run)];
    await f.until(run, "waiting");
    await f.emit("go", "x");
    for (const wait of waits) expect((await wait).output).toBe("x");
    expect((await f.ended(run)).output).toBe("x");
    expect(await f.engine.ended("nope")).toMatchObject({ ok: false, error: { code: "run_not_found" } });
    expect(await f.engine.getRun("nope")).toMatchObject({ ok: false, error: { code: "run_not_found" } });
  });

  test("ends for a run that is not in memory, and when the caller gives up", async () => {
    const clock = new SimulatedClock(1_000);
    const f = await EngineFixture.start({ workflows: [waiter], clock, workerLimits: { parkAfterMs: 10 } });
    const run = await f.run(waiter);
    await pass(clock, 100);
    const controller = new AbortController();
    const given = f.engine.ended(run, controller.signal);
    const waiting = f.ended(run);
    await rest();
    controller.abort(new Error("enough"));
    expect(given).rejects.toThrow("enough");
    await f.engine.operations.cancel({ by: tester, run });
    expect((await waiting).status).toBe("cancelled");
  });
});

describe("stop", () => {
  test("lets running steps finish, begins nothing new, and gives the rest back", async () => {
    const store = new MemoryRunStore();
    const log: string[] = [];
    const gate = Promise.withResolvers<void>();
    const two = workflow({ name: "two" }, async (ctx) => {
      await ctx.step("a", async () => {
        await gate.promise;
        log.push("a");
      });
      await ctx.step("b", () => void log.push("b"));
    });
    const first = await EngineFixture.start({ workflows: [two, waiter], store: keepOpen(store) });
    const [working, waiting] = [await first.run(two), await first.run(waiter)];
    await first.until(waiting, "waiting");
    const stopping = first.engine.stop(5_000);
    expect(first.engine.draining).toBe(true);
    gate.resolve();
    await stopping;
    expect(log).toEqual(["a"]);
    for (const run of [working, waiting]) expect((await store.getRun({ run }))?.owner).toBeUndefined();
    const second = await EngineFixture.start({ workflows: [two, waiter], store });
    await second.ended(working);
    await second.emit("go");
    expect((await second.ended(waiting)).status).toBe("completed");
    expect(log).toEqual(["a", "b"]);
  });

  test("waits no longer than it was told for steps that do not finish; they are executed again", async () => {
    const store = new MemoryRunStore();
    const clock = new SimulatedClock(1_000);
    let attempts = 0;
    const stuck = workflow({ name: "stuck" }, async (ctx) =>
      ctx.step("s", () => (++attempts === 1 ? new Promise(() => undefined) : "done")),
    );
    const first = await EngineFixture.start({ workflows: [stuck], store: keepOpen(store), clock });
    const run = await first.run(stuck);
    await rest();
    const stopping = first.engine.stop(1_000);
    await pass(clock, 1_000);
    await pass(clock, 500);
    await stopping;
    const second = await EngineFixture.start({ workflows: [stuck], store, clock });
    expect((await second.ended(run)).output).toBe("done");
    expect(attempts).toBe(2);
  });

  test("waits no longer for a worker that does not answer at all", async () => {
    const store = new MemoryRunStore();
    const clock = new SimulatedClock(1_000);
    const f = new EngineFixture({ workflows: [waiter], store: keepOpen(store), clock });
    await f.engine.start();
    await f.engine.deploy("v1", [plainManifest("waiter")]);
    const silent = new PlayedWorker(f.engine, { id: "silent", version: "v1", workflows: ["waiter"] });
    const run = await f.run("waiter");
    const { epoch } = await silent.assigned(run);
    let stopped = false;
    const stopping = f.engine.stop(1_000).then(() => (stopped = true));
    await pass(clock, 1_499);
    expect(stopped).toBe(false);
    await pass(clock, 1);
    expect(stopped).toBe(true);
    await stopping;
    expect(await store.getRun({ run })).toMatchObject({ status: "queued", epoch: epoch + 1, owner: undefined });
  });

  test("gives back a run whose code had not come yet", async () => {
    const store = new MemoryRunStore();
    const first = await EngineFixture.start({ workflows: [waiter], store, version: "v1" });
    const run = await first.run(waiter);
    await first.until(run, "waiting");
    await first.emit("go", 1);
    first.crash();
    const never = new Promise<boolean>(() => undefined);
    const second = await EngineFixture.start({
      workflows: [waiter],
      store: keepOpen(store),
      version: "v2",
      onDeploy: "pin",
      provideVersion: () => never,
    });
    await second.until(run, "running");
    await second.engine.stop(10);
    expect(await store.getRun({ run })).toMatchObject({ status: "queued", owner: undefined });
  });

  test("leaves no timer behind", async () => {
    const clock = new SimulatedClock(1_000);
    const f = await EngineFixture.start({ workflows: [waiter], clock });
    await f.run(waiter);
    await pass(clock, 100);
    await f.engine.stop(1_000);
    await rest();
    expect(clock.pending).toBe(0);
  });
});

/** The same store for the next process: the one that stops may close it. */
function keepOpen(store: MemoryRunStore): MemoryRunStore {
  return new Proxy(store, {
    get(target, verb: keyof MemoryRunStore) {
      if (verb === "close") return async () => undefined;
      const value: unknown = target[verb];
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
