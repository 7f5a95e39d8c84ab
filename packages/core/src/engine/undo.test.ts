// Undo: what a run that does not complete has done is taken back, durably, in reverse, before the run counts as ended.
import { describe, expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import type { Context, StepContext } from "@sluice/sdk";
import type { StoreOp } from "../kernel/run-store.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { crashAt, faultyStore } from "../testing/faulty-store.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";
import type { FixtureOptions } from "./engine-fixture.suite.ts";

/** Steps with undos that note what happens to them. */
class Notes {
  readonly lines: string[] = [];
  readonly keys = new Map<string, string[]>();

  step(ctx: Context, name: string, body: (step: StepContext) => unknown = () => `result of ${name}`): Promise<unknown> {
    const run = (step: StepContext): unknown => {
      this.lines.push(`do ${name}`);
      this.#key(`do ${name}`, step);
      return body(step);
    };
    const undo = (result: unknown, step: StepContext): void => {
      this.lines.push(`undo ${name}: ${String(result)}${step.signal.aborted ? " (aborted)" : ""}`);
      this.#key(`undo ${name}`, step);
    };
    return ctx.step(name, run, { undo });
  }

  #key(what: string, { idempotencyKey }: StepContext): void {
    const keys = this.keys.get(what) ?? [];
    keys.push(idempotencyKey);
    this.keys.set(what, keys);
  }
}

const never = (): Promise<never> => new Promise(() => undefined);

async function started(flow: ReturnType<typeof workflow>, options: Partial<FixtureOptions> = {}) {
  const f = await EngineFixture.start({ workflows: [flow], workerLimits: { cancelGraceMs: 5 }, ...options });
  return { f, run: await f.run(flow) };
}

describe("undos run in reverse order as durable steps", () => {
  test("when a run fails", async () => {
    const notes = new Notes();
    const flow = workflow({ name: "flow" }, async (ctx) => {
      await notes.step(ctx, "flight");
      await ctx.step("plain", () => notes.lines.push("do plain"));
      await notes.step(ctx, "hotel");
      await notes.step(ctx, "car");
      await ctx.step("pay", () => {
        throw new Error("declined");
      });
    });
    const { f, run } = await started(flow);
    expect(await f.ended(run)).toMatchObject({ status: "failed", reason: "error", error: { message: "declined" } });
    expect(notes.lines).toEqual([
      "do flight",
      "do plain",
      "do hotel",
      "do car",
      "undo car: result of car",
      "undo hotel: result of hotel",
      "undo flight: result of flight",
    ]);
    expect(await f.journal(run)).toEqual([
      "0 step flight completed",
      "1 step plain completed",
      "2 step hotel completed",
      "3 step car completed",
      "4 step pay failed",
      "-4 undo car completed",
      "-3 undo hotel completed",
      "-1 undo flight completed",
    ]);
    const keys = [...notes.keys.values()].flat();
    expect(new Set(keys).size).toBe(keys.length);
  });

  test.each([["hot"], ["parked"]])("when a %s run is cancelled or times out, with a fresh signal", async (where) => {
    for (const how of ["cancelled", "timedout"] as const) {
      const clock = new SimulatedClock(1_000);
      const notes = new Notes();
      const flow = workflow({ name: "flow", timeout: "1h" }, async (ctx) => {
        await notes.step(ctx, "a");
        await notes.step(ctx, "b");
        await ctx.waitFor("go");
      });
      const { f, run } = await started(flow, { clock, workerLimits: { parkAfterMs: where === "hot" ? 10 ** 9 : 10 } });
      await f.until(run, "waiting");
      await pass(clock, 100);
      expect(f.engine.hotRuns).toBe(where === "hot" ? 1 : 0);
      if (how === "cancelled") await f.engine.operations.cancel({ by: tester, run });
      await pass(clock, how === "cancelled" ? 0 : 3_600_000);
      expect(await f.ended(run)).toMatchObject({
        status: how,
        reason: how === "cancelled" ? "cancelled_by_user" : "run_timeout",
      });
      expect(notes.lines).toEqual(["do a", "do b", "undo b: result of b", "undo a: result of a"]);
    }
  });

  test("not when it completes, nor for steps that never began", async () => {
    const notes = new Notes();
    const flow = workflow({ name: "flow" }, async (ctx, fail: boolean) => {
      await notes.step(ctx, "a");
      if (fail) throw new Error("before b");
      await notes.step(ctx, "b");
    });
    const f = await EngineFixture.start({ workflows: [flow] });
    expect((await f.result(flow, false)).status).toBe("completed");
    expect(notes.lines.splice(0)).toEqual(["do a", "do b"]);
    expect((await f.result(flow, true)).status).toBe("failed");
    expect(notes.lines).toEqual(["do a", "undo a: result of a"]);
  });

  test("for concurrent steps in the reverse of their calls; one that ends meanwhile is undone with its result", async () => {
    const notes = new Notes();
    const gate = Promise.withResolvers<string>();
    const flow = workflow({ name: "flow" }, async (ctx) => {
      await Promise.all([
        notes.step(ctx, "slow", ({ signal }) => {
          signal.addEventListener("abort", () => gate.resolve("after all"));
          return gate.promise;
        }),
        notes.step(ctx, "quick"),
        ctx.step("fails", async () => {
          await rest(5);
          throw new Error("no");
        }),
      ]);
    });
    const { f, run } = await started(flow, { workerLimits: { cancelGraceMs: 1_000 } });
    expect((await f.ended(run)).status).toBe("failed");
    expect(notes.lines.slice(2)).toEqual(["undo quick: result of quick", "undo slow: after all"]);
    const slow = (await f.store.readJournal({ run, bytesMax: 1_000_000 })).entries.find((each) => each.seq === 0);
    expect(slow).toMatchObject({ status: "completed", undo: true });
  });
});

