// Writes of workers: fenced by the epoch, one stale write harms nobody else, and what is refused is said.
import { describe, expect, test } from "bun:test";
import { decodeErrorValue, decodeValue, encodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { engineItself } from "../kernel/inner-actor.ts";
import type { RunStore } from "../kernel/run-store.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { faultyStore } from "../testing/faulty-store.ts";
import { EngineFixture, rest, tester } from "./engine-fixture.suite.ts";
import { PlayedWorker, done, finish } from "./played-worker.suite.ts";

const flow = workflow({ name: "flow" }, async () => undefined);

/** An engine that knows one workflow and has only played workers. */
async function engineAlone(store: RunStore = new MemoryRunStore()): Promise<EngineFixture> {
  const f = new EngineFixture({ workflows: [flow], store });
  await f.engine.start();
  await f.engine.deploy("v1", [{ name: "flow", triggers: [], validates: false }]);
  return f;
}

function play(f: EngineFixture, id: string): PlayedWorker {
  return new PlayedWorker(f.engine, { id, version: "v1", workflows: ["flow"] });
}

describe("the fence", () => {
  test("a worker that stalls past its lease and comes back cannot write", async () => {
    const f = await engineAlone();
    const stalled = play(f, "stalled");
    const run = await f.run("flow");
    const { epoch } = await stalled.assigned(run);
    stalled.ops(run, epoch, done(0, "charge", "by the stalled one"));
    await rest();
    await stalled.lost({ crashed: false, message: "no heartbeat within the lease" });
    const next = play(f, "next");
    const again = await next.assigned(run);
    expect(again.epoch).toBeGreaterThan(epoch);
    expect(again.journal.map((entry) => entry.name)).toEqual(["charge"]);
    stalled.ops(run, epoch, done(1, "ship", "by the stalled one"), finish("by the stalled one"));
    stalled.ops(run, again.epoch, done(1, "ship", "with a guessed epoch"));
    await rest();
    expect(await f.journal(run)).toEqual(["0 step charge completed"]);
    expect(f.engine.counters.stale_writes).toBe(2);
    next.ops(run, again.epoch, done(1, "ship", "by the next one"), finish("by the next one"));
    expect(await f.ended(run)).toMatchObject({ status: "completed", output: "by the next one" });
    stalled.ops(run, epoch, finish("much too late"));
    await rest();
    expect((await f.ended(run)).output).toBe("by the next one");
  });

  test("a write that was under way when the lease ended is refused by the store itself", async () => {
    const until = Promise.withResolvers<void>();
    const inner = new MemoryRunStore();
    // The first append reaches the store only after the run has been given to somebody else.
    const slow = faultyStore(inner, { plan: () => undefined, afterCrash: "silence" }).store;
    const late = new Proxy(slow, {
      get: (target, verb: keyof RunStore) =>
        verb === "append"
          ? async (p: Parameters<MemoryRunStore["append"]>[0]) => {
              if (p.epoch === 1) await until.promise;
              return target.append(p);
            }
          : (target[verb] as unknown),
    });
    const f = await engineAlone(late);
    const stalled = play(f, "stalled");
    const run = await f.run("flow");
    const { epoch } = await stalled.assigned(run);
    stalled.ops(run, epoch, done(0, "charge", "late"));
    await stalled.lost({ crashed: false });
    const next = play(f, "next");
    const again = await next.assigned(run);
    until.resolve();
    await rest();
    expect(await f.journal(run)).toEqual([]);
    next.ops(run, again.epoch, finish("fine"));
    expect((await f.ended(run)).output).toBe("fine");
  });

  test("one stale write never fails the others sent with it", async () => {
    const f = await engineAlone();
    const [one, two] = [play(f, "one"), play(f, "two")];
    const runs = await Promise.all(Array.from({ length: 6 }, () => f.run("flow")));
    await rest();
    const holder = (run: string): PlayedWorker =>
      one.received.some((message) => message.type === "assign" && message.assignment.run === run) ? one : two;
    const lost = runs[2] ?? "";
    // Taken away behind the engine's back, as another engine on the same store would.
    const record = await f.store.getRun({ run: lost });
    await f.store.releaseRuns({
      by: engineItself,
      runs: [{ run: lost, epoch: record?.epoch ?? 0 }],
      crashed: false,
      now: Date.now(),
    });
    for (const run of runs) holder(run).ops(run, 1, done(0, "step", run));
    await rest();
    for (const run of runs) {
      expect(await f.journal(run)).toEqual(run === lost ? [] : ["0 step step completed"]);
      const told = holder(run).events(run);
      expect(told.map((event) => event.event)).toEqual(run === lost ? ["drop"] : ["settle"]);
    }
    expect(f.engine.counters.stale_writes).toBe(1);
    for (const run of runs) if (run !== lost) holder(run).ops(run, 1, finish(run));
    for (const run of runs) if (run !== lost) expect((await f.ended(run)).output).toBe(run);
  });

  test("nothing is written for a run that has ended", async () => {
    const f = await engineAlone();
    const worker = play(f, "one");
    const run = await f.run("flow");
    const { epoch } = await worker.assigned(run);
    worker.ops(run, epoch, finish(1));
    await f.ended(run);
    worker.ops(run, epoch, done(0, "late", 1), { op: "log", level: "info", message: "late", at: 0 });
    await rest();
    expect(await f.journal(run)).toEqual([]);
    expect(await f.store.listLogs({ run, after: 0, limit: 10 })).toEqual([]);
  });
});

describe("a commit", () => {
  test("that fails makes nothing visible: the run goes on from its journal in a new incarnation", async () => {
    let failing = false;
    const faulty = faultyStore(new MemoryRunStore(), {
      plan: (write) => (failing && write.verb === "append" ? { fault: "fail" } : undefined),
      afterCrash: "silence",
    });
    const f = new EngineFixture({ workflows: [flow], store: faulty.store, limits: { reloadDelayMs: 1 } });
    await f.engine.start();
    await f.engine.deploy("v1", [{ name: "flow", triggers: [], validates: false }]);
    const worker = play(f, "one");
    const run = await f.run("flow");
    const { epoch } = await worker.assigned(run);
    worker.ops(run, epoch, done(0, "kept", 1));
    await rest();
    failing = true;
    worker.ops(run, epoch, done(1, "failed", 2));
    await rest();
    failing = false;
    expect(worker.events(run).map((event) => event.event)).toEqual(["settle", "drop"]);
    const again = await worker.assigned(run, epoch);
    expect(again.journal.map((entry) => entry.name)).toEqual(["kept"]);
    worker.ops(run, epoch, done(1, "failed", "late"));
    worker.ops(run, again.epoch, done(1, "failed", 3), finish(3));
    expect((await f.ended(run)).output).toBe(3);
    const [, second] = (await f.store.readJournal({ run, bytesMax: 1_000_000 })).entries;
    expect(decodeValue(second?.value ?? new Uint8Array(0))).toBe(3);
  });

  test("past journalEntriesMax turns into the recorded failure of the call, naming limit and setting", async () => {
    const long = workflow({ name: "flow" }, async (ctx, steps: number) => {
      for (let i = 0; i < steps; i++) await ctx.step("step", () => i);
      return steps;
    });
    const f = await EngineFixture.start({ workflows: [long], limits: { journalEntriesMax: 10 } });
    expect(await f.result(long, 10)).toMatchObject({ status: "completed", output: 10 });
    const { status, error } = await f.result(long, 11);
    expect(status).toBe("failed");
    expect(error).toMatchObject({ code: "journal_too_long" });
    expect(error?.message).toContain("journalEntriesMax");
    expect(error?.hint).toContain("limits.journalEntriesMax");
  });

  test("tells a run that is undoing that its undos may run, after the store has it", async () => {
    const f = await engineAlone();
    const worker = play(f, "one");
    const run = await f.run("flow");
    const { epoch } = await worker.assigned(run);
    worker.ops(run, epoch, { op: "undoing", status: "failed", reason: "error" });
    await rest();
    expect(worker.events(run)).toEqual([{ event: "undoing" }]);
    expect((await f.store.getRun({ run }))?.status).toBe("undoing");
    await worker.lost({ crashed: false });
    worker.ops(run, epoch, { op: "undoing", status: "failed" });
    await rest();
    expect(worker.events(run)).toHaveLength(1);
  });

  test("of a blocked run keeps the reason and takes it out of memory", async () => {
    const f = await engineAlone();
    const worker = play(f, "one");
    const run = await f.run("flow");
    const { epoch } = await worker.assigned(run);
    const error = encodeValue({ name: "NonDeterminismError", message: "differs", code: "non_determinism" });
    worker.ops(run, epoch, { op: "blocked", reason: "non_determinism", error });
    await f.until(run, "waiting", "non_determinism");
    await rest();
    expect(f.engine.hotRuns).toBe(0);
    const record = await f.store.getRun({ run });
    expect(decodeErrorValue(record?.error ?? new Uint8Array(0)).message).toBe("differs");
    expect(await f.engine.operations.cancel({ by: tester, run })).toMatchObject({ ok: true });
    expect((await f.ended(run)).status).toBe("cancelled");
  });
});
