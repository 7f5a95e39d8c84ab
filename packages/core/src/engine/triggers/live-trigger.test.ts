// What a trigger holds back until it has been quiet.
import { describe, expect, test } from "bun:test";
import { onEvent, poll, workflow } from "@sluice/sdk";
import type { FlowOptions, Trigger } from "@sluice/sdk";
import { EngineFixture, pass, rest, tester } from "../engine-fixture.suite.ts";
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

test("what a paused trigger holds waits until it is resumed", async () => {
  const changed = echo("changed", [onEvent("change", { debounce: "10s" })]);
  const { clock, store, fixture } = await make([changed]);
  await fixture.emit("change", { n: 1 });
  await rest();
  await fixture.engine.triggers.setPaused(tester, "changed:change", true);
  await pass(clock, 60_000);
  expect(await inputsOf(store)).toEqual([]);
  expect(fixture.logs.filter(({ level }) => level === "error")).toEqual([]);
  await fixture.engine.triggers.setPaused(tester, "changed:change", false);
  await pass(clock, 0);
  expect(await inputsOf(store)).toEqual([{ n: 1 }]);
  await fixture.engine.stop(0);
});

describe("occurrences past a limit of their workflow", () => {
  const limited = (trigger: Trigger, flow: FlowOptions = { rateLimit: { count: 2, per: "10s" } }) =>
    workflow({ name: "limited", triggers: [trigger], ...flow }, async (_ctx, input: unknown) => input);
  const sorted = async (store: Parameters<typeof inputsOf>[0]) =>
    (await inputsOf(store)).map((input) => (input as { readonly n: number }).n).toSorted((a, b) => a - b);

  test("wait, are shown, and start as the limit takes them", async () => {
    const { clock, store, fixture } = await make([limited(onEvent("change"))]);
    for (let n = 1; n <= 5; n++) await fixture.emit("change", { n });
    await rest();
    expect(await inputsOf(store)).toHaveLength(2);
    const shown = () => fixture.engine.triggers.get("limited:change");
    expect(shown()?.waiting).toEqual({ count: 3, retryAt: clock.now() + 10_000 });
    expect(shown()?.record).toMatchObject({ fired: 2, failures: 0 });
    await pass(clock, 10_000);
    expect(await inputsOf(store)).toHaveLength(4);
    await pass(clock, 10_000);
    expect(await sorted(store)).toEqual([1, 2, 3, 4, 5]);
    expect(shown()?.waiting).toBeUndefined();
    await fixture.engine.stop(0);
  });

  test("outlive the process, and start once", async () => {
    const works = [limited(onEvent("change"))];
    const { clock, store, fixture } = await make(works);
    for (let n = 1; n <= 5; n++) await fixture.emit("change", { n });
    await rest();
    fixture.crash();
    const next = await EngineFixture.start({ workflows: works, clock, store });
    await pass(clock, 0);
    expect(next.engine.triggers.get("limited:change")?.waiting).toMatchObject({ count: 3 });
    for (let i = 0; i < 3; i++) await pass(clock, 10_000);
    expect(await sorted(store)).toEqual([1, 2, 3, 4, 5]);
    await next.engine.stop(0);
  });

  test("of one key do not hold up those of another", async () => {
    const perKey = { rateLimit: { count: 1, per: "1h", key: "input.by" } } as const;
    const { clock, store, fixture } = await make([limited(onEvent("change"), perKey)]);
    for (let n = 1; n <= 300; n++) await fixture.emit("change", { n, by: "noisy" });
    await fixture.emit("change", { n: 301, by: "quiet" });
    await fixture.emit("change", { n: 302, by: "quiet" });
    await rest();
    expect(await sorted(store)).toEqual([1, 301]);
    await pass(clock, 3_600_000);
    expect((await inputsOf(store)).map((input) => (input as { by: string }).by).toSorted()).toEqual([
      "noisy",
      "noisy",
      "quiet",
      "quiet",
    ]);
    await fixture.engine.stop(0);
  });

  test("that a poll has found wait like others, and its cursor moves on", async () => {
    const feed = poll("feed", { every: "1h", fetch: () => [1, 2, 3].map((n) => ({ id: n, n })) });
    const { clock, store, fixture } = await make([limited(feed)]);
    await pass(clock, 0);
    expect(await inputsOf(store)).toHaveLength(2);
    await pass(clock, 10_000);
    expect(await sorted(store)).toEqual([1, 2, 3]);
    await pass(clock, 3_600_000);
    expect(await inputsOf(store)).toHaveLength(3);
    await fixture.engine.stop(0);
  });

  test("are no more than so many: then the trigger itself waits, and loses nothing", async () => {
    const { clock, store, fixture } = await make([limited(onEvent("change"))], { limits: { triggerWaitingMax: 3 } });
    for (let n = 1; n <= 9; n++) {
      await fixture.emit("change", { n });
      await rest();
    }
    const shown = () => fixture.engine.triggers.get("limited:change");
    expect(shown()?.waiting?.count).toBe(3);
    expect(shown()?.record.position).toBe(5);
    expect([shown()?.record.failures, shown()?.record.error]).toEqual([expect.any(Number), expect.any(Uint8Array)]);
    for (let i = 0; i < 30; i++) await pass(clock, 2_000);
    expect(await sorted(store)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([shown()?.record.failures, shown()?.record.error]).toEqual([0, undefined]);
    await fixture.engine.stop(0);
  });

  test("start at once when new code has no such limit", async () => {
    const { clock, store, fixture } = await make([limited(onEvent("change"))]);
    for (let n = 1; n <= 4; n++) await fixture.emit("change", { n });
    await rest();
    await fixture.attach({ workflows: [limited(onEvent("change"), {})], version: "v2" });
    await pass(clock, 0);
    expect(await sorted(store)).toEqual([1, 2, 3, 4]);
    await fixture.engine.stop(0);
  });
});