describe("a step that started and left no result is undone with undefined", () => {
  test("after its time limit", async () => {
    const notes = new Notes();
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const undo = (result: unknown): void => void notes.lines.push(`undo: ${String(result)}`);
      await ctx.step("hangs", never, { timeout: 5, undo });
    });
    const { f, run } = await started(flow);
    expect(await f.ended(run)).toMatchObject({ status: "failed", error: { name: "TimeoutError" } });
    expect(notes.lines).toEqual(["undo: undefined"]);
  });

  test("after it failed", async () => {
    const notes = new Notes();
    const fails = (): never => {
      throw new Error("half done");
    };
    const flow = workflow({ name: "flow" }, async (ctx) => await notes.step(ctx, "fails", fails));
    const { f, run } = await started(flow);
    expect((await f.ended(run)).status).toBe("failed");
    expect(notes.lines).toEqual(["do fails", "undo fails: undefined"]);
  });

  test("after a cancellation that found it running", async () => {
    const notes = new Notes();
    const flow = workflow({ name: "flow" }, async (ctx) => await notes.step(ctx, "hangs", never));
    const { f, run } = await started(flow);
    await rest();
    await f.engine.operations.cancel({ by: tester, run });
    expect((await f.ended(run)).status).toBe("cancelled");
    expect(notes.lines).toEqual(["do hangs", "undo hangs: undefined"]);
  });

  test("after a crash in the middle of it, when the run is cancelled before it runs again", async () => {
    const notes = new Notes();
    const store = new MemoryRunStore();
    const flow = workflow({ name: "flow" }, async (ctx) => {
      await notes.step(ctx, "before");
      await notes.step(ctx, "hangs", never);
    });
    const { f: first, run } = await started(flow, { store });
    await rest();
    first.crash();
    const record = await store.getRun({ run });
    await store.releaseRuns({ runs: [{ run, epoch: record?.epoch ?? 0 }], crashed: true, now: Date.now() });
    const cancelled = await new EngineFixture({ workflows: [flow], store }).engine.operations.cancel({ by: tester, run });
    expect(cancelled).toMatchObject({ ok: true });
    const second = await EngineFixture.start({ workflows: [flow], store });
    expect((await second.ended(run)).status).toBe("cancelled");
    expect(notes.lines).toEqual(["do before", "do hangs", "undo hangs: undefined", "undo before: result of before"]);
  });

  test("its start is durable before its effect", async () => {
    const until = Promise.withResolvers<void>();
    const begins = (write: { readonly params: unknown; readonly verb: string }): boolean =>
      write.verb === "append" &&
      (write.params as { readonly ops: readonly StoreOp[] }).ops.some((op) => op.op === "started" && op.undo);
    const { store } = faultyStore(new MemoryRunStore(), {
      plan: (write) => (begins(write) ? { fault: "delay", until: until.promise } : undefined),
      afterCrash: "silence",
    });
    const notes = new Notes();
    const flow = workflow({ name: "flow" }, async (ctx) => await notes.step(ctx, "charge"));
    const { f, run } = await started(flow, { store });
    await rest();
    expect(notes.lines).toEqual([]);
    expect(await f.journal(run)).toEqual(["0 step charge running"]);
    until.resolve();
    expect((await f.ended(run)).status).toBe("completed");
  });
});

