// What a trigger holds back until it has been quiet.
import { describe, expect, test } from "bun:test";
import { onEvent } from "@sluice/sdk";
import { EngineFixture, pass, rest } from "../engine-fixture.suite.ts";
import { echo, inputsOf, make } from "../trigger-fixture.suite.ts";

describe("occurrences close together", () => {
  test("start one run for those that come together, by key, with the last of them", async () => {
    const changed = echo("changed", [
      onEvent("change", { debounce: { wait: "10s", maxWait: "25s", key: "customer.id" } }),
    ]);
    const { clock, store, fixture } = await make([changed]);
    const change = async (id: string, n: number) => {
      await fixture.emit("change", { customer: { id }, n });
      await rest();
    };
    await change("a", 1);
    await pass(clock, 9_000);
    await change("a", 2);
    await change("b", 1);
    await pass(clock, 9_000);
    expect(await inputsOf(store)).toEqual([]);
    await pass(clock, 1_000);
    expect(await inputsOf(store)).toEqual([
      { customer: { id: "a" }, n: 2 },
      { customer: { id: "b" }, n: 1 },
    ]);
    // Never quiet: it starts when the longest wait is over.
    for (let n = 0; n < 4; n++) {
      await change("c", n);
      await pass(clock, 8_000);
    }
    const late = (await inputsOf(store)).slice(2);
    expect(late).toEqual([{ customer: { id: "c" }, n: 3 }]);
    await fixture.engine.stop(0);
  });

  test("what is held back outlives the process, and starts once", async () => {
    const changed = echo("changed", [onEvent("change", { debounce: "10s" })]);
    const { clock, store, fixture } = await make([changed]);
    await fixture.emit("change", { n: 1 });
    await rest();
    fixture.crash();
    clock.advance(60_000);
    const next = await EngineFixture.start({ workflows: [changed], clock, store });
    await pass(clock, 0);
    expect(await inputsOf(store)).toEqual([{ n: 1 }]);
    await pass(clock, 60_000);
    expect(await inputsOf(store)).toHaveLength(1);
    await next.engine.stop(0);
  });
});
