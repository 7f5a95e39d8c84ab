// Tasks whose effects are taken back: by the run's own worker or by one that can, in reverse order, once, whatever happens between.
import { afterEach, describe, expect, test } from "bun:test";
import { decodeValue, encodeError, encodeValue, normalizeRetry } from "@sluice/protocol";
import { task, workflow } from "@sluice/sdk";
import type { Context } from "@sluice/sdk";
import { MemoryRunStore } from "../../store/memory/index.ts";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { EngineFixture, pass, rest, tester } from "../engine-fixture.suite.ts";
import type { FixtureOptions } from "../engine-fixture.suite.ts";
import { plainManifest, PlayedWorker } from "../played-worker.suite.ts";
import { TaskPeer } from "../task-peer.suite.ts";

const open: EngineFixture[] = [];
async function start(options: FixtureOptions): Promise<EngineFixture> {
  const fixture = await EngineFixture.start(options);
  open.push(fixture);
  return fixture;
}
afterEach(async () => {
  for (const fixture of open.splice(0)) if (!fixture.dead) await fixture.engine.stop(0);
});

const gpu = { on: { labels: ["gpu"] } } as const;
/** Reserves on a worker with a GPU, and fails; `free` takes it back there. */
const fails = workflow({ name: "fails" }, async (ctx) => {
  await ctx.task("reserve", { frames: 7 }, { ...gpu, undo: "free" });
  throw new Error("after all");
});
const peerOf = (fixture: EngineFixture, id: string, tasks = ["reserve", "free"]): TaskPeer =>
  new TaskPeer(fixture.engine, id, { labels: ["gpu"], tasks });

