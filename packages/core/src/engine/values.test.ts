// Large values live in blobs that are there before the row that names them; what reads a row gets the value itself.
import { describe, expect, test } from "bun:test";
import { decodeValue, encodeError, encodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { blobRefOf } from "../kernel/blob-ref.ts";
import type { StoreOp } from "../kernel/run-store.ts";
import { faultyStore } from "../testing/faulty-store.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { EngineFixture, rest, tester } from "./engine-fixture.suite.ts";
import { MemoryBlobs } from "./memory-blobs.suite.ts";
import { Values } from "./values.ts";

const limits = { inlineBytesMax: 100, payloadBytesMax: 100_000 };
const large = (name: string): string => name.repeat(200);

const everywhere = workflow({ name: "everywhere" }, async (ctx, input: string) => {
  const step = await ctx.step("step", () => large("s"));
  const failure = await ctx
    .step("failing", () => {
      throw new Error(large("f"));
    })
    .catch((error: unknown) => (error as Error).message);
  await ctx.state.run.set("k", large("k"));
  const state = await ctx.state.run.get("k");
  const event = await ctx.waitFor("go");
  const token = await ctx.token<string>("t");
  const answer = await token.wait();
  const child = await ctx.call("child", input);
  return [input, step, failure, state, event, answer, child].join();
});
const child = workflow({ name: "child" }, async (_ctx, input: string) => input);

async function throughEverything(f: EngineFixture, run: string): Promise<string> {
  await f.until(run, "waiting", "waiting_for_event");
  await f.emit("go", large("e"));
  await f.until(run, "waiting", "waiting_for_callback");
  const [token] = await f.store.listTokens({ kind: "callback", limit: 1 });
  await f.engine.completeToken({
    by: tester,
    token: token?.token ?? "",
    kind: "callback",
    value: encodeValue(large("a")),
  });
  return String((await f.ended(run)).output);
}
const all = ["i", "s", "f", "k", "e", "a", "i"].map(large).join();

describe("values over inlineBytesMax", () => {
  test("are references in the store, and whole wherever they are read", async () => {
    const blobs = new MemoryBlobs();
    const f = await EngineFixture.start({ workflows: [everywhere, child], blobs, limits });
    const run = await f.run(everywhere, large("i"));
    expect(await throughEverything(f, run)).toBe(all);
    const record = await f.store.getRun({ run });
    expect([record?.input, record?.output].map((bytes) => blobRefOf(bytes) !== undefined)).toEqual([true, true]);
    const { entries } = await f.store.readJournal({ run, bytesMax: 1e9 });
    const refs = entries
      .filter(({ value, error }) => blobRefOf(value ?? error) !== undefined)
      .map((entry) => entry.name);
    expect(refs.toSorted()).toEqual(["child", "failing", "go", "run:get:k", "step", "t"]);
    for (const { value } of entries) expect((value?.length ?? 0) <= 100).toBe(true);
    expect(blobs.held).toBe(0);
  });

  test("are whole for a run that is taken up again", async () => {
    const blobs = new MemoryBlobs();
    const store = new MemoryRunStore();
    const first = await EngineFixture.start({ workflows: [everywhere, child], blobs, limits, store });
    const run = await first.run(everywhere, large("i"));
    await first.until(run, "waiting", "waiting_for_event");
    first.crash();
    const pieces = { ...limits, journalPieceBytesMax: 1 };
    const second = await EngineFixture.start({ workflows: [everywhere, child], blobs, limits: pieces, store });
    expect(await throughEverything(second, run)).toBe(all);
  });

  test("are durable as blobs before any row names them, and held until it does", async () => {
    const blobs = new MemoryBlobs();
    const seen: string[] = [];
    const { store } = faultyStore(new MemoryRunStore(), {
      plan: ({ verb, params }) => {
        const values: (Uint8Array | undefined)[] = [];
        if (verb === "createRun") values.push((params as { run: { input: Uint8Array } }).run.input);
        if (verb === "emitEvent") values.push((params as { payload: Uint8Array }).payload);
        if (verb === "completeToken") values.push((params as { value: Uint8Array }).value);
        if (verb === "append") {
          for (const op of (params as { ops: readonly StoreOp[] }).ops) {
            for (const key of ["value", "error", "output", "input"])
              values.push((op as unknown as Record<string, Uint8Array>)[key]);
          }
        }
        for (const value of values) {
          const hash = blobRefOf(value);
          if (hash === undefined) continue;
          seen.push(verb);
          expect({ verb, there: blobs.blobs.has(hash), held: blobs.held > 0 }).toEqual({
            verb,
            there: true,
            held: true,
          });
        }
        return undefined;
      },
      afterCrash: "reject",
    });
    const f = await EngineFixture.start({ workflows: [everywhere, child], blobs, limits, store });
    expect(await throughEverything(f, await f.run(everywhere, large("i")))).toBe(all);
    expect(new Set(seen)).toEqual(new Set(["createRun", "append", "emitEvent", "completeToken"]));
    expect(blobs.held).toBe(0);
  });

  test("do not change the order in which a run's results arrive", async () => {
    const blobs = new MemoryBlobs();
    const gates: PromiseWithResolvers<void>[] = [];
    blobs.before = async () => {
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      await gate.promise;
    };
    const order: string[] = [];
    const mixed = workflow({ name: "mixed" }, async (ctx) => {
      await Promise.all([
        ctx.step("large", () => large("x")).then(() => order.push("large")),
        ctx.step("small", () => rest(3)).then(() => order.push("small")),
      ]);
      return order.join();
    });
    const f = await EngineFixture.start({ workflows: [mixed], blobs, limits });
    const run = await f.run(mixed);
    await rest(20);
    expect(order).toEqual([]);
    for (const gate of gates) gate.resolve();
    expect((await f.ended(run)).output).toBe("large,small");
    expect(await f.journal(run)).toEqual(["0 step large completed", "1 step small completed"]);
  });

  test("whose blob is missing stop the run with the reason instead of losing it", async () => {
    const blobs = new MemoryBlobs();
    const store = new MemoryRunStore();
    const first = await EngineFixture.start({ workflows: [everywhere, child], blobs, limits, store });
    const run = await first.run(everywhere, large("i"));
    await first.until(run, "waiting", "waiting_for_event");
    first.crash();
    const kept = new Map(blobs.blobs);
    blobs.blobs.clear();
    const second = await EngineFixture.start({ workflows: [everywhere, child], blobs, limits, store });
    await second.emit("go", "small");
    await second.until(run, "waiting", "error");
    for (const [hash, bytes] of kept) blobs.blobs.set(hash, bytes);
    await second.engine.operations.resume(tester, run);
    await second.until(run, "waiting", "waiting_for_callback");
  });
});

describe("journals", () => {
  test("travel in pieces, and nothing that settles in between is lost or doubled", async () => {
    const store = new MemoryRunStore();
    const many = workflow({ name: "many" }, async (ctx) => {
      const waits = Promise.all([ctx.waitFor("a"), ctx.waitFor("b")]);
      let sum = 0;
      for (let i = 0; i < 60; i++) sum += await ctx.step("s", () => i);
      return [sum, await waits];
    });
    const first = await EngineFixture.start({ workflows: [many], store });
    const run = await first.run(many);
    await first.until(run, "waiting");
    first.crash();
    await store.emitEvent({ by: tester, name: "a", payload: encodeValue("first"), now: Date.now() });
    const gates: PromiseWithResolvers<void>[] = [];
    let pieces = 0;
    const slow = new Proxy(store, {
      get(target, verb: keyof MemoryRunStore) {
        if (verb !== "readJournal")
          return typeof target[verb] === "function" ? (target[verb] as () => unknown).bind(target) : target[verb];
        return async (p: Parameters<MemoryRunStore["readJournal"]>[0]) => {
          if (++pieces === 2) {
            const gate = Promise.withResolvers<void>();
            gates.push(gate);
            await gate.promise;
          }
          return target.readJournal(p);
        };
      },
    });
    const second = await EngineFixture.start({ workflows: [many], store: slow, limits: { journalPieceBytesMax: 600 } });
    while (gates.length === 0) await rest(1);
    await second.emit("b", "second");
    await rest();
    gates[0]?.resolve();
    expect((await second.ended(run)).output).toEqual([1_770, ["first", "second"]]);
    expect(pieces).toBeGreaterThan(5);
  });
});

test("a journal whose rest cannot be read is handed out again, and nobody who waits with it is forgotten", async () => {
  const store = new MemoryRunStore();
  const steps = workflow({ name: "steps" }, async (ctx) => {
    for (let i = 0; i < 20; i++) await ctx.step("s", () => i);
    return ctx.waitFor("go");
  });
  const first = await EngineFixture.start({ workflows: [steps], store });
  const runs = [await first.run(steps), await first.run(steps), await first.run(steps)];
  for (const run of runs) await first.until(run, "waiting");
  first.crash();
  let failures = 2;
  const unreadable = new Proxy(store, {
    get(target, verb: keyof MemoryRunStore) {
      if (verb === "readJournal" && failures-- > 0) return () => Promise.reject(new Error("unreadable"));
      const value: unknown = target[verb];
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  const limited = { journalPieceBytesMax: 300, reloadDelayMs: 1 };
  const second = await EngineFixture.start({ workflows: [steps], store: unreadable, limits: limited });
  await second.emit("go", "gone on");
  for (const run of runs) expect((await second.ended(run)).output).toBe("gone on");
  expect(failures).toBeLessThanOrEqual(0);
});

describe("Values", () => {
  const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7);

  test("keeps what fits as it is, and gives back what it kept", async () => {
    const blobs = new MemoryBlobs();
    const values = new Values(blobs, limits);
    for (const length of [0, 1, 100, 101, 5_000]) {
      const { stored, release } = await values.keep(bytes(length));
      expect(values.isRef(stored)).toBe(length > 100);
      expect(await values.load(stored)).toEqual(bytes(length));
      release();
    }
    expect(blobs.held).toBe(0);
    expect(blobs.blobs.size).toBe(2);
  });

  test("without blobs keeps everything inline, and still knows what is too large", async () => {
    const values = new Values(undefined, limits);
    expect((await values.keep(bytes(5_000))).stored).toEqual(bytes(5_000));
    expect([values.isLarge(undefined), values.isLarge(bytes(5_000)), values.isLarge(bytes(100_001))]).toEqual([
      false,
      false,
      true,
    ]);
  });

  test("loads the values and errors of entries and events, and leaves others alone", async () => {
    const blobs = new MemoryBlobs();
    const values = new Values(blobs, limits);
    const value = (await values.keep(encodeValue(large("v")))).stored;
    const error = (await values.keep(encodeError(new Error(large("e"))))).stored;
    const entry = {
      seq: 0,
      kind: "step",
      name: "s",
      n: 0,
      status: "completed",
      ord: 1,
      attempt: 1,
      at: 0,
      end: 0,
    } as const;
    const plain = [{ ...entry, value: bytes(3) }];
    expect(await values.loadEntries(plain)).toBe(plain);
    const [loaded, failed] = await values.loadEntries([
      { ...entry, value },
      { ...entry, error },
    ]);
    expect(decodeValue(loaded?.value ?? bytes(0))).toBe(large("v"));
    expect(failed?.error?.length).toBeGreaterThan(200);
    const settle = { event: "settle", seq: 0, ord: 1, status: "completed", at: 0 } as const;
    expect([
      values.needsLoading([{ ...settle, value }]),
      values.needsLoading([{ ...settle, value: bytes(3) }, { event: "drop" }]),
    ]).toEqual([true, false]);
    const [event, drop] = await values.loadEvents([{ ...settle, value }, { event: "drop" }]);
    expect(event).toMatchObject({ value: encodeValue(large("v")) });
    expect(drop).toEqual({ event: "drop" });
  });

  test("says what is missing", async () => {
    const values = new Values(new MemoryBlobs(), limits);
    const { stored } = await new Values(new MemoryBlobs(), limits).keep(bytes(200));
    expect(values.load(stored)).rejects.toMatchObject({ code: "store_failed", hint: expect.any(String) });
  });
});
