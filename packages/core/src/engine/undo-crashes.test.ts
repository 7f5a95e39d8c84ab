// Undo across crashes and retries: nothing is left undone, nothing recorded is done twice, whenever the machine stops.
import { describe, expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import { engineItself } from "../kernel/inner-actor.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { crashAt, faultyStore } from "../testing/faulty-store.ts";
import { EngineFixture, rest, tester } from "./engine-fixture.suite.ts";
import { Notes, started } from "./undo-notes.suite.ts";

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
    for (const line of done)
      expect({ ...context, line, after }).not.toEqual({ ...context, line, after: [...after, line] });
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
      if (mine === 1) return fail.promise;
      return ctx.step("ship", () => "shipped");
    });
    const { f, run } = await started(flow);
    await rest();
    const record = await f.store.getRun({ run });
    await f.store.releaseRuns({
      by: engineItself,
      runs: [{ run, epoch: record?.epoch ?? 0 }],
      crashed: false,
      now: Date.now(),
    });
    fail.reject(new Error("stalled"));
    await rest();
    expect(notes.lines).toEqual(["do charge"]);
    const second = await EngineFixture.start({ workflows: [flow], store: f.store });
    expect(await second.ended(run)).toMatchObject({ status: "completed", output: "shipped" });
    expect(notes.lines).toEqual(["do charge"]);
  });
});

describe("retry after an undo", () => {
  test("executes a step again that the failure of its run had cut off", async () => {
    const notes = new Notes();
    let failing = true;
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const slow = ctx.step("slow", ({ signal }) => {
        notes.lines.push("do slow");
        if (!failing) return "slow";
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
      });
      const other = async (): Promise<void> => {
        await notes.step(ctx, "flight");
        await ctx.step("pay", () => {
          if (failing) throw new Error("declined");
        });
      };
      return (await Promise.all([slow, other()]))[0];
    });
    const { f, run } = await started(flow);
    expect(await f.ended(run)).toMatchObject({ status: "failed", error: { message: "declined" } });
    failing = false;
    await f.engine.operations.retry(tester, run);
    expect(await f.ended(run)).toMatchObject({ status: "completed", output: "slow" });
    expect(notes.lines.filter((line) => line === "do slow")).toHaveLength(2);
  });

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