describe("the undo of a task", () => {
  test("is a function of the run's worker, or a task; with the undos of steps they run in reverse", async () => {
    const lines: string[] = [];
    const made = task({ name: "make" }, (what: string) => `made ${what}`);
    const unmake = task({ name: "unmake" }, ({ input, result }: { input: string; result: string | undefined }) => {
      lines.push(`unmake ${input}: ${result ?? "nothing"}`);
    });
    const w = workflow({ name: "w" }, async (ctx) => {
      await ctx.step("first", () => "one", { undo: (result) => void lines.push(`undo first: ${String(result)}`) });
      await ctx.task(made, "two", { undo: (result) => void lines.push(`undo two: ${String(result)}`) });
      await ctx.task(made, "three", { undo: unmake });
      throw new Error("no");
    });
    const fixture = await start({ workflows: [w], tasks: [made, unmake] });
    const run = await fixture.run(w);
    expect(await fixture.ended(run)).toMatchObject({ status: "failed", error: { message: "no" } });
    expect(lines).toEqual(["unmake three: made three", "undo two: made two", "undo first: one"]);
    expect((await fixture.journal(run)).slice(3)).toEqual([
      "-3 undo unmake completed",
      "-2 undo make completed",
      "-1 undo first completed",
    ]);
  });

  test("goes to a worker that can do it, where the task went, with what it was given and what it made", async () => {
    const fixture = await start({ workflows: [fails] });
    const other = new TaskPeer(fixture.engine, "plain", { tasks: ["reserve", "free"] });
    const peer = peerOf(fixture, "gpu");
    const run = await fixture.run(fails);
    peer.done(await peer.next(), "slot 4");
    await fixture.until(run, "undoing");
    const undo = await peer.next();
    expect([undo.name, undo.key, decodeValue(undo.input)]).toEqual([
      "free",
      `${run}:-1`,
      { input: { frames: 7 }, result: "slot 4" },
    ]);
    expect((await fixture.store.getRun({ run }))?.status).toBe("undoing");
    peer.done(undo, undefined);
    expect(await fixture.ended(run)).toMatchObject({ status: "failed", reason: "error" });
    expect(other.orders).toEqual([]);
  });

  test("happens when the run is cancelled, hot or parked, also while the task is under way", async () => {
    for (const parkAfterMs of [1, 1_000_000]) {
      const w = workflow({ name: "w" }, (ctx) => ctx.task("reserve", 1, { undo: "free" }));
      const fixture = await start({ workflows: [w], workerLimits: { parkAfterMs } });
      const peer = peerOf(fixture, "gpu");
      const run = await fixture.run(w);
      const order = await peer.next();
      await fixture.until(run, "waiting", "waiting_for_task");
      if (parkAfterMs === 1) while (fixture.engine.hotRuns > 0) await rest(1);
      await fixture.engine.operations.cancel({ by: tester, run });
      while (peer.revoked.length === 0) await rest(1);
      peer.done(order, "too late");
      const undo = await peer.next();
      expect(decodeValue(undo.input)).toEqual({ input: 1, result: undefined });
      peer.done(undo, undefined);
      expect((await fixture.ended(run)).status).toBe("cancelled");
      expect(peer.revoked).toHaveLength(1);
    }
  });

  test("does not happen when the run completes, nor for a task that never was", async () => {
    const refused = task<unknown, number>({ name: "refused", input: { "~standard": strict } as never }, () => 1);
    const w = workflow({ name: "w" }, async (ctx, fail: boolean) => {
      if (fail) await ctx.task(refused, 1, { undo: "free" });
      return ctx.task("reserve", 1, { undo: "free" });
    });
    const fixture = await start({ workflows: [w] });
    const peer = peerOf(fixture, "gpu");
    const run = await fixture.run(w, false);
    peer.done(await peer.next(), "fine");
    expect(await fixture.ended(run)).toMatchObject({ status: "completed", output: "fine" });
    const never = await fixture.run(w, true);
    expect((await fixture.ended(never)).status).toBe("failed");
    expect(await fixture.journal(never)).toEqual(["0 task refused failed"]);
    expect(peer.orders).toEqual([]);
  });

  test("knows the result of a task that lost its race, where there was one", async () => {
    const w = workflow({ name: "w" }, async (ctx) => {
      const reserve = (n: number) => (c: Context) => c.task("reserve", n, { undo: "free" });
      await ctx.race({ a: reserve(1), b: reserve(2) });
      await ctx.waitFor("go");
      throw new Error("no");
    });
    const fixture = await start({ workflows: [w] });
    const peer = peerOf(fixture, "gpu");
    const run = await fixture.run(w);
    const [a, b] = [await peer.next(), await peer.next()];
    // Both settle in one commit or the next: the second one loses, and its effect stands.
    peer.done(a, "A");
    peer.done(b, "B");
    await fixture.until(run, "waiting", "waiting_for_event");
    await fixture.emit("go");
    const undone: unknown[] = [];
    for (let n = 0; n < 2; n++) {
      const undo = await peer.next();
      undone.push(decodeValue(undo.input));
      peer.done(undo, undefined);
    }
    expect((await fixture.ended(run)).status).toBe("failed");
    const entry = (await fixture.store.readJournal({ run, bytesMax: 10 ** 6 })).entries.find(({ seq }) => seq === 1);
    const left = entry?.status === "completed" ? "B" : undefined;
    expect(undone).toEqual([
      { input: 2, result: left },
      { input: 1, result: "A" },
    ]);
  });

  test("is carried out once: after a crash it is given out again, not asked for anew", async () => {
    const store = new MemoryRunStore();
    const before = await start({ workflows: [fails], store });
    const peer = peerOf(before, "gpu");
    const run = await before.run(fails);
    peer.done(await peer.next(), "slot 4");
    const undo = await peer.next();
    before.crash();
    const after = await start({ workflows: [fails], store });
    const second = peerOf(after, "gpu");
    const again = await second.next();
    expect([again.task, again.epoch]).toEqual([undo.task, undo.epoch + 1]);
    second.done(again, undefined);
    expect((await after.ended(run)).status).toBe("failed");
    await rest();
    expect(second.orders).toEqual([]);
  });

  test("is tried five times; then the run says what stands, and may be retried when that is taken back", async () => {
    const clock = new SimulatedClock(Date.UTC(2026, 0, 1));
    const fixture = await start({ workflows: [fails], clock });
    const peer = peerOf(fixture, "gpu");
    const run = await fixture.run(fails);
    peer.done(await peer.next(), "slot 4");
    for (let attempt = 1; attempt <= 5; attempt++) {
      const undo = await peer.next();
      expect(undo.attempt).toBe(attempt);
      peer.fail(undo, new Error("busy"));
      await pass(clock, 120_000);
    }
    expect(await fixture.ended(run)).toMatchObject({
      reason: "undo_failed",
      error: { details: { notUndone: [{ step: "reserve", message: "busy" }] } },
    });
    expect(await fixture.engine.operations.retry(tester, run)).toMatchObject({ ok: false });
  });

  test("makes a retry do the task again, in its place and under a new key", async () => {
    let fail = true;
    const w = workflow({ name: "w" }, async (ctx) => {
      const result = await ctx.task("reserve", 1, { undo: "free" });
      const more = await ctx.step("more", () => "kept");
      if (fail) await ctx.step("breaks", () => Promise.reject(new Error("no")));
      return [result, more];
    });
    const fixture = await start({ workflows: [w] });
    const peer = peerOf(fixture, "gpu");
    const run = await fixture.run(w);
    const first = await peer.next();
    peer.done(first, "one");
    peer.done(await peer.next(), undefined);
    expect((await fixture.ended(run)).status).toBe("failed");
    fail = false;
    await fixture.engine.operations.retry(tester, run);
    const again = await peer.next();
    expect([again.name, again.key]).toEqual(["reserve", `${run}:0:1`]);
    expect(again.task).not.toBe(first.task);
    peer.done(again, "two");
    expect((await fixture.ended(run)).output).toEqual(["two", "kept"]);
  });
});

