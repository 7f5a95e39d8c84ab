import { expect, test } from "bun:test";
import type { RunEvent } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { EngineFixture } from "./engine-fixture.suite.ts";
import type { HotRun } from "./hot-runs.ts";
import { engineLimits } from "./limits.ts";
import { MemoryBlobs } from "./memory-blobs.suite.ts";
import { Outbox } from "./outbox.ts";
import { Telling } from "./telling.ts";
import { Values } from "./values.ts";

test("a run that no worker has yet gets what was said when it has one", () => {
  const ignored = { log: () => undefined, lost: () => undefined };
  const telling = new Telling(new Values(undefined, engineLimits), new Outbox(() => undefined), ignored);
  const hot = { run: "r1", epoch: 1, worker: undefined, early: [], idle: true } as unknown as HotRun;
  const events: RunEvent[] = [{ event: "pause" }, { event: "wake", seq: 1 }];
  for (const event of events) telling.tell(hot, [event]);
  expect([hot.early, hot.idle]).toEqual([events, false]);
});

test("a run whose worker cannot be told because a value cannot be read goes on from its journal", async () => {
  let failing = true;
  const blobs = new MemoryBlobs();
  const broken = {
    put: (bytes: Uint8Array) => blobs.put(bytes),
    get: async (hash: string) => {
      if (!failing) return blobs.get(hash);
      failing = false;
      throw new Error("the disk does not answer");
    },
  };
  let before = 0;
  const flow = workflow({ name: "flow" }, async (ctx) => {
    await ctx.step("before", () => void before++);
    return (await ctx.waitFor<string>("large")).length;
  });
  const f = await EngineFixture.start({
    workflows: [flow],
    blobs: broken,
    limits: { inlineBytesMax: 100, reloadDelayMs: 1 },
    workerLimits: { parkAfterMs: 1_000_000 },
  });
  const run = await f.run(flow);
  await f.until(run, "waiting", "waiting_for_event");
  await f.emit("large", "x".repeat(1_000));
  expect(await f.ended(run)).toMatchObject({ status: "completed", output: 1_000 });
  expect([failing, before]).toEqual([false, 1]);
});
