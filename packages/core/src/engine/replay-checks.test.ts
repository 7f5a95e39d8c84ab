// A retry on other code asks first whether that code follows what the retry keeps of the journal.
import { describe, expect, test } from "bun:test";
import { encodeError } from "@sluice/protocol";
import type { EntryStatus, JournalEntry } from "@sluice/protocol";
import { NonDeterminismError, workflow } from "@sluice/sdk";
import type { Context, Workflow } from "@sluice/sdk";
import type { RunRecord } from "../kernel/run-store.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";
import { done, plainManifest, PlayedWorker } from "./played-worker.suite.ts";
import { keptByRetry } from "./replay-checks.ts";

function entry(seq: number, status: EntryStatus, ord = 0): JournalEntry {
  return { seq, kind: seq < 0 ? "undo" : "step", name: `s${seq}`, n: 0, status, ord, attempt: 1, at: 0, end: 0 };
}
const failed = { status: "failed", blocked: false } as RunRecord;
const kept = (record: RunRecord, entries: readonly JournalEntry[]): number[] =>
  keptByRetry(record, entries).map(({ seq }) => seq);

describe("what a retry keeps", () => {
  const entries = [
    entry(0, "completed", 1),
    entry(1, "failed", 2),
    entry(3, "failed", 3),
    entry(2, "aborted"),
    entry(4, "running"),
  ];

  test("is everything but what was open and the entry that ended the run: the one it names, else the last that failed", () => {
    expect(kept(failed, entries)).toEqual([0, 1, 2]);
    expect(kept({ ...failed, cause: 1 }, entries)).toEqual([0, 3, 2]);
  });

  test("of a blocked run is all that has settled", () => {
    expect(kept({ ...failed, status: "waiting", blocked: true }, entries)).toEqual([0, 1, 3, 2]);
  });

  test("of a run that was cancelled or took too long is all that has settled", () => {
    for (const status of ["cancelled", "timedout"] as const) {
      expect(kept({ ...failed, status }, entries)).toEqual([0, 1, 3, 2]);
    }
  });

  test("is what was undone, in its place, and not the undos", () => {
    const undone = [entry(0, "completed", 1), entry(1, "completed", 2), entry(-1, "completed", 3)];
    expect(kept(failed, undone)).toEqual([0, 1]);
  });
});

/** The failed run of an old version, played; the current version is played, too. */
async function failedRun(clock?: SimulatedClock): Promise<{ f: EngineFixture; run: string; current: PlayedWorker }> {
  const f = new EngineFixture({ workflows: [], ...(clock === undefined ? {} : { clock }) });
  await f.engine.start();
  await f.engine.deploy("v1", [plainManifest("flow")]);
  const old = new PlayedWorker(f.engine, { id: "w1", version: "v1", workflows: ["flow"] });
  const id = await f.run("flow");
  const { epoch } = await old.assigned(id);
  old.ops(id, epoch, done(0, "a", 1), done(1, "b", undefined, new Error("no")));
  old.ops(id, epoch, {
    op: "finish",
    status: "failed",
    reason: "error",
    error: encodeError(new Error("no")),
    cause: 1,
  });
  await f.ended(id);
  await f.engine.deploy("v2", [plainManifest("flow")]);
  return { f, run: id, current: new PlayedWorker(f.engine, { id: "w2", version: "v2", workflows: ["flow"] }) };
}

describe("the check", () => {
  test("sends a worker what the retry keeps, to be replayed only, and changes nothing until it has answered", async () => {
    const { f, run, current } = await failedRun();
    const retrying = f.engine.operations.retry(tester, run);
    const asked = await current.assigned(run);
    expect(asked).toMatchObject({ check: true, version: "v2", attempt: 2, ord: 1, gaps: true });
    expect(asked.journal.map(({ name }) => name)).toEqual(["a"]);
    expect(await f.store.getRun({ run })).toMatchObject({ status: "failed", version: "v1", attempt: 1 });
    current.checked(run, asked.epoch);
    expect(await retrying).toMatchObject({ ok: true, value: { version: "v2", attempt: 2 } });
  });

  test("refuses with the difference and the way out", async () => {
    const { f, run, current } = await failedRun();
    const retrying = f.engine.operations.retry(tester, run);
    const asked = await current.assigned(run);
    current.checked(run, asked.epoch, encodeError(new NonDeterminismError(0, 'step "a"', 'step "z"')));
    const refused = await retrying;
    expect(refused).toMatchObject({
      ok: false,
      error: { code: "replay_mismatch", details: { step: 0, recorded: 'step "a"', asked: 'step "z"' } },
    });
    expect(refused.ok ? "" : refused.error.message).toContain('step "z"');
    expect(refused.ok ? "" : refused.error.hint).toContain("patched");
    expect(await f.store.getRun({ run })).toMatchObject({ status: "failed", version: "v1", attempt: 1 });
  });

  test("is asked once at a time, and an answer of another time is none", async () => {
    const { f, run, current } = await failedRun();
    const first = f.engine.operations.retry(tester, run);
    const asked = await current.assigned(run);
    expect(await f.engine.operations.retry(tester, run)).toMatchObject({ ok: false, error: { code: "conflict" } });
    current.checked(run, asked.epoch + 7);
    await rest();
    expect((await f.store.getRun({ run }))?.status).toBe("failed");
    current.checked(run, asked.epoch);
    expect((await first).ok).toBe(true);
  });

  test("that nobody answers, or that no worker is there for, is no yes", async () => {
    const clock = new SimulatedClock(1_000);
    const { f, run, current } = await failedRun(clock);
    const retrying = f.engine.operations.retry(tester, run);
    await current.assigned(run);
    await pass(clock, 10_000);
    expect(await retrying).toMatchObject({ ok: false, error: { code: "no_worker" } });
    await current.lost();
    expect(await f.engine.operations.retry(tester, run)).toMatchObject({ ok: false, error: { code: "no_worker" } });
    expect((await f.store.getRun({ run }))?.status).toBe("failed");
  });
});

describe("code that is checked", () => {
  const broken = (): never => {
    throw new Error("broken");
  };
  const bodies: Readonly<Record<string, (ctx: Context, b: () => unknown) => Promise<unknown>>> = {
    "in a lock": (ctx, b) => ctx.lock("door", async () => [await ctx.step("a", () => 1), await ctx.step("b", b)]),
    "with a finally": async (ctx, b) => {
      try {
        return [await ctx.step("a", () => 1), await ctx.step("b", b)];
      } finally {
        await ctx.step("cleanup", () => 2);
      }
    },
    "in parallel": (ctx, b) =>
      Promise.all([ctx.step("a", () => 1), ctx.step("b", b), ctx.step("c", async () => rest(3))]),
  };
  const version = (body: keyof typeof bodies, b: () => unknown): Workflow =>
    workflow({ name: "w" }, async (ctx) => bodies[body]?.(ctx, b));

  test.each(Object.keys(bodies))("follows a journal with its failed step taken out, %s", async (body) => {
    const f = await EngineFixture.start({ workflows: [version(body, broken)], version: "v1", onDeploy: "pin" });
    const run = await f.run("w");
    expect((await f.ended(run)).status).toBe("failed");
    await f.attach({ workflows: [version(body, () => "mended")], version: "v2" });
    await rest();
    expect(await f.engine.operations.retry(tester, run)).toMatchObject({ ok: true, value: { version: "v2" } });
    expect(((await f.ended(run)).output as unknown[]).slice(0, 2)).toEqual([1, "mended"]);
  });
});