describe("a run is terminal only after its undos", () => {
  test("until then it is undoing, for clients and for the run that called it", async () => {
    const gate = Promise.withResolvers<void>();
    const child = workflow({ name: "child" }, async (ctx) => {
      await ctx.step("a", () => 1, { undo: () => gate.promise });
      throw new Error("child failed");
    });
    const parent = workflow({ name: "parent" }, async (ctx) => await ctx.call(child, undefined));
    const f = await EngineFixture.start({ workflows: [child, parent] });
    const run = await f.run(parent);
    await rest();
    const [undoing] = (await f.store.listRuns({ filter: { workflow: "child" }, limit: 1 })).runs;
    expect(undoing).toMatchObject({ status: "undoing" });
    expect(undoing?.endedAt).toBeUndefined();
    expect(await f.store.getRun({ run })).toMatchObject({ status: "waiting", reason: "waiting_for_child" });
    gate.resolve();
    expect(await f.ended(run)).toMatchObject({ status: "failed", error: { cause: { message: "child failed" } } });
  });

  test("a cancellation that comes while it is undoing changes nothing", async () => {
    const gate = Promise.withResolvers<void>();
    let undone = 0;
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const undo = async (): Promise<void> => {
        undone++;
        await gate.promise;
      };
      await ctx.step("a", () => 1, { undo });
      throw new Error("failed by itself");
    });
    const { f, run } = await started(flow);
    await f.until(run, "undoing");
    await f.engine.operations.cancel({ by: tester, run });
    await rest();
    gate.resolve();
    expect(await f.ended(run)).toMatchObject({ status: "failed", error: { message: "failed by itself" } });
    expect(undone).toBe(1);
  });
});

