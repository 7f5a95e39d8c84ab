// Tasks from the call of a run to the settlement of its entry, with real workers and with ones that the test plays.
import { afterEach, describe, expect, test } from "bun:test";
import { decodeValue } from "@sluice/protocol";
import { NonRetryableError, RetryAfterError, task, TimeoutError, workflow } from "@sluice/sdk";
import type { TaskContext } from "@sluice/sdk";
import { z } from "zod";
import { MemoryRunStore } from "../../store/memory/index.ts";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { EngineFixture, pass, rest, tester } from "../engine-fixture.suite.ts";
import type { FixtureOptions } from "../engine-fixture.suite.ts";
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

const resize = task(
  { name: "resize", input: z.object({ width: z.number() }), output: z.object({ area: z.number() }) },
  ({ width }) => ({ area: width * width }),
);
const calls = workflow({ name: "calls" }, async (ctx, width: number) => (await ctx.task(resize, { width })).area);
const byName = workflow({ name: "byName" }, (ctx, input: unknown) => ctx.task("resize", input));

describe("ctx.task", () => {
  test("is carried out by a worker that has the task, and journaled", async () => {
    const fixture = await start({ workflows: [calls], tasks: [resize] });
    const run = await fixture.run(calls, 7);
    expect(await fixture.ended(run)).toMatchObject({ status: "completed", output: 49 });
    expect(await fixture.journal(run)).toEqual(["0 task resize completed"]);
    expect(await fixture.store.listTasks({ limit: 10 })).toEqual([]);
  });

  test("gives the function its attempt, its key and the run it is for", async () => {
    let seen: unknown[] = [];
    const look = task({ name: "look" }, (_: unknown, at: TaskContext) => {
      seen = [at.attempt, at.idempotencyKey, at.run.id, at.run.workflow, at.signal.aborted];
      return "seen";
    });
    const w = workflow({ name: "w" }, (ctx) => ctx.task(look, undefined));
    const fixture = await start({ workflows: [w], tasks: [look] });
    const run = await fixture.run(w);
    expect(await fixture.ended(run)).toMatchObject({ output: "seen" });
    expect(seen).toEqual([1, `${run}:0`, run, "w", false]);
  });

  test("refuses an input that its schema does not take, before anybody is asked", async () => {
    const w = workflow({ name: "w" }, (ctx) => ctx.task(resize, { width: "wide" as never }));
    const fixture = await start({ workflows: [w], tasks: [resize] });
    const run = await fixture.run(w);
    expect(await fixture.ended(run)).toMatchObject({ status: "failed", error: { code: "invalid_input" } });
    expect(await fixture.journal(run)).toEqual(["0 task resize failed"]);
  });

  test("fails with a result that its schema does not take", async () => {
    const wrong = task({ name: "wrong", output: z.object({ n: z.number() }) }, () => ({ n: "one" as never }));
    const w = workflow({ name: "w" }, (ctx) => ctx.task(wrong, undefined));
    const fixture = await start({ workflows: [w], tasks: [wrong] });
    expect(await fixture.result(w)).toMatchObject({ status: "failed", error: { code: "invalid_input" } });
  });

  test("tries again as the task or the call says; errors come back as what they were", async () => {
    const clock = new SimulatedClock(Date.UTC(2026, 0, 1));
    const thrown: Error[] = [new RangeError("too busy"), new RetryAfterError("40s"), new NonRetryableError("never")];
    const flaky = task({ name: "flaky", retry: { attempts: 9, delay: "1s" } }, (): never => {
      throw thrown.shift() ?? new Error("asked too often");
    });
    const w = workflow({ name: "w" }, (ctx) => ctx.task(flaky, undefined));
    const fixture = await start({ workflows: [w], tasks: [flaky], clock });
    const run = await fixture.run(w);
    await pass(clock, 999);
    expect(thrown).toHaveLength(2);
    await pass(clock, 1);
    expect(thrown).toHaveLength(1);
    await pass(clock, 39_999);
    expect(thrown).toHaveLength(1);
    await pass(clock, 1);
    expect(await fixture.ended(run)).toMatchObject({ error: { name: "NonRetryableError", message: "never" } });
    const { entries } = await fixture.store.readJournal({ run, bytesMax: 1_000_000 });
    expect(entries).toMatchObject([{ kind: "task", status: "failed", attempt: 3 }]);
  });

  test("writes to the log of its run, and shows how far it is", async () => {
    const talk = task({ name: "talk" }, (_: unknown, at: TaskContext) => {
      at.log.warn("careful", { n: 1 });
      at.log("go");
      at.progress(0.5);
    });
    const w = workflow({ name: "w" }, (ctx) => ctx.task(talk, undefined));
    const fixture = await start({ workflows: [w], tasks: [talk] });
    const run = await fixture.run(w);
    await fixture.ended(run);
    await rest();
    const lines = await fixture.store.listLogs({ run, after: 0, limit: 10 });
    expect(lines.map(({ level, message }) => `${level} ${message}`)).toEqual(["warn careful", "info go"]);
    const record = await fixture.store.getRun({ run });
    expect(record?.progress === undefined ? undefined : decodeValue(record.progress)).toBe(0.5);
  });

  test("parks its run while it goes on, and wakes it with the result", async () => {
    const fixture = await start({ workflows: [byName], workerLimits: { parkAfterMs: 1 } });
    const peer = new TaskPeer(fixture.engine, "p1");
    const run = await fixture.run(byName, 1);
    const order = await peer.next();
    await fixture.until(run, "waiting", "waiting_for_task");
    while (fixture.engine.hotRuns > 0) await rest(1);
    peer.done(order, "parked and back");
    expect(await fixture.ended(run)).toMatchObject({ output: "parked and back" });
  });
});

