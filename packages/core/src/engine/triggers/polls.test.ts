// Polls on the real engine and worker code: what is found starts its run once, wherever the machine stops.
import { describe, expect, test } from "bun:test";
import { decodeErrorValue } from "@sluice/protocol";
import { poll } from "@sluice/sdk";
import type { PollOptions } from "@sluice/sdk";
import { MemoryRunStore } from "../../store/memory/index.ts";
import { crashAt } from "../../testing/faulty-store.ts";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { EngineFixture, pass, tester } from "../engine-fixture.suite.ts";
import { begin, echo, inputsOf, make, numbers } from "../trigger-fixture.suite.ts";

describe("a poll", () => {
  test("starts a run for each item it has not found before, and is given its cursor again", async () => {
    const cursors: unknown[] = [];
    const found = [["a", "b"], ["b", "c"], []];
    const feed = echo("feed", [
      poll<{ id: string }, number>("items", {
        every: "1m",
        fetch: ({ cursor }) => {
          cursors.push(cursor);
          return { items: (found.shift() ?? []).map((id) => ({ id })), cursor: (cursor ?? 0) + 1 };
        },
      }),
    ]);
    const { clock, store, fixture } = await make([feed]);
    await pass(clock, 0);
    expect(await inputsOf(store)).toEqual([{ id: "a" }, { id: "b" }]);
    await pass(clock, 59_999);
    expect(cursors).toEqual([undefined]);
    await pass(clock, 1);
    expect(await inputsOf(store)).toEqual([{ id: "a" }, { id: "b" }, { id: "c" }]);
    await pass(clock, 60_000);
    expect(cursors).toEqual([undefined, 1, 2]);
    expect(fixture.engine.triggers.get("feed:items")?.record).toMatchObject({ fired: 3, failures: 0 });
    const { runs } = await store.listRuns({ filter: {}, limit: 1 });
    expect(runs[0]?.by).toEqual({ kind: "trigger", id: "feed:items" });
    await fixture.engine.stop(0);
  });

  test("that fails waits longer each time, shows why, and goes on where it was", async () => {
    let broken = true;
    let calls = 0;
    const feed = echo("feed", [
      poll("items", {
        every: "1m",
        backoffMax: "3m",
        fetch: () => {
          calls++;
          if (broken) throw new Error("no answer");
          return [{ id: 1 }];
        },
      }),
    ]);
    const { clock, store, fixture } = await make([feed]);
    await pass(clock, 0);
    const record = () => fixture.engine.triggers.get("feed:items")?.record;
    expect(record()).toMatchObject({ failures: 1, nextAt: begin + 120_000 });
    expect(decodeErrorValue(record()?.error ?? new Uint8Array()).message).toContain("no answer");
    await pass(clock, 120_000);
    expect(record()).toMatchObject({ failures: 2, nextAt: begin + 120_000 + 180_000 });
    broken = false;
    await pass(clock, 180_000);
    expect([calls, record()?.failures, record()?.error]).toEqual([3, 0, undefined]);
    expect(await inputsOf(store)).toEqual([{ id: 1 }]);
    await fixture.engine.stop(0);
  });

  test("that answers too late is told to stop, and counts as failed", async () => {
    let aborted = false;
    const slow: PollOptions = {
      every: "1m",
      timeout: "5s",
      fetch: ({ signal }) =>
        new Promise<never>(() => signal.addEventListener("abort", () => (aborted = true), { once: true })),
    };
    const { clock, fixture } = await make([echo("feed", [poll("items", slow)])]);
    await pass(clock, 0);
    await pass(clock, 5_000);
    expect([aborted, fixture.engine.triggers.get("feed:items")?.record.failures]).toEqual([true, 1]);
    await fixture.engine.stop(0);
  });

  test("has an item that the workflow refuses shown and passed over", async () => {
    const feed = echo("feed", [poll("items", { every: "1m", fetch: () => [{ id: 1 }, { id: 2, n: 2 }] })], numbers);
    const { clock, store, fixture } = await make([feed]);
    await pass(clock, 0);
    expect(await inputsOf(store)).toEqual([{ n: 20 }]);
    const { error } = fixture.engine.triggers.get("feed:items")?.record ?? {};
    expect(decodeErrorValue(error ?? new Uint8Array()).message).toContain("is not a number");
    await fixture.engine.stop(0);
  });

  test("is left alone while it is paused, and finds afterwards what came meanwhile", async () => {
    const items: { id: number }[] = [];
    const { clock, store, fixture } = await make([echo("feed", [poll("items", { every: "1m", fetch: () => items })])]);
    await pass(clock, 0);
    const { triggers } = fixture.engine;
    await triggers.setPaused(tester, "feed:items", true);
    items.push({ id: 1 });
    await pass(clock, 600_000);
    expect(await inputsOf(store)).toEqual([]);
    expect(await triggers.pollNow("feed:items")).toMatchObject({ ok: false, error: { code: "conflict" } });
    await triggers.setPaused(tester, "feed:items", false);
    await pass(clock, 60_000);
    expect(await inputsOf(store)).toEqual([{ id: 1 }]);
    items.push({ id: 2 });
    expect(await triggers.pollNow("feed:items")).toMatchObject({ ok: true });
    expect(await inputsOf(store)).toEqual([{ id: 1 }, { id: 2 }]);
    await fixture.engine.stop(0);
  });

  test("starts each item's run once, whichever write the machine stops before or after", async () => {
    let total = 0;
    for (let number = 1; ; number++) {
      let reached = false;
      for (const when of ["before", "after"] as const) {
        const clock = new SimulatedClock(begin);
        const store = new MemoryRunStore();
        const feed = echo("feed", [
          poll<{ id: string }, number>("items", {
            every: "1m",
            fetch: ({ cursor = 0 }) => ({
              items: [{ id: `i${cursor}` }, { id: `i${cursor + 1}` }],
              cursor: cursor + 1,
            }),
          }),
        ]);
        const crash = crashAt(number, when);
        const plan = (write: Parameters<typeof crash>[0]) => {
          const fault = crash(write);
          if (fault !== undefined) reached = true;
          return fault;
        };
        const first = new EngineFixture({ workflows: [feed], clock, store, plan });
        void first.engine.start().then(() => first.attach());
        for (let minute = 0; minute < 3; minute++) await pass(clock, 60_000);
        first.crash();
        const second = await EngineFixture.start({ workflows: [feed], clock, store });
        for (let minute = 0; minute < 3; minute++) await pass(clock, 60_000);
        const ids = (await inputsOf(store)).map((each) => (each as { id: string }).id);
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids).toEqual(ids.map((_id, index) => `i${index}`));
        expect(ids.length).toBeGreaterThan(3);
        total += ids.length;
        await second.engine.stop(0);
      }
      if (!reached) break;
    }
    expect(total).toBeGreaterThan(40);
  });
});