describe("crashes", () => {
  const calls = ["a", "b", "c"];
  const booking = (notes: Notes, fail: boolean) =>
    workflow({ name: "booking" }, async (ctx) => {
      for (const call of calls) await notes.step(ctx, call);
      if (fail) throw new Error("no");
      await ctx.waitFor("go");
    });

  /** Ends a run with undos, with a crash at a write; the writes there were until then. */
  async function crashed(how: "failed" | "cancelled", number: number, when: "before" | "after"): Promise<number> {
    const notes = new Notes();
    const flow = booking(notes, how === "failed");
    const inner = new MemoryRunStore();
    const faulty = faultyStore(inner, { plan: crashAt(number, when), afterCrash: "silence" });
    const first = new EngineFixture({ workflows: [flow], store: faulty.store, workerLimits: { cancelGraceMs: 5 } });
    void first.engine.start().then(() => first.attach());
    await rest(4);
    void first.run(flow, undefined, { id: "r" }).catch(() => undefined);
    await rest(30);
    const cancel = (f: EngineFixture) => f.engine.operations.cancel({ by: tester, run: "r" });
    if (how === "cancelled") void cancel(first).catch(() => undefined);
    await rest(30);
    first.crash();
    const done = (await inner.readJournal({ run: "r", bytesMax: 1_000_000 })).entries
      .filter((entry) => entry.seq < 0 && entry.status === "completed")
      .map((entry) => `undo ${entry.name}: result of ${entry.name}`);
    const before = [...notes.lines];
    const second = await EngineFixture.start({ workflows: [flow], store: inner });
    if ((await inner.getRun({ run: "r" })) === undefined) await second.run(flow, undefined, { id: "r" });
    if (how === "cancelled") {
      await rest(30);
      await cancel(second);
    }
    const end = await second.ended("r");
    const context = { how, number, when, lines: notes.lines };
    expect({ ...context, status: end.status }).toEqual({ ...context, status: how });
    const undone = notes.lines.filter((line) => line.startsWith("undo"));
    // Every step that was done is undone with its result, in reverse, and what was recorded as undone not once more.
    const expected = calls.toReversed().map((call) => `undo ${call}: result of ${call}`);
    expect({ ...context, undone: [...new Set(undone)] }).toEqual({ ...context, undone: expected });
    const after = notes.lines.slice(before.length);
    for (const line of done) expect({ ...context, line, after }).not.toEqual({ ...context, line, after: [...after, line] });
    for (const line of done) expect({ ...context, again: after.includes(line) }).toEqual({ ...context, again: false });
    return faulty.writes;
  }

  test.each([["failed"], ["cancelled"]] as const)(
    "a run that is %s is undone completely, whichever write the machine stops before or after",
    async (how) => {
      const writes = await crashed(how, Number.MAX_SAFE_INTEGER, "before");
      expect(writes).toBeGreaterThan(10);
      for (let number = 1; number <= writes; number++) {
        await crashed(how, number, "before");
        await crashed(how, number, "after");
      }
    },
  );

  test("an undo whose closure the code no longer has waits with the reason, and runs when it is back", async () => {
    const notes = new Notes();
    const store = new MemoryRunStore();
    const hold = Promise.withResolvers<void>();
    const flow = (has: boolean) =>
      workflow({ name: "flow" }, async (ctx) => {
        if (has) await notes.step(ctx, "a");
        await ctx.step("b", () => 1, { undo: () => hold.promise });
        throw new Error("no");
      });
    const { f: first, run } = await started(flow(true), { store });
    await first.until(run, "undoing");
    first.crash();
    const second = await EngineFixture.start({ workflows: [flow(false)], store });
    await second.until(run, "waiting", "undo_unavailable");
    expect(await store.getRun({ run })).toMatchObject({ blocked: true });
    expect(notes.lines).toEqual(["do a"]);
    second.crash();
    const third = await EngineFixture.start({ workflows: [flow(true)], store });
    hold.resolve();
    await third.engine.operations.resume(tester, run);
    expect(await third.ended(run)).toMatchObject({ status: "failed", error: { message: "no" } });
    expect(notes.lines).toEqual(["do a", "undo a: result of a"]);
  });

  test("an incarnation that has lost its lease undoes nothing", async () => {
    const notes = new Notes();
    const fail = Promise.withResolvers<void>();
    let functions = 0;
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const mine = ++functions;
      await notes.step(ctx, "charge");
      // The one that has stalled fails by itself, without anything that would be journaled first.
      if (mine === 1) return await fail.promise;
      return await ctx.step("ship", () => "shipped");
    });
    const { f, run } = await started(flow);
    await rest();
    const record = await f.store.getRun({ run });
    await f.store.releaseRuns({ runs: [{ run, epoch: record?.epoch ?? 0 }], crashed: false, now: Date.now() });
    fail.reject(new Error("stalled"));
    await rest();
    expect(notes.lines).toEqual(["do charge"]);
    const second = await EngineFixture.start({ workflows: [flow], store: f.store });
    expect(await second.ended(run)).toMatchObject({ status: "completed", output: "shipped" });
    expect(notes.lines).toEqual(["do charge"]);
  });
});

