// What a run may count on when it waits for events: none is lost, none is received twice, losers give back what they took.
import { describe, expect, test } from "bun:test";
import { decodeValue, encodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { faultyStore } from "../testing/faulty-store.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";

const dayMs = 86_400_000;

/** Waits for `paid` as often as the input says; its result is what it received, in order. */
const listener = workflow({ name: "listener" }, async (ctx, input: { readonly times: number }) => {
  const got: unknown[] = [];
  for (let i = 0; i < input.times; i++) got.push(await ctx.waitFor("paid"));
  return got;
});

describe("a wait", () => {
  test("receives an event that was published before it began, but not one from before the run", async () => {
    const clock = new SimulatedClock(dayMs);
    const gate = Promise.withResolvers<void>();
    const late = workflow({ name: "late" }, async (ctx) => {
      await ctx.step("gate", () => gate.promise);
      return ctx.waitFor("paid");
    });
    const f = await EngineFixture.start({ workflows: [late], clock });
    await f.emit("paid", "before the run, in the same millisecond");
    const run = await f.run(late);
    await f.emit("paid", "before the wait");
    gate.resolve();
    expect(await f.ended(run)).toMatchObject({ status: "completed", output: "before the wait" });
  });

  test("takes the oldest event this run has not consumed", async () => {
    const gate = Promise.withResolvers<void>();
    const two = workflow({ name: "two" }, async (ctx) => {
      await ctx.step("gate", () => gate.promise);
      return [
        await ctx.waitFor("paid"),
        await ctx.waitFor("paid"),
        await ctx.waitFor("paid", { timeout: 5, onTimeout: "none" }),
      ];
    });
    const f = await EngineFixture.start({ workflows: [two] });
    const run = await f.run(two);
    await f.emit("paid", 1);
    await f.emit("paid", 2);
    gate.resolve();
    expect((await f.ended(run)).output).toEqual([1, 2, "none"]);
  });

  test("is woken by a key it asked for, and by any key where it asked for none", async () => {
    const keyed = workflow({ name: "keyed" }, async (ctx) => ctx.waitFor("paid", { key: "o-1" }));
    const f = await EngineFixture.start({ workflows: [keyed, listener] });
    const [one, any] = [await f.run(keyed), await f.run(listener, { times: 2 })];
    await f.until(one, "waiting", "waiting_for_event");
    await f.until(any, "waiting", "waiting_for_event");
    await f.emit("paid", "no key");
    await f.emit("paid", "another", { key: "o-2" });
    expect((await f.ended(any)).output).toEqual(["no key", "another"]);
    expect((await f.store.getRun({ run: one }))?.status).toBe("waiting");
    await f.emit("paid", "mine", { key: "o-1" });
    expect((await f.ended(one)).output).toBe("mine");
  });

  test("with a key looks back as far as events are kept, and no further", async () => {
    const clock = new SimulatedClock(dayMs);
    const keyed = workflow({ name: "keyed" }, async (ctx, key: string) =>
      ctx.waitFor("paid", { key, timeout: "1h", onTimeout: "nothing" }),
    );
    const f = await EngineFixture.start({ workflows: [keyed], clock });
    await f.emit("paid", "old", { key: "old" });
    await pass(clock, dayMs);
    await f.emit("paid", "recent", { key: "recent" });
    await pass(clock, 6 * dayMs + 1);
    expect((await f.result(keyed, "recent")).output).toBe("recent");
    const late = await f.run(keyed, "old");
    await f.until(late, "waiting", "waiting_for_event");
    await pass(clock, 3_600_000);
    expect((await f.ended(late)).output).toBe("nothing");
  });

  test("matches by data: what the pattern names must be in the payload", async () => {
    const picky = workflow({ name: "picky" }, async (ctx) =>
      ctx.waitFor("paid", { match: { order: { id: 7 }, at: new Date(5) } }),
    );
    const f = await EngineFixture.start({ workflows: [picky] });
    const run = await f.run(picky);
    await f.until(run, "waiting", "waiting_for_event");
    await f.emit("paid", { order: { id: 8 }, at: new Date(5) });
    await f.emit("paid", { order: { id: 7 }, at: new Date(6) });
    await f.emit("paid", 7);
    await f.emit("paid", { order: { id: 7, total: 3 }, at: new Date(5), more: true });
    expect((await f.ended(run)).output).toEqual({ order: { id: 7, total: 3 }, at: new Date(5), more: true });
  });

  test("refuses a function as a pattern: it could not be stored", async () => {
    const coded = workflow({ name: "coded" }, async (ctx) => ctx.waitFor("paid", { match: { id: () => true } }));
    const f = await EngineFixture.start({ workflows: [coded] });
    expect(await f.result(coded)).toMatchObject({ status: "failed", error: { code: "value_not_serializable" } });
  });

  test("is not woken by a pattern that one skipped event matched: that event stays for the next wait", async () => {
    const f = await EngineFixture.start({
      workflows: [
        workflow({ name: "order" }, async (ctx) => {
          const second = await ctx.waitFor("n", { match: { n: 2 } });
          return [second, await ctx.waitFor("n")];
        }),
      ],
    });
    const run = await f.run("order");
    await f.until(run, "waiting", "waiting_for_event");
    await f.emit("n", { n: 1 });
    await f.emit("n", { n: 2 });
    expect((await f.ended(run)).output).toEqual([{ n: 2 }, { n: 1 }]);
  });
});

describe("one event", () => {
  test("wakes every run that waits for it, each once", async () => {
    const f = await EngineFixture.start({ workflows: [listener] });
    const runs = await Promise.all(Array.from({ length: 20 }, () => f.run(listener, { times: 1 })));
    for (const run of runs) await f.until(run, "waiting", "waiting_for_event");
    await f.emit("paid", "all");
    for (const run of runs) expect((await f.ended(run)).output).toEqual(["all"]);
  });

  test("is taken by one of several waits of a run, the oldest", async () => {
    const both = workflow({ name: "both" }, async (ctx) => Promise.all([ctx.waitFor("paid"), ctx.waitFor("paid")]));
    const f = await EngineFixture.start({ workflows: [both] });
    const run = await f.run(both);
    await f.until(run, "waiting", "waiting_for_event");
    await f.emit("paid", 1);
    await rest();
    expect(await f.journal(run)).toEqual(["0 event paid completed", "1 event paid running"]);
    await f.emit("paid", 2);
    expect((await f.ended(run)).output).toEqual([1, 2]);
  });

  test("with a dedupe id is stored once, and acknowledged as the same event the second time", async () => {
    const f = await EngineFixture.start({ workflows: [listener] });
    const run = await f.run(listener, { times: 2 });
    const send = (payload: string, id: string) =>
      f.engine.emit({ by: tester, name: "paid", payload: encodeValue(payload), id });
    const first = await send("one", "evt-1");
    const again = await send("one", "evt-1");
    expect(first).toMatchObject({ ok: true, value: { duplicate: false } });
    expect(again).toEqual({ ok: true, value: { event: first.ok ? first.value.event : 0, duplicate: true } });
    await send("two", "evt-2");
    expect((await f.ended(run)).output).toEqual(["one", "two"]);
    expect((await f.store.listEvents({ after: 0, limit: 10 })).map((each) => decodeValue(each.payload))).toEqual([
      "one",
      "two",
    ]);
  });

  test("is not acknowledged unless it was stored, and wakes nobody then", async () => {
    const inner = new MemoryRunStore();
    let fail = false;
    const { store } = faultyStore(inner, {
      plan: ({ verb }) => (fail && verb === "emitEvent" ? { fault: "fail" } : undefined),
      afterCrash: "reject",
    });
    const f = await EngineFixture.start({ workflows: [listener], store });
    const run = await f.run(listener, { times: 1 });
    await f.until(run, "waiting", "waiting_for_event");
    fail = true;
    expect(await f.engine.emit({ by: tester, name: "paid", payload: encodeValue(1) })).toMatchObject({
      ok: false,
      error: { code: "store_failed" },
    });
    await rest();
    expect((await f.store.getRun({ run }))?.status).toBe("waiting");
    expect(await f.store.listEvents({ after: 0, limit: 10 })).toEqual([]);
    fail = false;
    await f.emit("paid", 2);
    expect((await f.ended(run)).output).toEqual([2]);
  });

  test("acknowledged just before the machine stops is received by the next process", async () => {
    const store = new MemoryRunStore();
    const first = await EngineFixture.start({ workflows: [listener], store });
    const run = await first.run(listener, { times: 1 });
    await first.until(run, "waiting", "waiting_for_event");
    first.crash();
    await store.emitEvent({ by: tester, name: "paid", payload: encodeValue("kept"), now: Date.now() });
    const second = await EngineFixture.start({ workflows: [listener], store });
    expect((await second.ended(run)).output).toEqual(["kept"]);
  });
});

describe("what consumes nothing", () => {
  test("a wait that timed out: the event goes to the next wait", async () => {
    const clock = new SimulatedClock(dayMs);
    const patient = workflow({ name: "patient" }, async (ctx) => {
      const first = await ctx.waitFor("paid", { timeout: "1m", onTimeout: "late" });
      return [first, await ctx.waitFor("paid")];
    });
    const f = await EngineFixture.start({ workflows: [patient], clock });
    const run = await f.run(patient);
    await f.until(run, "waiting", "waiting_for_event");
    await pass(clock, 60_000);
    await f.emit("paid", "once");
    expect((await f.ended(run)).output).toEqual(["late", "once"]);
  });

  test("a wait without a value for its time limit throws a TimeoutError", async () => {
    const clock = new SimulatedClock(dayMs);
    const strict = workflow({ name: "strict" }, async (ctx) => ctx.waitFor("paid", { timeout: "1m" }));
    const f = await EngineFixture.start({ workflows: [strict], clock });
    const run = await f.run(strict);
    await f.until(run, "waiting", "waiting_for_event");
    await pass(clock, 60_000);
    expect(await f.ended(run)).toMatchObject({ status: "failed", error: { name: "TimeoutError", code: "timeout" } });
  });

  test("a wait that lost a race: the event that reached it in the same commit is given back", async () => {
    const racing = workflow({ name: "racing" }, async (ctx) => {
      const won = await ctx.race({
        first: ctx.waitFor("go", { match: { n: 1 } }),
        second: ctx.waitFor("go", { match: { n: 2 } }),
      });
      return [won.winner, await ctx.waitFor("go")];
    });
    const f = await EngineFixture.start({ workflows: [racing] });
    const run = await f.run(racing);
    await f.until(run, "waiting", "waiting_for_event");
    // Both events are stored before the worker hears of either.
    await Promise.all([f.emit("go", { n: 2 }), f.emit("go", { n: 1 })]);
    expect((await f.ended(run)).output).toEqual(["second", { n: 1 }]);
  });
});

describe("a race", () => {
  const racing = workflow({ name: "racing" }, async (ctx) => {
    const result = await ctx.race({
      paid: (branch) => branch.waitFor("paid"),
      slow: async (branch) => {
        await branch.waitFor("never");
        return "slow";
      },
    });
    await ctx.waitFor("end");
    return result;
  });

  test("journals the winner and aborts the losers", async () => {
    const f = await EngineFixture.start({ workflows: [racing] });
    const run = await f.run(racing);
    await f.until(run, "waiting", "waiting_for_event");
    await f.emit("paid", 1);
    await rest();
    expect((await f.journal(run)).toSorted()).toEqual([
      "0 race race completed",
      "1 event paid completed",
      "2 event never aborted",
      "3 event end running",
    ]);
    await f.emit("never", "too late");
    await f.emit("end");
    expect((await f.ended(run)).output).toEqual({ winner: "paid", value: 1 });
  });

  test("has the same winner after a restart, whatever arrived meanwhile", async () => {
    const store = new MemoryRunStore();
    const first = await EngineFixture.start({ workflows: [racing], store });
    const run = await first.run(racing);
    await first.until(run, "waiting", "waiting_for_event");
    await first.emit("paid", 1);
    await rest();
    first.crash();
    await store.emitEvent({ by: tester, name: "never", payload: encodeValue("too late"), now: Date.now() });
    const second = await EngineFixture.start({ workflows: [racing], store });
    await second.emit("end");
    expect((await second.ended(run)).output).toEqual({ winner: "paid", value: 1 });
  });
});
