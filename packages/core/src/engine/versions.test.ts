// Which code a run is executed with: the one that started it, or newer code that has shown that it follows the journal.
import { describe, expect, test } from "bun:test";
import { decodeErrorValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import type { Context, Workflow } from "@sluice/sdk";
import { faultyStore } from "../testing/faulty-store.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { EngineFixture, nextMs, rest, tester } from "./engine-fixture.suite.ts";

type Body = (ctx: Context, log: string[]) => Promise<unknown>;

/** One version of the workflow `w`; what its steps did is in `log`. */
function code(version: string, log: string[], body: Body): Workflow {
  return workflow({ name: "w" }, async (ctx) => [version, await body(ctx, log)]);
}

const step = (ctx: Context, log: string[], name: string): Promise<unknown> =>
  ctx.step(name, () => {
    log.push(name);
    return name;
  });

const original: Body = async (ctx, log) => {
  await step(ctx, log, "a");
  await ctx.waitFor("go");
  return step(ctx, log, "b");
};
const compatible: Body = async (ctx, log) => {
  await step(ctx, log, "a");
  await ctx.waitFor("go");
  return step(ctx, log, "b2");
};
const renamed: Body = async (ctx, log) => {
  await step(ctx, log, "a2");
  await ctx.waitFor("go");
  return step(ctx, log, "b");
};
const patched: Body = async (ctx, log) => {
  if (ctx.patched("new start")) await step(ctx, log, "a2");
  else await step(ctx, log, "a");
  await ctx.waitFor("go");
  return step(ctx, log, "b");
};

/** A run of v1 that waits for `go`, and then its process is gone. */
async function begun(
  onDeploy: "pin" | "move",
): Promise<{ store: MemoryRunStore; run: string; log: string[]; v1: Workflow }> {
  const log: string[] = [];
  const store = new MemoryRunStore();
  const v1 = code("v1", log, original);
  const first = await EngineFixture.start({ workflows: [v1], version: "v1", store, onDeploy });
  const run = await first.run(v1);
  await first.until(run, "waiting", "waiting_for_event");
  first.crash();
  return { store, run, log, v1 };
}

async function errorOf(store: MemoryRunStore, run: string): Promise<ReturnType<typeof decodeErrorValue>> {
  const error = (await store.getRun({ run }))?.error;
  if (error === undefined) throw new Error("The run has no error.");
  return decodeErrorValue(error);
}

describe("with onDeploy pin", () => {
  test("a run finishes on the code that started it, new runs get the new code", async () => {
    const { store, run, log, v1 } = await begun("pin");
    const asked: string[] = [];
    const f: EngineFixture = await EngineFixture.start({
      workflows: [code("v2", log, renamed)],
      version: "v2",
      store,
      onDeploy: "pin",
      provideVersion: async (version) => {
        asked.push(version);
        await f.attach({ workflows: [v1], version: "v1", current: false });
        return true;
      },
    });
    const fresh = await f.run("w");
    await f.until(fresh, "waiting");
    expect((await store.getRun({ run: fresh }))?.version).toBe("v2");
    await f.emit("go");
    expect((await f.ended(run)).output).toEqual(["v1", "b"]);
    expect((await f.ended(fresh)).output).toEqual(["v2", "b"]);
    expect(asked).toEqual(["v1"]);
    expect(log.toSorted()).toEqual(["a", "a2", "b", "b"]);
  });

  test("a run whose version cannot be loaded waits with the reason, until it is retried on the current code", async () => {
    const { store, run, log } = await begun("pin");
    const f = await EngineFixture.start({
      workflows: [code("v2", log, compatible)],
      version: "v2",
      store,
      onDeploy: "pin",
    });
    await f.emit("go");
    await f.until(run, "waiting", "version_unavailable");
    expect(await errorOf(store, run)).toMatchObject({
      code: "version_unavailable",
      message: expect.stringContaining("v1"),
    });
    await f.attach({ workflows: [code("v3", log, compatible)], version: "v3" });
    await rest();
    expect((await store.getRun({ run }))?.reason).toBe("version_unavailable");
    expect(await f.engine.operations.retry(tester, run, { code: "pinned" })).toMatchObject({
      ok: true,
      value: { version: "v1" },
    });
    await f.until(run, "waiting", "version_unavailable");
    expect(await f.engine.operations.retry(tester, run)).toMatchObject({ ok: true, value: { version: "v3" } });
    expect((await f.ended(run)).output).toEqual(["v3", "b2"]);
    expect(log).toEqual(["a", "b2"]);
  });

  test("a version that is slow to come holds up nobody else, and hears of what happened meanwhile", async () => {
    const { store, run, log, v1 } = await begun("pin");
    const coming = Promise.withResolvers<boolean>();
    const f = await EngineFixture.start({
      workflows: [code("v2", log, compatible)],
      version: "v2",
      store,
      onDeploy: "pin",
      provideVersion: () => coming.promise,
    });
    await f.emit("go");
    await f.until(run, "running");
    await nextMs();
    const fresh = await f.run("w");
    await f.until(fresh, "waiting");
    await f.emit("go");
    expect((await f.ended(fresh)).output).toEqual(["v2", "b2"]);
    expect((await f.engine.operations.cancel({ by: tester, run })).ok).toBe(true);
    await f.attach({ workflows: [v1], version: "v1", current: false });
    coming.resolve(true);
    expect((await f.ended(run)).status).toBe("cancelled");
    expect(log).toEqual(["a", "a", "b2"]);
    expect(f.engine.hotRuns).toBe(0);
  });

  test("a provider that throws counts as a version that cannot be loaded", async () => {
    const { store, run, log } = await begun("pin");
    const f = await EngineFixture.start({
      workflows: [code("v2", log, compatible)],
      version: "v2",
      store,
      onDeploy: "pin",
      provideVersion: () => Promise.reject(new Error("out of memory")),
    });
    await f.emit("go");
    await f.until(run, "waiting", "version_unavailable");
    expect(await errorOf(store, run)).toMatchObject({ details: { cause: expect.stringContaining("out of memory") } });
  });
});

describe("with onDeploy move", () => {
  test("a run goes on with new code that follows its journal", async () => {
    const { store, run, log } = await begun("move");
    const f = await EngineFixture.start({
      workflows: [code("v2", log, compatible)],
      version: "v2",
      store,
      onDeploy: "move",
    });
    await f.emit("go");
    expect((await f.ended(run)).output).toEqual(["v2", "b2"]);
    expect((await store.getRun({ run }))?.version).toBe("v2");
    expect(log).toEqual(["a", "b2"]);
  });

  test("a run whose journal new code does not follow waits and says where, and moves to code that does", async () => {
    const { store, run, log } = await begun("move");
    const f = await EngineFixture.start({
      workflows: [code("v2", log, renamed)],
      version: "v2",
      store,
      onDeploy: "move",
    });
    await f.emit("go");
    await f.until(run, "waiting", "replay_check_failed");
    expect(await errorOf(store, run)).toMatchObject({
      code: "non_determinism",
      details: { step: 0, recorded: 'step "a"', asked: 'step "a2"' },
    });
    expect((await store.getRun({ run }))?.version).toBe("v1");
    expect(log).toEqual(["a"]);
    await f.attach({ workflows: [code("v3", log, patched)], version: "v3" });
    expect((await f.ended(run)).output).toEqual(["v3", "b"]);
    expect(log).toEqual(["a", "b"]);
  });

  test("patched guards a change: old runs take the old way, new ones the new way, also when they are replayed", async () => {
    const { store, run, log } = await begun("move");
    const v2 = code("v2", log, patched);
    const second = await EngineFixture.start({ workflows: [v2], version: "v2", store, onDeploy: "move" });
    const fresh = await second.run("w");
    await second.until(fresh, "waiting");
    expect(await second.journal(fresh)).toContain("0 patched new start completed");
    second.crash();
    const third = await EngineFixture.start({ workflows: [v2], version: "v2", store, onDeploy: "move" });
    await third.emit("go");
    expect((await third.ended(run)).output).toEqual(["v2", "b"]);
    expect((await third.ended(fresh)).output).toEqual(["v2", "b"]);
    expect(log).toEqual(["a", "a2", "b", "b"]);
  });

  test("what happens to a run while it is checked is not lost: an event, a cancellation", async () => {
    for (const happens of ["event", "cancel"] as const) {
      const log: string[] = [];
      const store = new MemoryRunStore();
      const two: Body = async (ctx) => Promise.all([ctx.waitFor("first"), ctx.waitFor("second")]);
      const first = await EngineFixture.start({ workflows: [code("v1", log, two)], version: "v1", store });
      const run = await first.run("w");
      await first.until(run, "waiting");
      await first.emit("first", 1);
      first.crash();
      const f = await EngineFixture.start({ workflows: [code("v2", log, two)], version: "v2", store });
      while ((await store.getRun({ run }))?.owner === undefined) await Promise.resolve();
      // It has just been claimed: the worker has not answered yet whether its code follows the journal.
      expect((await store.getRun({ run }))?.version).toBe("v1");
      if (happens === "event") {
        await f.emit("second", 2);
        expect((await f.ended(run)).output).toEqual(["v2", [1, 2]]);
      } else {
        await f.engine.operations.cancel({ by: tester, run });
        expect((await f.ended(run)).status).toBe("cancelled");
      }
      expect(f.engine.hotRuns).toBe(0);
    }
  });

  test("a move that the store does not take is tried again", async () => {
    const { store: inner, run, log } = await begun("move");
    let failures = 3;
    const { store } = faultyStore(inner, {
      plan: ({ verb }) => (verb === "moveRun" && failures-- > 0 ? { fault: "fail" } : undefined),
      afterCrash: "reject",
    });
    const f = await EngineFixture.start({
      workflows: [code("v2", log, compatible)],
      version: "v2",
      store,
      onDeploy: "move",
      limits: { reloadDelayMs: 1 },
    });
    await f.emit("go");
    expect((await f.ended(run)).output).toEqual(["v2", "b2"]);
    expect(log).toEqual(["a", "b2"]);
  });

  test("so is one of a run that has not begun, which needs no check", async () => {
    const log: string[] = [];
    const inner = new MemoryRunStore();
    const first = await EngineFixture.start({
      workflows: [code("v1", log, original)],
      version: "v1",
      store: inner,
      limits: { concurrentRunsMax: 0 },
    });
    const run = await first.run("w");
    first.crash();
    let failures = 3;
    const { store } = faultyStore(inner, {
      plan: ({ verb }) => (verb === "moveRun" && failures-- > 0 ? { fault: "fail" } : undefined),
      afterCrash: "reject",
    });
    const f = await EngineFixture.start({
      workflows: [code("v2", log, async () => "new")],
      version: "v2",
      store,
      limits: { reloadDelayMs: 1 },
    });
    expect((await f.ended(run)).output).toEqual(["v2", "new"]);
    expect(failures).toBeLessThan(0);
  });
});

describe("a retry on other code", () => {
  const failing: Body = async (ctx, log) => {
    await step(ctx, log, "a");
    return ctx.step("b", () => {
      throw new Error("broken");
    });
  };
  const mended: Body = async (ctx, log) => {
    await step(ctx, log, "a");
    return step(ctx, log, "b");
  };

  async function failed(): Promise<{ f: EngineFixture; run: string; log: string[] }> {
    const log: string[] = [];
    const f = await EngineFixture.start({ workflows: [code("v1", log, failing)], version: "v1", onDeploy: "pin" });
    const run = await f.run("w");
    expect((await f.ended(run)).status).toBe("failed");
    return { f, run, log };
  }

  test("uses the current code by default, from the failed step", async () => {
    const { f, run, log } = await failed();
    await f.attach({ workflows: [code("v2", log, mended)], version: "v2" });
    await rest();
    expect(await f.engine.operations.retry(tester, run)).toMatchObject({ ok: true, value: { version: "v2" } });
    expect((await f.ended(run)).output).toEqual(["v2", "b"]);
    expect(log).toEqual(["a", "b"]);
  });

  test("pinned uses the code that started the run", async () => {
    const { f, run, log } = await failed();
    await f.attach({ workflows: [code("v2", log, mended)], version: "v2" });
    await rest();
    expect(await f.engine.operations.retry(tester, run, { code: "pinned" })).toMatchObject({
      ok: true,
      value: { version: "v1" },
    });
    expect(await f.ended(run)).toMatchObject({ status: "failed", error: { message: "broken" } });
    expect(log).toEqual(["a"]);
  });

  test("is refused with the difference when the code does not follow the journal, and nothing is changed", async () => {
    const { f, run, log } = await failed();
    await f.attach({
      workflows: [
        code("v2", log, async (ctx, out) => {
          await step(ctx, out, "renamed");
          return step(ctx, out, "b");
        }),
      ],
      version: "v2",
    });
    await rest();
    const before = await f.store.getRun({ run });
    const entries = await f.journal(run);
    const refused = await f.engine.operations.retry(tester, run);
    expect(refused).toMatchObject({
      ok: false,
      error: { code: "replay_mismatch", details: { step: 0, recorded: 'step "a"', asked: 'step "renamed"' } },
    });
    expect(await f.store.getRun({ run })).toEqual(before);
    expect(await f.journal(run)).toEqual(entries);
    expect(log).toEqual(["a"]);
  });

  test("of a workflow the current code no longer has is refused, pinned it goes on", async () => {
    const { f, run } = await failed();
    await f.attach({ workflows: [workflow({ name: "other" }, async () => 1)], version: "v2" });
    await rest();
    expect(await f.engine.operations.retry(tester, run)).toMatchObject({
      ok: false,
      error: { code: "workflow_not_found" },
    });
    expect((await f.engine.operations.retry(tester, run, { code: "pinned" })).ok).toBe(true);
    expect((await f.ended(run)).status).toBe("failed");
  });
});

test("a deploy that is refused changes nothing: schedules and workflows stay as they were", async () => {
  const log: string[] = [];
  const f = await EngineFixture.start({ workflows: [code("v1", log, original)], version: "v1" });
  const refused = await f.engine.deploy("v2", [
    {
      name: "w",
      validates: false,
      triggers: [
        {
          type: "schedule",
          cron: "not a cron",
          timezone: "UTC",
          input: new Uint8Array(),
          catchUp: "skip",
          catchUpMax: 1,
          overlap: "allow",
          jitter: 0,
        },
      ],
    },
  ]);
  expect(refused).toMatchObject({ ok: false, error: { code: "invalid_cron" } });
  expect(f.engine.deployments.version).toBe("v1");
  expect(f.engine.schedules.list()).toEqual([]);
  expect((await f.store.listVersions()).map((each) => each.version)).toEqual(["v1"]);
});