describe("an undo that fails", () => {
  test("is retried; then the run says what could not be undone, and the others are undone all the same", async () => {
    const clock = new SimulatedClock(1_000);
    const tried: number[] = [];
    const notes = new Notes();
    const flow = workflow({ name: "flow" }, async (ctx) => {
      await notes.step(ctx, "first");
      const undo = (_result: unknown, { attempt }: StepContext): void => {
        tried.push(attempt);
        throw new Error(`no refund ${attempt}`);
      };
      await ctx.step("charge", () => 1, { undo });
      throw new TypeError("original");
    });
    const { f, run } = await started(flow, { clock });
    for (let i = 0; i < 8; i++) await pass(clock, 60_000);
    const end = await f.ended(run);
    expect(end).toMatchObject({ status: "failed", reason: "undo_failed", error: { name: "TypeError" } });
    expect(end.error?.message).toContain("original");
    expect(end.error?.message).toContain("charge");
    expect(end.error?.details).toEqual({ notUndone: [{ step: "charge", message: "no refund 5" }] });
    expect(tried).toEqual([1, 2, 3, 4, 5]);
    expect(notes.lines.at(-1)).toBe("undo first: result of first");
    expect((await f.journal(run)).slice(-2)).toEqual(["-2 undo charge failed", "-1 undo first completed"]);
  });

  test("goes on with its attempts after a restart", async () => {
    const clock = new SimulatedClock(1_000);
    const store = new MemoryRunStore();
    const tried: number[] = [];
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const undo = (_result: unknown, { attempt }: StepContext): void => {
        tried.push(attempt);
        if (attempt < 3) throw new Error("not yet");
      };
      await ctx.step("charge", () => 1, { undo });
      throw new Error("original");
    });
    let { f, run } = await started(flow, { clock, store });
    await pass(clock, 0);
    for (let restart = 0; restart < 2; restart++) {
      f.crash();
      f = await EngineFixture.start({ workflows: [flow], store, clock });
      await pass(clock, 60_000);
    }
    expect(await f.ended(run)).toMatchObject({ status: "failed", reason: "error", error: { message: "original" } });
    expect(tried).toEqual([1, 2, 3]);
  });
});

