// Where counts, failures and large values cross each other in the engine: regressions that the simulation found.
import { describe, expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import { faultyStore } from "../testing/faulty-store.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { EngineFixture } from "./engine-fixture.suite.ts";
import { MemoryBlobs } from "./memory-blobs.suite.ts";
import { done, finish, plainManifest, PlayedWorker } from "./played-worker.suite.ts";

const waiting = workflow({ name: "waiting" }, async (ctx) => {
  await ctx.waitFor("go");
  await ctx.waitFor("end", { key: "k" });
  return "over";
});

test("every ready run gets its turn in the one place there is, also when a parked run takes the place again first", async () => {
  const f = await EngineFixture.start({
    workflows: [waiting],
    limits: { concurrentRunsMax: 1 },
    workerLimits: { parkAfterMs: 0 },
  });
  const runs = await Promise.all([1, 2, 3].map((each) => f.run(waiting, undefined, { priority: each })));
  for (const run of runs) await f.until(run, "waiting", "waiting_for_event");
  await f.emit("end", 1, { key: "k" });
  await f.emit("go", 1);
  for (const run of runs) expect((await f.ended(run)).output).toBe("over");
});

test("a worker's crash that the store does not take keeps no run for ever", async () => {
  const alone = Promise.withResolvers<PlayedWorker>();
  let failures = 0;
  const plan = ({ verb }: { readonly verb: string }) =>
    verb === "releaseRuns" && ++failures <= 2 ? ({ fault: "fail" } as const) : undefined;
  const { store } = faultyStore(new MemoryRunStore(), { plan, afterCrash: "reject" });
  const f = new EngineFixture({
    workflows: [],
    store,
    limits: { reloadDelayMs: 1 },
    provideVersion: async (version, quarantine) => {
      alone.resolve(new PlayedWorker(f.engine, { id: "alone", version, workflows: ["flow"], quarantine }));
      return true;
    },
  });
  await f.engine.start();
  await f.engine.deploy("v1", [plainManifest("flow")]);
  const first = new PlayedWorker(f.engine, { id: "first", version: "v1", workflows: ["flow"] });
  const run = await f.run("flow");
  const { epoch } = await first.assigned(run);
  await first.lost({ executing: [{ run, step: "s" }] });
  const second = new PlayedWorker(f.engine, { id: "second", version: "v1", workflows: ["flow"] });
  const worker = await alone.promise;
  const again = await worker.assigned(run, epoch);
  worker.ops(run, again.epoch, done(0, "s", 1), finish("survived"));
  expect((await f.ended(run)).output).toBe("survived");
  expect([failures, second.received]).toEqual([3, []]);
});

describe("a run that undoes", () => {
  test("ends with its error after a crash, also when the error is kept as a blob", async () => {
    const store = new MemoryRunStore();
    const options = { store, blobs: new MemoryBlobs(), limits: { inlineBytesMax: 8 }, workflows: [] };
    const undone: string[] = [];
    let hang = true;
    const failing = workflow({ name: "failing" }, async (ctx) => {
      const undo = (): unknown => (hang ? new Promise(() => undefined) : undone.push("charge"));
      await ctx.step("charge", () => 1, { undo });
      throw new Error("the reason, which is rather long");
    });
    const first = await EngineFixture.start({ ...options, workflows: [failing] });
    const run = await first.run(failing);
    await first.until(run, "undoing");
    first.crash();
    hang = false;
    const second = await EngineFixture.start({ ...options, workflows: [failing] });
    const ended = await second.ended(run);
    expect([ended.status, ended.error?.message]).toEqual(["failed", "the reason, which is rather long"]);
    expect(undone).toEqual(["charge"]);
  });
});
