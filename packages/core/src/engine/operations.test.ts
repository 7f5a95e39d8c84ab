// What an operator can do to runs, one at a time and by filter, and what each refuses.
import { describe, expect, test } from "bun:test";
import { decodeErrorValue, encodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { engineItself } from "../kernel/inner-actor.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";

/** Counts how often each step of a workflow was executed. */
class Counts {
  readonly of: Record<string, number> = {};
  hit(step: string): number {
    return (this.of[step] = (this.of[step] ?? 0) + 1);
  }
}

/** Three steps; the second fails as often as told. */
function flaky(failures: number) {
  const counts = new Counts();
  const steps = workflow({ name: "flaky" }, async (ctx, input: string) => {
    const a = await ctx.step("a", () => `a${counts.hit("a")}`);
    const b = await ctx.step("b", () => {
      if (counts.hit("b") <= failures) throw new Error("b failed");
      return `b${counts.of["b"]}`;
    });
    const c = await ctx.step("c", () => `c${counts.hit("c")}`);
    return [input, a, b, c, ctx.attempt];
  });
  return { counts, steps };
}

const waiter = workflow({ name: "waiter" }, async (ctx) => {
  const first = await ctx.step("before", () => "before");
  const got = await ctx.waitFor("go");
  const after = await ctx.step("after", () => "after");
  return [first, got, after];
});

describe("cancel", () => {
  test.each(["hot", "parked", "queued", "paused", "delayed"] as const)(
    "ends a run that is %s, with the reason given",
    async (state) => {
      const clock = new SimulatedClock(1_000);
      const f = await EngineFixture.start({
        workflows: [waiter],
        clock,
        workerLimits: { parkAfterMs: 10 },
        limits: { concurrentRunsMax: state === "queued" ? 0 : 10 },
      });
      const run = await f.run(waiter, undefined, state === "delayed" ? { delayMs: 5_000 } : {});
      await rest();
      if (state === "parked") await pass(clock, 100);
      if (state === "paused") await f.engine.operations.pause(tester, run);
      await rest();
      expect((await f.store.getRun({ run }))?.status).toBe(
        ({ hot: "waiting", parked: "waiting", queued: "queued", paused: "paused", delayed: "queued" } as const)[state],
      );
      const cancelled = await f.engine.operations.cancel({ by: tester, run, reason: "no longer wanted" });
      expect(cancelled.ok).toBe(true);
      expect(await f.ended(run)).toMatchObject({
        status: "cancelled",
        reason: "cancelled_by_user",
        error: { code: "cancelled", message: "no longer wanted" },
      });
      expect(await f.engine.operations.cancel({ by: tester, run })).toMatchObject({
        ok: false,
        error: { code: "run_is_final" },
      });
      await f.emit("go");
      await pass(clock, 10_000);
      expect((await f.store.getRun({ run }))?.status).toBe("cancelled");
      expect(f.engine.hotRuns).toBe(0);
    },
  );

  test("wins over a result that crosses it", async () => {
    const gate = Promise.withResolvers<string>();
    const one = workflow({ name: "one" }, async (ctx) => ctx.step("only", () => gate.promise));
    const f = await EngineFixture.start({ workflows: [one] });
    const run = await f.run(one);
    await rest();
    const cancelling = f.engine.operations.cancel({ by: tester, run });
    gate.resolve("done");
    await cancelling;
    expect((await f.ended(run)).status).toBe("cancelled");
    expect(f.engine.hotRuns).toBe(0);
  });

  test("of a run that does not exist says so", async () => {
    const f = await EngineFixture.start({ workflows: [waiter] });
    expect(await f.engine.operations.cancel({ by: tester, run: "nope" })).toMatchObject({
      ok: false,
      error: { code: "run_not_found" },
    });
  });

  test("acknowledged just before the machine stops is carried out by the next process", async () => {
    const store = new MemoryRunStore();
    const first = await EngineFixture.start({ workflows: [waiter], store });
    const run = await first.run(waiter);
    await first.until(run, "waiting");
    await first.engine.operations.cancel({ by: tester, run });
    first.crash();
    const second = await EngineFixture.start({ workflows: [waiter], store });
    expect((await second.ended(run)).status).toBe("cancelled");
  });
});

describe("retry", () => {
  test("goes on from the failed step on the same journal", async () => {
    const { counts, steps } = flaky(1);
    const f = await EngineFixture.start({ workflows: [steps] });
    const run = await f.run(steps, "in");
    expect((await f.ended(run)).status).toBe("failed");
    expect(await f.engine.operations.retry(tester, run)).toMatchObject({ ok: true, value: { id: run, attempt: 2 } });
    expect(await f.ended(run)).toMatchObject({ status: "completed", output: ["in", "a1", "b2", "c1", 2] });
    expect(counts.of).toEqual({ a: 1, b: 2, c: 1 });
  });

  test("is refused for a run that goes on or has completed, and changes nothing then", async () => {
    const { steps } = flaky(0);
    const f = await EngineFixture.start({ workflows: [steps, waiter] });
    const done = await f.run(steps, "in");
    await f.ended(done);
    const going = await f.run(waiter);
    await f.until(going, "waiting");
    for (const run of [done, going]) {
      const before = await f.store.getRun({ run });
      expect(await f.engine.operations.retry(tester, run)).toMatchObject({
        ok: false,
        error: { code: "run_not_final" },
      });
      expect(await f.store.getRun({ run })).toEqual(before);
    }
  });

  test("of a cancelled run goes on where it was", async () => {
    const f = await EngineFixture.start({ workflows: [waiter] });
    const run = await f.run(waiter);
    await f.until(run, "waiting");
    await f.engine.operations.cancel({ by: tester, run });
    await f.ended(run);
    await f.engine.operations.retry(tester, run);
    await f.until(run, "waiting", "waiting_for_event");
    await f.emit("go", 1);
    expect((await f.ended(run)).output).toEqual(["before", 1, "after"]);
  });

  test("asked for twice happens once", async () => {
    const { counts, steps } = flaky(1);
    const f = await EngineFixture.start({ workflows: [steps] });
    const run = await f.run(steps, "in");
    await f.ended(run);
    const results = await Promise.all([f.engine.operations.retry(tester, run), f.engine.operations.retry(tester, run)]);
    expect(results.filter((result) => result.ok)).toHaveLength(1);
    await f.ended(run);
    expect(counts.of["b"]).toBe(2);
  });
});

describe("fork", () => {
  test("begins with the journal before a step and executes the rest with an edited input", async () => {
    const { counts, steps } = flaky(1);
    const f = await EngineFixture.start({ workflows: [steps] });
    const source = await f.run(steps, "old");
    await f.ended(source);
    const forked = await f.engine.operations.fork({ by: tester, run: source, from: "b", input: encodeValue("new") });
    if (!forked.ok) throw new Error(forked.error.message);
    expect(forked.value).toMatchObject({ forkedFrom: source, workflow: "flaky" });
    expect(await f.ended(forked.value.id)).toMatchObject({ status: "completed", output: ["new", "a1", "b2", "c1", 1] });
    expect(counts.of).toEqual({ a: 1, b: 2, c: 1 });
    expect((await f.store.getRun({ run: source }))?.status).toBe("failed");
  });

  test("by number, or of everything that has settled", async () => {
    const { counts, steps } = flaky(0);
    const f = await EngineFixture.start({ workflows: [steps] });
    const source = await f.run(steps, "in");
    await f.ended(source);
    const all = await f.engine.operations.fork({ by: tester, run: source });
    const some = await f.engine.operations.fork({ by: tester, run: source, from: 2 });
    if (!all.ok || !some.ok) throw new Error("not forked");
    expect((await f.ended(all.value.id)).output).toEqual(["in", "a1", "b1", "c1", 1]);
    expect((await f.ended(some.value.id)).output).toEqual(["in", "a1", "b1", "c2", 1]);
    expect(counts.of).toEqual({ a: 1, b: 1, c: 2 });
  });

  test("of a run that waits leaves it waiting; both receive what comes", async () => {
    const f = await EngineFixture.start({ workflows: [waiter] });
    const source = await f.run(waiter);
    await f.until(source, "waiting");
    const forked = await f.engine.operations.fork({ by: tester, run: source });
    if (!forked.ok) throw new Error("not forked");
    await f.until(forked.value.id, "waiting", "waiting_for_event");
    await f.emit("go", 7);
    expect((await f.ended(source)).output).toEqual(["before", 7, "after"]);
    expect((await f.ended(forked.value.id)).output).toEqual(["before", 7, "after"]);
  });

  test("from a step that is not there, or of a run that is not there, makes nothing", async () => {
    const { steps } = flaky(0);
    const f = await EngineFixture.start({ workflows: [steps] });
    const source = await f.run(steps, "in");
    await f.ended(source);
    expect(await f.engine.operations.fork({ by: tester, run: source, from: "nope" })).toMatchObject({
      ok: false,
      error: { code: "step_not_found" },
    });
    expect(await f.engine.operations.fork({ by: tester, run: source, from: 99 })).toMatchObject({
      ok: false,
      error: { code: "step_not_found" },
    });
    expect(await f.engine.operations.fork({ by: tester, run: "nope" })).toMatchObject({
      ok: false,
      error: { code: "run_not_found" },
    });
    expect(await f.store.countRuns({ filter: {} })).toBe(1);
  });

  test("has an edited input checked and parsed as a start has", async () => {
    const strict = workflow(
      {
        name: "strict",
        input: {
          "~standard": {
            version: 1,
            vendor: "test",
            validate: (value: unknown) =>
              typeof value === "number" ? { value: value + 1 } : { issues: [{ message: "not a number", path: [] }] },
          },
        },
      },
      async (_ctx, input) => input,
    );
    const f = await EngineFixture.start({ workflows: [strict], limits: { payloadBytesMax: 1_000 } });
    const source = await f.run(strict, 1);
    expect((await f.ended(source)).output).toBe(2);
    const same = await f.engine.operations.fork({ by: tester, run: source });
    const edited = await f.engine.operations.fork({ by: tester, run: source, input: encodeValue(10) });
    if (!same.ok || !edited.ok) throw new Error("not forked");
    expect((await f.ended(same.value.id)).output).toBe(2);
    expect((await f.ended(edited.value.id)).output).toBe(11);
    const wrong = await f.engine.operations.fork({ by: tester, run: source, input: encodeValue("x") });
    expect(wrong).toMatchObject({ ok: false, error: { code: "invalid_input" } });
    const large = await f.engine.operations.fork({ by: tester, run: source, input: encodeValue("x".repeat(2_000)) });
    expect(large).toMatchObject({ ok: false, error: { code: "payload_too_large" } });
    expect(await f.store.countRuns({ filter: {} })).toBe(3);
  });
});

describe("delete", () => {
  test("removes an ended run with all that belongs to it, and refuses one that goes on", async () => {
    const keeper = workflow({ name: "keeper" }, async (ctx) => {
      ctx.log("hello");
      await ctx.state.run.set("k", 1);
      await ctx.waitFor("go");
    });
    const f = await EngineFixture.start({ workflows: [keeper] });
    const run = await f.run(keeper, undefined, { key: "k" });
    await f.until(run, "waiting");
    expect(await f.engine.operations.delete(tester, run)).toMatchObject({
      ok: false,
      error: { code: "run_not_final" },
    });
    await f.emit("go");
    await f.ended(run);
    expect(await f.engine.operations.delete(tester, run)).toEqual({ ok: true, value: null });
    expect(await f.store.getRun({ run })).toBeUndefined();
    expect((await f.store.readJournal({ run, bytesMax: 1e6 })).entries).toEqual([]);
    expect(await f.store.listLogs({ run, after: 0, limit: 10 })).toEqual([]);
    expect(await f.store.getState({ scope: `run:${run}`, key: "k", now: Date.now() })).toBeUndefined();
    expect(await f.engine.operations.delete(tester, run)).toMatchObject({
      ok: false,
      error: { code: "run_not_found" },
    });
  });
});

describe("in bulk", () => {
  test("a fork does everything again, also what has failed", async () => {
    const { counts, steps } = flaky(1);
    const f = await EngineFixture.start({ workflows: [steps] });
    const source = await f.run(steps, "in");
    expect((await f.ended(source)).status).toBe("failed");
    const filter = { status: ["failed"] } as const;
    expect(await f.engine.operations.bulk({ by: tester, action: "fork", filter, dryRun: false })).toMatchObject({
      value: { matched: 1, changed: 1, refused: 0 },
    });
    const { runs } = await f.store.listRuns({ filter: {}, limit: 10 });
    const forked = runs.find(({ id }) => id !== source);
    expect(forked).toMatchObject({ forkedFrom: source });
    expect(await f.ended(forked?.id ?? "")).toMatchObject({ status: "completed" });
    expect(counts.of).toEqual({ a: 2, b: 2, c: 1 });
  });

  async function three(): Promise<{ readonly f: EngineFixture; readonly runs: readonly string[] }> {
    const f = await EngineFixture.start({ workflows: [waiter, workflow({ name: "other" }, async () => 1)] });
    const runs = [
      await f.run(waiter, 1, { tags: ["eu"] }),
      await f.run(waiter, 2, { tags: ["eu"] }),
      await f.run(waiter, 3),
    ];
    for (const run of runs) await f.until(run, "waiting");
    await f.result("other");
    return { f, runs };
  }
  const statuses = async (f: EngineFixture, runs: readonly string[]): Promise<unknown[]> =>
    Promise.all(runs.map(async (run) => (await f.store.getRun({ run }))?.status));

  test("a dry run counts and changes nothing", async () => {
    const { f, runs } = await three();
    const bulk = { by: tester, action: "cancel", filter: { tag: "eu" } } as const;
    expect(await f.engine.operations.bulk({ ...bulk, dryRun: true })).toEqual({
      ok: true,
      value: { matched: 2, changed: 0, refused: 0 },
    });
    expect(await statuses(f, runs)).toEqual(["waiting", "waiting", "waiting"]);
    expect(await f.engine.operations.bulk({ ...bulk, dryRun: false, reason: "tidy" })).toEqual({
      ok: true,
      value: { matched: 2, changed: 2, refused: 0 },
    });
    for (const run of runs.slice(0, 2))
      expect(await f.ended(run)).toMatchObject({ status: "cancelled", error: { message: "tidy" } });
    expect((await f.store.getRun({ run: runs[2] ?? "" }))?.status).toBe("waiting");
  });

  test("says how many refused, and does each action", async () => {
    const { f, runs } = await three();
    const bulk = async (action: "pause" | "resume" | "retry" | "delete" | "cancel"): Promise<unknown> =>
      f.engine.operations.bulk({ by: tester, action, filter: { to: Date.now() + 1 }, dryRun: false });
    expect(await bulk("pause")).toMatchObject({ value: { matched: 4, changed: 3, refused: 1 } });
    for (const run of runs) await f.until(run, "paused");
    expect(await bulk("resume")).toMatchObject({ value: { changed: 3, refused: 1 } });
    for (const run of runs) await f.until(run, "waiting");
    expect(await bulk("cancel")).toMatchObject({ value: { changed: 3, refused: 1 } });
    for (const run of runs) await f.ended(run);
    expect(await bulk("retry")).toMatchObject({ value: { changed: 3, refused: 1 } });
    for (const run of runs) await f.until(run, "waiting");
    await bulk("cancel");
    for (const run of runs) await f.ended(run);
    expect(await bulk("delete")).toMatchObject({ value: { changed: 4, refused: 0 } });
    expect(await f.store.countRuns({ filter: {} })).toBe(0);
  });

  test("reaches more runs than a page holds", async () => {
    const f = await EngineFixture.start({ workflows: [waiter], limits: { concurrentRunsMax: 0 } });
    for (let i = 0; i < 450; i++) await f.run(waiter);
    const result = await f.engine.operations.bulk({
      by: tester,
      action: "cancel",
      filter: { status: ["queued"] },
      dryRun: false,
    });
    expect(result).toEqual({ ok: true, value: { matched: 450, changed: 450, refused: 0 } });
    expect(await f.store.countRuns({ filter: { status: ["cancelled"] } })).toBe(450);
  });
});

test("what is blocked keeps its error where operators see it", async () => {
  const store = new MemoryRunStore();
  const first = await EngineFixture.start({ workflows: [waiter], store });
  const run = await first.run(waiter);
  await first.until(run, "waiting");
  first.crash();
  await store.blockRun({
    by: engineItself,
    run,
    reason: "error",
    error: encodeValue({ name: "Error", message: "evidence" }),
    now: Date.now(),
  });
  const second = await EngineFixture.start({ workflows: [waiter], store });
  const record = await store.getRun({ run });
  expect(record?.error === undefined ? undefined : decodeErrorValue(record.error).message).toBe("evidence");
  await second.engine.operations.resume(tester, run);
  await second.emit("go");
  expect((await second.ended(run)).status).toBe("completed");
});