describe("retry after an undo", () => {
  /** a and c have undos, b has none; fails until told otherwise. */
  function retried(notes: Notes, fails: () => boolean) {
    return workflow({ name: "flow" }, async (ctx) => {
      const a = await notes.step(ctx, "a");
      const b = await ctx.step("b", () => notes.lines.push("do b"));
      const c = await notes.step(ctx, "c");
      await ctx.step("d", () => {
        if (fails()) throw new Error("no");
      });
      await ctx.waitFor("go");
      return [a, typeof b, c];
    });
  }
  const once = ["do a", "do b", "do c", "undo c: result of c", "undo a: result of a"];

  test("executes undone steps again, with new idempotency keys, and keeps the others", async () => {
    const notes = new Notes();
    let failing = true;
    const flow = retried(notes, () => failing);
    const { f, run } = await started(flow);
    expect((await f.ended(run)).status).toBe("failed");
    expect(notes.lines).toEqual(once);
    failing = false;
    expect(await f.engine.operations.retry(tester, run)).toMatchObject({ ok: true });
    await f.until(run, "waiting", "waiting_for_event");
    expect(notes.lines).toEqual([...once, "do a", "do c"]);
    await f.emit("go");
    expect((await f.ended(run)).output).toEqual(["result of a", "number", "result of c"]);
    for (const what of ["do a", "do c"]) {
      const keys = notes.keys.get(what) ?? [];
      expect(keys).toHaveLength(2);
      expect(new Set(keys).size).toBe(2);
    }
  });

  test("what it executed again is not executed a third time after a crash, and is undone again", async () => {
    const notes = new Notes();
    let failing = true;
    const flow = retried(notes, () => failing);
    const store = new MemoryRunStore();
    const { f: first, run } = await started(flow, { store });
    await first.ended(run);
    failing = false;
    await first.engine.operations.retry(tester, run);
    await first.until(run, "waiting", "waiting_for_event");
    first.crash();
    const second = await EngineFixture.start({ workflows: [flow], store });
    await second.engine.operations.cancel({ by: tester, run });
    expect((await second.ended(run)).status).toBe("cancelled");
    expect(notes.lines).toEqual([...once, "do a", "do c", "undo c: result of c", "undo a: result of a"]);
    await second.engine.operations.retry(tester, run);
    await second.until(run, "waiting", "waiting_for_event");
    await second.emit("go");
    expect((await second.ended(run)).status).toBe("completed");
    expect(new Set(notes.keys.get("do a")).size).toBe(3);
    expect(new Set(notes.keys.get("undo a")).size).toBe(2);
  });

  test("whichever write the machine stops before or after, it completes, and what was not undone is not done again", async () => {
    const writes = await crashed(Number.MAX_SAFE_INTEGER, "before");
    expect(writes).toBeGreaterThan(6);
    for (let number = 1; number <= writes; number++) {
      await crashed(number, "before");
      await crashed(number, "after");
    }
  });

  /** Retries a failed run, with a crash at a write; the writes there were until then. */
  async function crashed(number: number, when: "before" | "after"): Promise<number> {
    const notes = new Notes();
    let failing = true;
    const flow = retried(notes, () => failing);
    const inner = new MemoryRunStore();
    const { f: failed, run } = await started(flow, { store: inner });
    await failed.ended(run);
    failed.crash();
    failing = false;
    const faulty = faultyStore(inner, { plan: crashAt(number, when), afterCrash: "silence" });
    const first = new EngineFixture({ workflows: [flow], store: faulty.store });
    void first.engine.start().then(() => first.attach());
    await rest(4);
    void first.engine.operations.retry(tester, run).catch(() => undefined);
    await rest(40);
    first.crash();
    const second = await EngineFixture.start({ workflows: [flow], store: inner });
    if ((await inner.getRun({ run }))?.status === "failed") await second.engine.operations.retry(tester, run);
    await second.until(run, "waiting", "waiting_for_event");
    await second.emit("go");
    const { status, output } = await second.ended(run);
    expect({ number, when, status, output }).toEqual({
      number,
      when,
      status: "completed",
      output: ["result of a", "number", "result of c"],
    });
    expect(notes.lines.filter((line) => line === "do b")).toHaveLength(1);
    return faulty.writes;
  }
});

describe("a fork", () => {
  test("does not inherit the undos of the steps it copied, only those of its own", async () => {
    const notes = new Notes();
    let failing = false;
    const flow = workflow({ name: "flow" }, async (ctx) => {
      await notes.step(ctx, "copied");
      await notes.step(ctx, "own");
      if (failing) throw new Error("no");
      return "fine";
    });
    const f = await EngineFixture.start({ workflows: [flow] });
    const run = await f.run(flow);
    expect((await f.ended(run)).output).toBe("fine");
    failing = true;
    const forked = await f.engine.operations.fork({ by: tester, run, from: "own" });
    if (!forked.ok) return expect.unreachable();
    expect((await f.ended(forked.value.id)).status).toBe("failed");
    expect(notes.lines).toEqual(["do copied", "do own", "do own", "undo own: result of own"]);
    expect(new Set(notes.keys.get("do own")).size).toBe(2);
  });
});
