// Event triggers on the real engine and worker code: each event that fits starts its run once.
import { describe, expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { onEvent, workflow } from "@sluice/sdk";
import { MemoryRunStore } from "../../store/memory/index.ts";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { EngineFixture, pass, rest, tester } from "../engine-fixture.suite.ts";
import { begin, echo, inputsOf, make, numbers } from "../trigger-fixture.suite.ts";

describe("an event trigger", () => {
  test("starts a run for each event that fits, from when it was deployed", async () => {
    const paid = echo("paid", [
      onEvent("order.paid", { match: { country: "pt" } }),
      onEvent<{ n: number }>("counted", {
        schema: numbers,
        condition: ({ n }) => n > 10,
        input: ({ n }) => ({ sum: n }),
      }),
    ]);
    const clock = new SimulatedClock(begin);
    const store = new MemoryRunStore();
    const before = await EngineFixture.start({ workflows: [], clock, store });
    await before.emit("order.paid", { country: "pt", id: 0 });
    await before.attach({ workflows: [paid], version: "v2" });
    await before.emit("order.paid", { country: "pt", id: 1 });
    await before.emit("order.paid", { country: "es", id: 2 });
    await before.emit("other", { country: "pt" });
    for (const payload of [{ n: 1 }, { n: 2 }, { n: "x" }]) await before.emit("counted", payload);
    await rest();
    expect(await inputsOf(store)).toEqual([{ country: "pt", id: 1 }, { sum: 20 }]);
    await before.engine.stop(0);
  });

  test("takes events that runs emit, once, also those that came while nothing ran", async () => {
    const talks = workflow({ name: "talks" }, async (ctx, n: number) => {
      await ctx.emit("said", { n });
    });
    const hears = echo("hears", [onEvent("said")]);
    const { clock, store, fixture } = await make([talks, hears]);
    await fixture.result(talks, 1);
    await rest();
    fixture.crash();
    await store.emitEvent({ by: tester, name: "said", payload: encodeValue({ n: 2 }), now: clock.now() });
    const next = await EngineFixture.start({ workflows: [talks, hears], clock, store });
    await rest();
    const heard = (await inputsOf(store)).filter((input) => typeof input === "object");
    // Both were created in one moment of simulated time: their ids alone order them.
    expect(heard).toHaveLength(2);
    expect(heard).toContainEqual({ n: 1 });
    expect(heard).toContainEqual({ n: 2 });
    await next.engine.stop(0);
  });

  test("waits while no worker can judge, and loses nothing", async () => {
    const strict = echo("strict", [onEvent("e", { schema: numbers })]);
    const { clock, store, fixture } = await make([strict]);
    fixture.dead = true;
    await fixture.emit("e", { n: 1 });
    await pass(clock, 15_000);
    expect(await inputsOf(store)).toEqual([]);
    fixture.crash();
    const next = await EngineFixture.start({ workflows: [strict], clock, store });
    await pass(clock, 2_000);
    expect(await inputsOf(store)).toEqual([{ n: 10 }]);
    await next.engine.stop(0);
  });
});