describe("the undo of a task that is under way", () => {
  /** A run in the middle of its task, cancelled: the worker has been told to stop, and has not. */
  async function stopping(undo: "task" | "function", options: Omit<FixtureOptions, "workflows"> = {}) {
    const undone: unknown[] = [];
    const back = undo === "task" ? "free" : (result: unknown) => void undone.push(result);
    const w = workflow({ name: "w" }, (ctx) => ctx.task("reserve", 1, { undo: back }));
    const fixture = await start({ workflows: [w], ...options });
    const peer = peerOf(fixture, "gpu");
    const run = await fixture.run(w);
    const order = await peer.next();
    await fixture.until(run, "waiting", "waiting_for_task");
    await fixture.engine.operations.cancel({ by: tester, run });
    while (peer.revoked.length === 0) await rest(1);
    await fixture.until(run, "undoing");
    await rest();
    expect([undone, peer.orders]).toEqual([[], []]);
    return { fixture, peer, run, order, undone };
  }

  test("waits until the task has stopped, whichever way it ends, for a function as for a task", async () => {
    const byTask = await stopping("task");
    byTask.peer.done(byTask.order, "too late");
    const undo = await byTask.peer.next();
    expect(decodeValue(undo.input)).toEqual({ input: 1, result: undefined });
    byTask.peer.done(undo, undefined);
    expect((await byTask.fixture.ended(byTask.run)).status).toBe("cancelled");

    const byFunction = await stopping("function");
    byFunction.peer.fail(byFunction.order, new Error("stopped"));
    expect((await byFunction.fixture.ended(byFunction.run)).status).toBe("cancelled");
    expect(byFunction.undone).toEqual([undefined]);
  });

  test("begins when the worker is gone or gives the task back, and not while it comes back with it", async () => {
    const lost = await stopping("function");
    await lost.peer.lost();
    expect((await lost.fixture.ended(lost.run)).status).toBe("cancelled");

    const handed = await stopping("function");
    handed.peer.say({ type: "handback", runs: [], tasks: [handed.order] });
    expect((await handed.fixture.ended(handed.run)).status).toBe("cancelled");

    const { fixture, peer, run, order, undone } = await stopping("function");
    await peer.lost(false, [order]);
    const again = new TaskPeer(fixture.engine, "gpu", { labels: ["gpu"], tasks: ["reserve"], slots: 1 }, [order]);
    while (again.revoked.length === 0) await rest(1);
    // It has its place there until it has stopped.
    const other = await fixture.run("w");
    await fixture.until(other, "waiting", "waiting_for_task");
    await rest();
    expect([undone, again.orders]).toEqual([[], []]);
    again.done(order, "too late");
    expect((await fixture.ended(run)).status).toBe("cancelled");
    expect((await again.next()).run).toBe(other);
  });

  test("begins after taskStopMs where a task does not stop, and the task keeps its place", async () => {
    const clock = new SimulatedClock(Date.UTC(2026, 0, 1));
    const { fixture, run, undone } = await stopping("function", { clock, limits: { taskStopMs: 30_000 } });
    await pass(clock, 29_000);
    expect(undone).toEqual([]);
    await pass(clock, 2_000);
    expect((await fixture.ended(run)).status).toBe("cancelled");
    expect(undone).toEqual([undefined]);
  });

  test("waits as well for one that lost a race", async () => {
    const undone: string[] = [];
    const race = workflow({ name: "race" }, async (ctx) => {
      const back = (name: string) => () => void undone.push(name);
      const slow = (c: Context): Promise<unknown> => c.task("reserve", 1, { undo: back("slow") });
      await ctx.race({ slow, fast: (c) => c.waitFor("go") });
      throw new Error("no");
    });
    const fixture = await start({ workflows: [race] });
    const peer = peerOf(fixture, "gpu");
    const run = await fixture.run(race);
    const order = await peer.next();
    await fixture.until(run, "waiting");
    await fixture.emit("go");
    await fixture.until(run, "undoing");
    await rest();
    expect(undone).toEqual([]);
    peer.done(order, "too late");
    expect((await fixture.ended(run)).status).toBe("failed");
    expect(undone).toEqual(["slow"]);
  });
});

test("a run that undoes is taken up by another worker when its tasks have stopped", async () => {
  const flow = workflow({ name: "flow" }, async () => undefined);
  const fixture = new EngineFixture({ workflows: [flow], provideVersion: async () => false });
  open.push(fixture);
  await fixture.engine.start();
  await fixture.engine.deploy("v1", [plainManifest("flow")]);
  const worker = (id: string) => new PlayedWorker(fixture.engine, { id, version: "v1", workflows: ["flow"] });
  const [first, peer] = [worker("first"), peerOf(fixture, "gpu")];
  const run = await fixture.run("flow");
  const { epoch } = await first.assigned(run);
  const plan = { retry: normalizeRetry({}), key: "k" };
  first.ops(run, epoch, { op: "task", seq: 0, name: "reserve", n: 0, input: encodeValue(1), plan });
  const order = await peer.next();
  const error = encodeError(new Error("no"));
  first.ops(run, epoch, { op: "undoing", status: "failed", reason: "error", error });
  while (peer.revoked.length === 0) await rest(1);
  await first.lost({ crashed: false, message: "it left" });
  const second = worker("second");
  await rest();
  expect(second.received.filter(({ type }) => type === "assign")).toEqual([]);
  peer.done(order, "too late");
  const { outcome } = await second.assigned(run, epoch);
  expect(outcome).toMatchObject({ status: "failed" });
});

/** Takes nothing. */
const strict = { version: 1, vendor: "test", validate: () => ({ issues: [{ message: "no" }] }) } as const;
