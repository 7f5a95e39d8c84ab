// Moving runs to the current code at somebody's wish: each shows first that the code follows its journal.
import { describe, expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import type { Context, Workflow } from "@sluice/sdk";
import { MemoryRunStore } from "../store/memory/index.ts";
import { EngineFixture, rest, tester } from "./engine-fixture.suite.ts";

type Body = (ctx: Context) => Promise<unknown>;

/** One version of the workflow `w`. */
function code(version: string, body: Body): Workflow {
  return workflow({ name: "w" }, async (ctx) => [version, await body(ctx)]);
}

const old: Body = async (ctx) => {
  await ctx.step("a", () => "a");
  return ctx.waitFor("go");
};
const renamed: Body = async (ctx) => {
  await ctx.step("a2", () => "a");
  return ctx.waitFor("go");
};

/** Runs of v1 that wait in nobody's memory, and an engine pinned to v2. */
async function pinned(body: Body, provideVersion?: (f: () => EngineFixture) => Promise<boolean>) {
  const store = new MemoryRunStore();
  const v1 = code("v1", old);
  const first = await EngineFixture.start({
    workflows: [v1],
    version: "v1",
    store,
    onDeploy: "pin",
    workerLimits: { parkAfterMs: 1 },
  });
  const runs = [await first.run(v1), await first.run(v1)];
  for (const run of runs) {
    await first.until(run, "waiting", "waiting_for_event");
    while ((await store.getRun({ run }))?.owner !== undefined) await rest(1);
  }
  first.crash();
  const f: EngineFixture = await EngineFixture.start({
    workflows: [code("v2", body)],
    version: "v2",
    store,
    onDeploy: "pin",
    provideVersion: () => (provideVersion === undefined ? Promise.resolve(false) : provideVersion(() => f)),
  });
  return { f, store, runs, run: runs[0] ?? "" };
}

const move = (f: EngineFixture, run: string) => f.engine.moves.move({ by: tester, run });

describe("moving a run", () => {
  test("takes it to the current code, where that follows its journal", async () => {
    const { f, run } = await pinned(old);
    expect(await move(f, run)).toMatchObject({ ok: true, value: { version: "v2", status: "waiting" } });
    expect(await move(f, run)).toMatchObject({ ok: true, value: { version: "v2" } });
    await f.emit("go", 1);
    expect((await f.ended(run)).output).toEqual(["v2", 1]);
  });

  test("is refused with the difference where it does not, and nothing has changed", async () => {
    const { f, run, store } = await pinned(renamed);
    expect(await move(f, run)).toMatchObject({ ok: false, error: { code: "replay_mismatch" } });
    expect(await store.getRun({ run })).toMatchObject({ version: "v1", status: "waiting" });
  });

  test("that has ended, is not there, or has no workflow any more is refused", async () => {
    const { f, run } = await pinned(old);
    expect(await move(f, "none")).toMatchObject({ ok: false, error: { code: "run_not_found" } });
    await f.engine.operations.cancel({ by: tester, run });
    expect(await move(f, run)).toMatchObject({ ok: false, error: { code: "run_is_final" } });
    const { f: other, run: lost } = await pinned(old);
    expect((await other.engine.deploy("v3", [])).ok).toBe(true);
    expect(await move(other, lost)).toMatchObject({ ok: false, error: { code: "workflow_not_found" } });
  });

  test("in the memory of a worker waits until it has left it", async () => {
    const { f, run, store } = await pinned(old, async (fixture) => {
      await fixture().attach({ workflows: [code("v1", old)], version: "v1", current: false });
      return true;
    });
    const begun = await f.engine.operations.pause(tester, run);
    if (!begun.ok) throw new Error(begun.error.message);
    await f.engine.operations.resume(tester, run);
    while ((await store.getRun({ run }))?.owner === undefined) await rest(1);
    expect(await move(f, run)).toMatchObject({ ok: false, error: { code: "conflict" } });
  });

  test("that was parked for want of its code goes on", async () => {
    const { f, run } = await pinned(old);
    await f.emit("go", 1);
    await f.until(run, "waiting", "version_unavailable");
    expect((await move(f, run)).ok).toBe(true);
    expect((await f.ended(run)).output).toEqual(["v2", 1]);
  });

  test("that has not begun needs no worker", async () => {
    const store = new MemoryRunStore();
    const v1 = code("v1", old);
    const first = await EngineFixture.start({ workflows: [v1], version: "v1", store, onDeploy: "pin" });
    const run = await first.run(v1, undefined, { delayMs: 1_000_000 });
    first.crash();
    const f = new EngineFixture({ workflows: [code("v2", renamed)], version: "v2", store, onDeploy: "pin" });
    await f.engine.start();
    await f.engine.deploy("v2", [{ name: "w", triggers: [], validates: false }]);
    expect(await move(f, run)).toMatchObject({ ok: true, value: { version: "v2", status: "queued" } });
    const begun = await f.engine.startRun({ by: tester, workflow: "w", input: encodeValue(1) });
    expect(begun.ok).toBe(true);
  });
});

describe("draining a version", () => {
  test("moves what can be moved, and names what stays", async () => {
    const { f, runs } = await pinned(old);
    expect(await f.engine.moves.drain({ by: tester, version: "v1" })).toEqual({
      ok: true,
      value: { moved: 2, left: [], leftRuns: 0 },
    });
    await f.emit("go", 1);
    for (const run of runs) expect((await f.ended(run)).output).toEqual(["v2", 1]);
    const stuck = await pinned(renamed);
    const drained = await stuck.f.engine.moves.drain({ by: tester, version: "v1" });
    expect(drained).toMatchObject({ ok: true, value: { moved: 0, leftRuns: 2 } });
    expect(drained.ok && drained.value.left.map(({ code: why }) => why)).toEqual([
      "replay_mismatch",
      "replay_mismatch",
    ]);
  });

  test("is narrowed to a workflow, and to those one may move", async () => {
    const { f } = await pinned(old);
    const drain = (more: object) => f.engine.moves.drain({ by: tester, version: "v1", ...more });
    expect(await drain({ workflow: "other" })).toMatchObject({ value: { moved: 0, leftRuns: 0 } });
    expect(await drain({ access: { workflows: [] } })).toMatchObject({ value: { moved: 0, leftRuns: 0 } });
    expect(await drain({ workflow: "w", access: { workflows: ["w"] } })).toMatchObject({ value: { moved: 2 } });
  });
});