describe("tasks", () => {
  test("wait for a worker that has them, by name, runtime, labels, capabilities and resources", async () => {
    const w = workflow({ name: "w" }, (ctx) =>
      ctx.task("resize", 1, {
        on: { runtime: "python", labels: ["gpu"], capabilities: ["cuda"] },
        resources: { cpu: 2 },
      }),
    );
    const fixture = await start({ workflows: [w] });
    const fit = { runtime: "python", labels: ["gpu", "x"], capabilities: ["cuda"], resources: { cpu: 4 } };
    const others = [
      { ...fit, tasks: ["crop"] },
      { ...fit, runtime: "bun" },
      { ...fit, labels: ["x"] },
      { ...fit, capabilities: [] },
      { ...fit, resources: { cpu: 1 } },
      { ...fit, resources: {} },
    ].map((offer, index) => new TaskPeer(fixture.engine, `other ${index}`, offer));
    const run = await fixture.run(w);
    await fixture.until(run, "waiting", "waiting_for_task");
    expect(fixture.engine.tasks.waiting).toBe(1);
    expect(others.flatMap((each) => each.orders)).toEqual([]);
    const peer = new TaskPeer(fixture.engine, "fit", fit);
    peer.done(await peer.next(), "at last");
    expect(await fixture.ended(run)).toMatchObject({ output: "at last" });
  });

  test("never take more of a worker than it has: slots and resources", async () => {
    const w = workflow({ name: "w" }, (ctx, cpu: number) => ctx.task("resize", 1, { resources: { cpu } }));
    const fixture = await start({ workflows: [w] });
    const peer = new TaskPeer(fixture.engine, "p1", { slots: 2, resources: { cpu: 3 } });
    const runs = await Promise.all([2, 2, 1, 1].map((cpu) => fixture.run(w, cpu)));
    await rest();
    // The first with two cores, and one with one: then all three cores and both slots are taken.
    expect(peer.orders).toHaveLength(2);
    for (let n = 0; n < 4; n++) {
      peer.done(await peer.next(), n);
      await rest();
      expect(peer.orders.length).toBeLessThanOrEqual(2);
    }
    for (const run of runs) expect(await fixture.ended(run)).toMatchObject({ status: "completed" });
  });

  test("of workflows take turns, whoever asked first and most", async () => {
    const a = workflow({ name: "a" }, (ctx) => ctx.task("resize", "a"));
    const b = workflow({ name: "b" }, (ctx) => ctx.task("resize", "b"));
    const fixture = await start({ workflows: [a, b] });
    for (const each of [a, a, a, a, b, b]) await fixture.run(each);
    await rest();
    const peer = new TaskPeer(fixture.engine, "p1", { slots: 1 });
    const order: unknown[] = [];
    for (let n = 0; n < 6; n++) {
      const next = await peer.next();
      order.push(decodeValue(next.input));
      peer.done(next, n);
    }
    expect(order).toEqual(["a", "b", "a", "b", "a", "a"]);
  });

  test("go to the worker with the most room", async () => {
    const fixture = await start({ workflows: [byName] });
    const peers = [1, 2].map((n) => new TaskPeer(fixture.engine, `p${n}`, { slots: 4 }));
    await Promise.all(Array.from({ length: 6 }, () => fixture.run(byName, 1)));
    await rest();
    expect(peers.map((each) => each.orders.length)).toEqual([3, 3]);
  });

  test("of a worker that is gone are given out again at once, under a higher epoch; what it still says is refused", async () => {
    const fixture = await start({ workflows: [byName] });
    const first = new TaskPeer(fixture.engine, "p1");
    const run = await fixture.run(byName, 1);
    const order = await first.next();
    const second = new TaskPeer(fixture.engine, "p2");
    await first.lost();
    const again = await second.next();
    expect([again.task, again.epoch, again.attempt]).toEqual([order.task, order.epoch + 1, 1]);
    first.done(order, "too late");
    second.done({ ...again, epoch: again.epoch - 1 }, "wrong epoch");
    await rest();
    expect(await fixture.store.listTasks({ limit: 10 })).toHaveLength(1);
    second.done(again, "in time");
    expect(await fixture.ended(run)).toMatchObject({ output: "in time" });
    expect(fixture.engine.counters["stale_writes"]).toBe(2);
  });

  test("that a worker still has when it comes back are left to it, if it comes back with them", async () => {
    const fixture = await start({ workflows: [byName] });
    const first = new TaskPeer(fixture.engine, "p1");
    const runs = [await fixture.run(byName, 1), await fixture.run(byName, 2)];
    const [kept, other] = [await first.next(), await first.next()];
    await first.lost(false, [kept]);
    const back = new TaskPeer(fixture.engine, "p1", {}, [kept, other]);
    const again = await back.next();
    expect([again.task, again.epoch]).toEqual([other.task, 2]);
    expect(back.revoked).toEqual(["It was given out again."]);
    back.done(kept, "kept");
    back.done(again, "again");
    const ends = await Promise.all(runs.map((run) => fixture.ended(run)));
    expect(ends.map(({ output }) => output)).toEqual(["kept", "again"]);
  });

  test("that take their worker down again and again fail, and nothing else does", async () => {
    const fixture = await start({ workflows: [byName], limits: { crashesMax: 2 } });
    const run = await fixture.run(byName, 1);
    for (let n = 1; n <= 2; n++) {
      const peer = new TaskPeer(fixture.engine, `p${n}`);
      const order = await peer.next();
      await peer.lost(true, [], [order.task]);
    }
    expect(await fixture.ended(run)).toMatchObject({ status: "failed", error: { code: "poison" } });
  });

  test("that were there at too many losses of a machine, the last time alone, fail; the others do not", async () => {
    const fixture = await start({ workflows: [byName], limits: { crashesMax: 3 } });
    const [killer, other] = [await fixture.run(byName, "kill"), await fixture.run(byName, "fine")];
    const given: unknown[] = [];
    for (let n = 1; n <= 4; n++) {
      const peer = new TaskPeer(fixture.engine, "gpu-1", { remote: true });
      await rest();
      given.push(peer.orders.map(({ input }) => decodeValue(input)));
      const [order] = peer.orders;
      if (n === 4 && order !== undefined) peer.done(order, "did it");
      else await peer.vanished();
    }
    // Twice together; from then on one at a time.
    expect(given).toEqual([["kill", "fine"], ["kill", "fine"], ["kill"], ["fine"]]);
    const { error } = await fixture.ended(killer);
    expect(error).toMatchObject({ code: "poison", details: { losses: Array(3).fill("gpu-1: it is gone") } });
    expect(error?.message).toBe(
      "The task resize took its worker down 3 times, the last time alone: gpu-1: it is gone.",
    );
    expect(await fixture.ended(other)).toMatchObject({ output: "did it" });
  });

  test("that turn out to have gone on are not charged after all", async () => {
    const fixture = await start({ workflows: [byName], limits: { crashesMax: 2 } });
    const first = new TaskPeer(fixture.engine, "w1", { remote: true });
    const run = await fixture.run(byName, 1);
    const order = await first.next();
    await first.vanished();
    // It comes back late, and still does it: the network was it.
    const back = new TaskPeer(fixture.engine, "w1", { remote: true }, [order]);
    await back.next();
    await back.vanished();
    const last = new TaskPeer(fixture.engine, "w1", { remote: true });
    last.done(await last.next(), "fine");
    expect(await fixture.ended(run)).toMatchObject({ output: "fine" });
  });

  test("are revoked when their run is cancelled, loses interest in a race, or ends", async () => {
    const race = workflow({ name: "race" }, (ctx) =>
      ctx.race({ task: (c) => c.task("resize", 1), event: (c) => c.waitFor("go") }),
    );
    const leaves = workflow({ name: "leaves" }, async (ctx) => {
      void ctx.task("resize", 1);
      await ctx.waitFor("leave");
    });
    const fixture = await start({ workflows: [byName, race, leaves] });
    const peer = new TaskPeer(fixture.engine, "p1", { slots: 3 });
    const cancelled = await fixture.run(byName, 1);
    const raced = await fixture.run(race);
    const left = await fixture.run(leaves);
    const orders = [await peer.next(), await peer.next(), await peer.next()];
    await fixture.engine.operations.cancel({ by: tester, run: cancelled });
    await fixture.emit("go", "won");
    await fixture.emit("leave");
    expect((await fixture.ended(cancelled)).status).toBe("cancelled");
    expect((await fixture.ended(raced)).output).toEqual({ winner: "event", value: "won" });
    expect((await fixture.ended(left)).status).toBe("completed");
    await rest();
    expect(peer.revoked.toSorted()).toEqual([
      "Another branch won the race.",
      "The run has ended.",
      "The run has ended.",
    ]);
    // Each keeps its place until the worker has stopped.
    const next = await fixture.run(byName, 2);
    await rest();
    expect(peer.orders).toEqual([]);
    for (const order of orders) peer.fail(order, new Error("stopped"));
    peer.done(await peer.next(), "room");
    expect(await fixture.ended(next)).toMatchObject({ output: "room" });
  });

  test("have a time limit for each attempt, one for signs of life, and one for all of it", async () => {
    const clock = new SimulatedClock(Date.UTC(2026, 0, 1));
    const w = workflow({ name: "w" }, (ctx, limits: object) => ctx.task("resize", 1, limits));
    const fixture = await start({ workflows: [w], clock });
    const peer = new TaskPeer(fixture.engine, "p1");
    const timed = await fixture.run(w, { timeout: "10s" });
    await peer.next();
    await pass(clock, 10_000);
    expect(await fixture.ended(timed)).toMatchObject({ error: { name: "TimeoutError", code: "timeout" } });
    const silent = await fixture.run(w, { heartbeat: "5s" });
    const order = await peer.next();
    await pass(clock, 4_000);
    peer.say({ type: "note", task: order.task, epoch: order.epoch, at: clock.now() });
    await pass(clock, 4_000);
    expect((await fixture.store.getRun({ run: silent }))?.status).toBe("waiting");
    await pass(clock, 1_000);
    expect(await fixture.ended(silent)).toMatchObject({ error: { name: "TimeoutError" } });
    const late = await fixture.run(w, { deadline: "1m", onTimeout: "nobody" });
    await peer.next();
    await pass(clock, 60_000);
    expect(await fixture.ended(late)).toMatchObject({ output: "nobody" });
    expect(peer.revoked).toHaveLength(3);
  });

  test("survive a crash of the engine: what was settled stays, what was under way is given out again", async () => {
    const two = workflow({ name: "two" }, async (ctx) => [await ctx.task("resize", 1), await ctx.task("resize", 2)]);
    const store = new MemoryRunStore();
    const before = await start({ workflows: [two], store });
    const peer = new TaskPeer(before.engine, "p1");
    const run = await before.run(two);
    peer.done(await peer.next(), "one");
    const second = await peer.next();
    before.crash();
    const after = await start({ workflows: [two], store });
    const other = new TaskPeer(after.engine, "p2");
    const again = await other.next();
    expect([again.task, again.epoch]).toEqual([second.task, second.epoch + 1]);
    other.done(again, "two");
    expect(await after.ended(run)).toMatchObject({ output: ["one", "two"] });
  });

  test("that cannot be written down yet are kept until they can", async () => {
    let fails = 2;
    const fixture = await start({
      workflows: [byName],
      limits: { reloadDelayMs: 1 },
      plan: ({ verb }) => (verb === "settleTask" && fails-- > 0 ? { fault: "fail" } : undefined),
    });
    const peer = new TaskPeer(fixture.engine, "p1");
    const run = await fixture.run(byName, 1);
    peer.done(await peer.next(), "kept");
    expect(await fixture.ended(run)).toMatchObject({ output: "kept" });
  });

  test("leave a worker that drains: it gives back what it has not done", async () => {
    const fixture = await start({ workflows: [byName] });
    const first = new TaskPeer(fixture.engine, "p1");
    const run = await fixture.run(byName, 1);
    const order = await first.next();
    first.say({ type: "handback", runs: [], tasks: [order] });
    const second = new TaskPeer(fixture.engine, "p2");
    const again = await second.next();
    second.done(again, "elsewhere");
    expect(await fixture.ended(run)).toMatchObject({ output: "elsewhere" });
  });

  test("are asked for again by a retry, but for those that have their result", async () => {
    const w = workflow({ name: "w" }, async (ctx) => [await ctx.task("resize", 1), await ctx.task("resize", 2)]);
    const fixture = await start({ workflows: [w] });
    const peer = new TaskPeer(fixture.engine, "p1");
    const run = await fixture.run(w);
    peer.done(await peer.next(), "one");
    peer.fail(await peer.next(), new TimeoutError("no"));
    expect((await fixture.ended(run)).status).toBe("failed");
    await fixture.engine.operations.retry(tester, run);
    const again = await peer.next();
    expect(decodeValue(again.input)).toBe(2);
    peer.done(again, "two");
    expect((await fixture.ended(run)).output).toEqual(["one", "two"]);
  });
});
