import { describe, expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { engineItself } from "../kernel/inner-actor.ts";
import type { NewRun, RunStore } from "../kernel/run-store.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { crashAt, faultyStore } from "./faulty-store.ts";
import type { FaultPlan, StoreWrite } from "./faulty-store.ts";

const by = { kind: "user", id: "ada" } as const;

function start(store: RunStore, id: string): Promise<unknown> {
  const run: NewRun = {
    id,
    workflow: "w",
    version: "v1",
    input: encodeValue(1),
    priority: 0,
    tags: [],
    createdAt: 1,
    dueAt: 1,
  };
  return store.createRun({ by, run, now: 1 });
}

async function idsIn(store: RunStore): Promise<string[]> {
  return (await store.listRuns({ filter: {}, limit: 10 })).runs.map((run) => run.id).toSorted();
}

/** Error code a call is refused with. */
async function refusal(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => "not refused",
    (error: unknown) => (error as { code?: unknown }).code,
  );
}

/** True when the promise has not settled after everything that could make it settle has run. */
async function isSilent(promise: Promise<unknown>): Promise<boolean> {
  const after = new Promise((resolve) => setImmediate(() => resolve("silent")));
  return (
    (await Promise.race([
      promise.then(
        () => "answered",
        () => "answered",
      ),
      after,
    ])) === "silent"
  );
}

function wrap(plan: FaultPlan, afterCrash: "silence" | "reject" = "silence") {
  const inner = new MemoryRunStore();
  return { inner, ...handle(inner, plan, afterCrash) };
}

function handle(inner: RunStore, plan: FaultPlan, afterCrash: "silence" | "reject") {
  const faulty = faultyStore(inner, { plan, afterCrash });
  return { faulty, store: faulty.store };
}

describe("a faulty store", () => {
  test("numbers writes, lets reads pass, and answers as the store inside does", async () => {
    const seen: StoreWrite[] = [];
    const { faulty, store } = wrap((write) => {
      seen.push(write);
      return undefined;
    });
    await start(store, "a");
    expect(await idsIn(store)).toEqual(["a"]);
    const claimed = await store.claimRuns({ by: engineItself, owner: "e", limit: 1, now: 1, journalBytesMax: 1 });
    expect(claimed).toHaveLength(1);
    expect(seen.map(({ number, verb }) => [number, verb])).toEqual([
      [1, "createRun"],
      [2, "claimRuns"],
    ]);
    expect(seen[1]!.params).toMatchObject({ owner: "e" });
    expect([faulty.writes, faulty.crashed]).toEqual([2, false]);
  });

  test("fails what an incarnation writes after a write that failed, as every store does", async () => {
    const { store } = wrap(({ number }) => (number === 2 ? { fault: "fail" } : undefined));
    await start(store, "a");
    const write = (epoch: number) => store.append({ by: engineItself, run: "a", epoch, ops: [], now: 1 });
    expect(await refusal(write(1))).toBe("store_failed");
    expect(await refusal(write(1))).toBe("store_failed");
    expect(await write(2)).toEqual({ outcome: "stale" });
  });

  test("fails a write that has then changed nothing, and goes on", async () => {
    const { store } = wrap(({ number }) => (number === 2 ? { fault: "fail" } : undefined));
    await start(store, "a");
    expect(await refusal(start(store, "b"))).toBe("store_failed");
    await start(store, "c");
    expect(await idsIn(store)).toEqual(["a", "c"]);
  });

  test("answers late what happened at once", async () => {
    const gate = Promise.withResolvers<void>();
    const { store } = wrap(({ number }) => (number === 1 ? { fault: "delay", until: gate.promise } : undefined));
    const late = start(store, "a");
    expect(await idsIn(store)).toEqual(["a"]);
    expect(await isSilent(late)).toBe(true);
    gate.resolve();
    expect(await late).toMatchObject({ outcome: "created" });
  });

  test("stops before or after a write, and the store inside lives on", async () => {
    for (const when of ["before", "after"] as const) {
      const { faulty, inner, store } = wrap(crashAt(2, when));
      await start(store, "a");
      const last = start(store, "b");
      const later = [start(store, "c"), idsIn(store), store.stats()];
      expect(faulty.crashed).toBe(true);
      for (const call of [last, ...later]) expect(await isSilent(call)).toBe(true);
      const left = when === "before" ? ["a"] : ["a", "b"];
      const next = handle(inner, () => undefined, "silence");
      expect(await idsIn(next.store)).toEqual(left);
      await start(next.store, "d");
      expect(await idsIn(inner)).toEqual([...left, "d"]);
    }
  });

  test("a crash swallows answers that were on their way", async () => {
    const { faulty, inner, store } = wrap(() => ({ fault: "delay", until: Promise.resolve() }));
    const pending = start(store, "a");
    faulty.crash();
    expect(await isSilent(pending)).toBe(true);
    expect(await idsIn(inner)).toEqual(["a"]);
  });

  test("rejects after the crash when told to", async () => {
    const { store } = wrap(crashAt(1, "after"), "reject");
    const first = start(store, "a");
    expect(await refusal(first)).toBe("store_failed");
    expect(await refusal(idsIn(store))).toBe("store_failed");
  });

  test("passes on what the store inside refuses", async () => {
    const { store } = wrap(() => undefined);
    const listed = store.listRuns({ filter: {}, limit: 1, cursor: "?" });
    expect(await refusal(listed)).toBe("invalid_filter");
  });

  test("closing it leaves the store inside open", async () => {
    const { inner, store } = wrap(() => undefined);
    await store.close();
    expect(await refusal(start(store, "a"))).toBe("store_failed");
    expect(await idsIn(inner)).toEqual([]);
  });

  test("carries out nothing that does not say on whose behalf", async () => {
    const { store, inner } = wrap(() => undefined);
    await start(store, "a");
    const p = { owner: "e", limit: 1, now: 1, journalBytesMax: 1 };
    const nobody = p as Parameters<RunStore["claimRuns"]>[0];
    const refused = store.claimRuns(nobody).catch((error: unknown) => (error as Error).message);
    expect(await refused).toBe("claimRuns does not say on whose behalf it changes something");
    expect((await inner.getRun({ run: "a" }))?.owner).toBeUndefined();
    expect(await store.claimRuns({ ...p, by: engineItself })).toHaveLength(1);
  });
});
