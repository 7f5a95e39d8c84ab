// State seen from outside a run: shared with runs, and two writers cannot overwrite each other unseen.
import { describe, expect, test } from "bun:test";
import { decodeValue, encodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { blobRefOf } from "../kernel/blob-ref.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { EngineFixture, tester } from "./engine-fixture.suite.ts";
import { MemoryBlobs } from "./memory-blobs.suite.ts";

const at = { by: tester, scope: "global", key: "k" } as const;

async function valueAt(f: EngineFixture, scope: string, key: string): Promise<unknown> {
  const got = await f.engine.state.get(scope, key);
  if (!got.ok) throw new Error(got.error.message);
  return got.value === undefined ? undefined : decodeValue(await f.engine.values.load(got.value.value));
}

test("a value is shared with runs, in each scope", async () => {
  const adder = workflow({ name: "adder" }, async (ctx) => [
    await ctx.state.global.incr("k"),
    await ctx.state.workflow.incr("k"),
  ]);
  const f = await EngineFixture.start({ workflows: [adder] });
  await f.engine.state.set({ ...at, value: encodeValue(41) });
  const run = await f.run(adder);
  expect((await f.ended(run)).output).toEqual([42, 1]);
  expect([
    await valueAt(f, "global", "k"),
    await valueAt(f, "workflow:adder", "k"),
    await valueAt(f, `run:${run}`, "k"),
  ]).toEqual([42, 1, undefined]);
});

describe("a version", () => {
  test("grows with every change; a writer that has not seen the last one is told so", async () => {
    const f = await EngineFixture.start({ workflows: [] });
    expect(await f.engine.state.set({ ...at, value: encodeValue(1), ifVersion: 0 })).toEqual({ ok: true, value: 1 });
    expect(await f.engine.state.set({ ...at, value: encodeValue(2), ifVersion: 1 })).toEqual({ ok: true, value: 2 });
    for (const ifVersion of [0, 1]) {
      const late = await f.engine.state.set({ ...at, value: encodeValue("lost"), ifVersion });
      expect(late).toMatchObject({ ok: false, error: { code: "state_version_conflict", details: { version: 2 } } });
    }
    expect(await f.engine.state.delete({ ...at, ifVersion: 1 })).toMatchObject({
      ok: false,
      error: { code: "state_version_conflict" },
    });
    expect(await valueAt(f, "global", "k")).toBe(2);
    expect(await f.engine.state.delete({ ...at, ifVersion: 2 })).toEqual({ ok: true, value: true });
    expect(await f.engine.state.delete(at)).toEqual({ ok: true, value: false });
  });
});

test("a time to live ends", async () => {
  const clock = new SimulatedClock(1_000);
  const f = await EngineFixture.start({ workflows: [], clock });
  await f.engine.state.set({ ...at, value: encodeValue(1), ttl: "1m" });
  clock.advance(59_999);
  expect(await valueAt(f, "global", "k")).toBe(1);
  clock.advance(1);
  expect(await valueAt(f, "global", "k")).toBeUndefined();
});

test("a large value is kept as a blob, one that is too large not at all", async () => {
  const blobs = new MemoryBlobs();
  const f = await EngineFixture.start({ workflows: [], blobs, limits: { inlineBytesMax: 10, payloadBytesMax: 100 } });
  await f.engine.state.set({ ...at, value: encodeValue("x".repeat(50)) });
  const got = await f.engine.state.get("global", "k");
  expect(blobRefOf(got.ok ? got.value?.value : undefined)).toBeDefined();
  expect(await valueAt(f, "global", "k")).toBe("x".repeat(50));
  expect(await f.engine.state.set({ ...at, value: encodeValue("x".repeat(200)) })).toMatchObject({
    ok: false,
    error: { code: "payload_too_large" },
  });
  expect(blobs.held).toBe(0);
});

test.each([
  ["nope", "k"],
  ["workflow:", "k"],
  ["run:", "k"],
  [`workflow:${"x".repeat(129)}`, "k"],
  ["global", ""],
  ["global", "k".repeat(1_025)],
])("scope %p with key %p is refused", async (scope, key) => {
  const f = await EngineFixture.start({ workflows: [] });
  const refused = { ok: false, error: { code: "bad_request", hint: expect.any(String) } };
  expect(await f.engine.state.get(scope, key)).toMatchObject(refused);
  expect(await f.engine.state.set({ ...at, scope, key, value: encodeValue(1) })).toMatchObject(refused);
  expect(await f.engine.state.delete({ ...at, scope, key })).toMatchObject(refused);
});

test("a duration that is none is refused and writes nothing", async () => {
  const f = await EngineFixture.start({ workflows: [] });
  expect(await f.engine.state.set({ ...at, value: encodeValue(1), ttl: "soon" })).toMatchObject({
    ok: false,
    error: { code: "invalid_duration" },
  });
  expect(await valueAt(f, "global", "k")).toBeUndefined();
});

test("a number is added to from outside, once for a call that a run names, and keeps its end", async () => {
  const idle = workflow({ name: "idle" }, (ctx) => ctx.waitFor("never"));
  const clock = new SimulatedClock(1_000);
  const f = await EngineFixture.start({ workflows: [idle], clock });
  const run = await f.run(idle);
  const { state } = f.engine;
  const add = (amount: number, id?: string) =>
    state.add({ ...at, amount, ...(id === undefined ? {} : { once: { run, id } }) });
  expect(await Promise.all(Array.from({ length: 5 }, () => add(2)))).toContainEqual({ ok: true, value: 10 });
  expect([await add(5, "a"), await add(5, "b"), await add(5, "a")].map((sum) => sum.ok && sum.value)).toEqual([
    15, 20, 15,
  ]);
  expect(await valueAt(f, "global", "k")).toBe(20);
  await state.set({ ...at, value: encodeValue(1), ttl: "1m" });
  await add(1);
  clock.advance(60_001);
  expect(await valueAt(f, "global", "k")).toBeUndefined();
  await state.set({ ...at, value: encodeValue("text") });
  expect(await add(1)).toMatchObject({ ok: false, error: { code: "bad_request" } });
  expect(await state.add({ ...at, scope: "nowhere", amount: 1 })).toMatchObject({ ok: false });
});
