// Results that runs share: found, kept, waited for, let go.
import { describe, expect, test } from "bun:test";
import type { StepCacheUse } from "@sluice/protocol";
import { encodeBlobRef } from "../kernel/blob-ref.ts";
import { engineItself } from "../kernel/inner-actor.ts";
import type { RunStore, StoreOp } from "../kernel/run-store.ts";
import {
  ada,
  delivered,
  done,
  failed,
  finish,
  idle,
  race,
  read,
  refusal,
  start,
  undoing,
  value,
  withStore,
  type Desk,
  type MakeStore,
} from "./run-store.fixture.suite.ts";

const minute = 60_000;
const use = (more: Partial<StepCacheUse> = {}): StepCacheUse => ({ scope: "workflow", key: "k", ttl: minute, ...more });
const ask = (seq: number, cache = use(), name = "rate"): StoreOp => ({ op: "cache", seq, name, n: 0, cache });
const made = (seq: number, result: unknown, cache = use()): StoreOp => ({
  ...(done(seq, result) as Extract<StoreOp, { op: "done" }>),
  name: "rate",
  cache,
});
const broke = (seq: number, cache = use()): StoreOp => ({
  ...(failed(seq) as Extract<StoreOp, { op: "done" }>),
  name: "rate",
  cache,
});
const flying = use({ flight: minute });

type Listed = Awaited<ReturnType<RunStore["listStepCache"]>>;

function listing(desk: Desk) {
  return async (more: Partial<Parameters<RunStore["listStepCache"]>[0]> = {}): Promise<Listed> =>
    desk.store.listStepCache({ filter: {}, limit: 99, now: desk.now, ...more });
}

function keeping(name: string, makeStore: MakeStore): void {
  describe(`${name}: kept results`, () => {
    const desk = withStore(makeStore);
    const list = listing(desk);

    test("settle the step of another run, until their time has passed", async () => {
      for (const id of ["r1", "r2", "r3"]) await desk.hot(id);
      expect((await desk.append("r1", ask(0))).events).toEqual([{ event: "started", seq: 0 }]);
      expect(await desk.journal("r1")).toEqual([]);
      await desk.append("r1", made(0, 7));
      const { events } = await desk.append("r2", ask(0));
      expect(events).toMatchObject([{ event: "settle", seq: 0, ord: 1, status: "completed" }]);
      expect(read(events[0]?.event === "settle" ? events[0].value : undefined)).toBe(7);
      const { entries } = await desk.store.readJournal({ run: "r2", bytesMax: 1e6 });
      expect(entries).toMatchObject([{ kind: "step", name: "rate", status: "completed", value: value(7) }]);
      desk.now = start + minute;
      expect((await desk.append("r3", ask(0))).events).toEqual([{ event: "started", seq: 0 }]);
      expect((await list()).entries).toEqual([]);
    });

    test("are of one step, key and scope", async () => {
      for (const id of ["r1", "r2"]) await desk.hot(id);
      await desk.hot("other", { workflow: "invoice" });
      await desk.append("r1", made(0, 1), made(1, 2, use({ scope: "global" })));
      const missed = [ask(0, use({ key: "x" })), ask(1, use(), "another")];
      expect((await desk.append("r2", ...missed)).events.map(({ event }) => event)).toEqual(["started", "started"]);
      expect((await desk.append("other", ask(0))).events).toMatchObject([{ event: "started" }]);
      const shared = await desk.append("other", ask(0, use({ scope: "global" })));
      expect(shared.events).toMatchObject([{ event: "settle", value: value(2) }]);
    });

    test("are not made of failures, nor by a run that does not say so", async () => {
      for (const id of ["r1", "r2"]) await desk.hot(id);
      await desk.append("r1", broke(0), done(1, 5));
      expect((await desk.append("r2", ask(0))).events).toMatchObject([{ event: "started" }]);
    });

    test("are listed with how often they were used, in pages, as far as one may see", async () => {
      await desk.hot("r1");
      await desk.hot("r2", { workflow: "invoice" });
      await desk.append("r1", made(0, 1), made(1, 2, use({ key: "l" })), made(2, 3, use({ scope: "global" })));
      await desk.append("r2", made(0, 4));
      await desk.append("r2", ask(1));
      const names = ({ entries }: Listed) =>
        entries.map(({ scope, step, key, hits }) => `${scope} ${step} ${key} ${hits}`);
      const all = [
        "global rate k 0",
        "workflow:invoice rate k 1",
        "workflow:order rate k 0",
        "workflow:order rate l 0",
      ];
      expect(names(await list())).toEqual(all);
      expect(names(await list({ filter: { scope: "workflow:order", key: "l" } }))).toEqual(all.slice(3));
      expect(names(await list({ access: { workflows: ["inv*"] } }))).toEqual(all.slice(1, 2));
      const first = await list({ limit: 3 });
      expect(names(first)).toEqual(all.slice(0, 3));
      const rest = await list({ limit: 3, cursor: first.next });
      expect(names(rest)).toEqual(all.slice(3));
      expect(rest.next).toBeUndefined();
      expect(await refusal(list({ cursor: "nonsense" }))).toBe("invalid_filter");
    });

    test("are cleared by scope, step and key, as far as one may", async () => {
      await desk.hot("r1");
      await desk.hot("r2", { workflow: "invoice" });
      await desk.append("r1", made(0, 1), made(1, 2, use({ key: "l" })));
      await desk.append("r2", made(0, 4));
      const clear = async (filter: object, access?: { readonly workflows: readonly string[] }) =>
        (await desk.store.clearStepCache({ by: ada, filter, access, limit: 99, now: start })).cleared;
      expect(await clear({ key: "none" })).toBe(0);
      expect(await clear({ key: "k" }, { workflows: ["inv*"] })).toBe(1);
      expect(await clear({ scope: "workflow:order", step: "rate", key: "l" })).toBe(1);
      expect((await list()).entries).toHaveLength(1);
      expect((await desk.append("r2", ask(1))).events).toMatchObject([{ event: "started" }]);
      expect(await clear({})).toBe(1);
    });

    test("go when their time has passed, and those that would be the first to when there are too many", async () => {
      await desk.hot("r1");
      for (let i = 0; i < 5; i++) await desk.append("r1", made(i, i, use({ key: `k${i}`, ttl: minute + i })));
      const sweep = (now: number, cacheEntriesMax: number) =>
        desk.store.sweep({ by: engineItself, now, eventsBefore: 0, limit: 9, cacheEntriesMax });
      expect(await sweep(start, 5)).toEqual({ swept: 0 });
      expect(await sweep(start + minute + 1, 5)).toEqual({ swept: 2 });
      expect(await sweep(start, 1)).toEqual({ swept: 2 });
      expect((await list()).entries.map(({ key }) => key)).toEqual(["k4"]);
    });

    test("hold the blob they refer to, as does a step that took them", async () => {
      const blob = "ab".repeat(32);
      const held = () => desk.store.blobsInUse({ blobs: [blob] });
      for (const id of ["r1", "r2"]) await desk.hot(id);
      await desk.append("r1", { ...made(0, 0), value: encodeBlobRef(blob) } as StoreOp, finish());
      await desk.store.deleteRuns({ by: ada, runs: ["r1"], now: start });
      expect(await held()).toEqual([blob]);
      await desk.append("r2", ask(0), finish());
      await desk.store.clearStepCache({ by: ada, filter: {}, limit: 9, now: start });
      expect(await held()).toEqual([blob]);
      await desk.store.deleteRuns({ by: ada, runs: ["r2"], now: start });
      expect(await held()).toEqual([]);
    });
  });
}

function flights(name: string, makeStore: MakeStore): void {
  describe(`${name}: results that are being made`, () => {
    const desk = withStore(makeStore);

    /** Three runs that ask for the same, of which the first is told to make it. */
    async function three(): Promise<void> {
      for (const id of ["r1", "r2", "r3"]) await desk.hot(id);
      expect((await desk.append("r1", ask(0, flying))).events).toMatchObject([{ event: "started" }]);
      for (const id of ["r2", "r3"]) {
        expect((await desk.append(id, ask(0, flying), idle("waiting_for_cache"))).status).toBe("waiting");
        desk.now++;
      }
    }

    test("are given to everybody who waits", async () => {
      await three();
      await desk.park("r3");
      const { effects, events } = await desk.append("r1", made(0, 7, flying));
      expect(events).toMatchObject([{ event: "settle", seq: 0, ord: 1 }]);
      expect(effects.deliveries).toMatchObject([{ run: "r2", event: { event: "settle", seq: 0, value: value(7) } }]);
      expect(effects.ready).toBe(1);
      expect(await desk.journal("r3")).toEqual(await desk.journal("r2"));
      expect((await desk.run("r2")).status).toBe("running");
    });

    test("are made by the next one when the first fails, ends, undoes or loses its race", async () => {
      for (const end of [[broke(0, flying)], [finish()], [undoing()], [race(1, [0])]]) {
        desk.begin(await makeStore());
        await three();
        const { effects } = await desk.append("r1", ...end);
        expect(delivered(effects)).toEqual([["r2", "wake"]]);
        expect((await desk.append("r2", ask(0, flying))).events).toMatchObject([{ event: "started" }]);
        expect((await desk.append("r3", ask(0, flying))).events).toEqual([{ event: "queued", seq: 0 }]);
      }
    });

    test("are asked for again by the run that makes them, whoever it was before", async () => {
      await three();
      await desk.store.releaseRuns({ by: engineItself, runs: [{ run: "r1", epoch: 1 }], crashed: true, now: desk.now });
      await desk.claim();
      expect((await desk.append("r1", ask(0, flying))).events).toMatchObject([{ event: "started" }]);
    });

    test("are waited for so long; then each makes its own", async () => {
      await three();
      const fired = await desk.fire(start + minute);
      expect(delivered(fired.effects)).toEqual([["r2", "wake"]]);
      desk.now = start + minute;
      expect((await desk.append("r2", ask(0, flying))).events).toMatchObject([{ event: "started" }]);
      await desk.append("r2", made(0, 2, flying));
      expect((await desk.run("r3")).status).toBe("running");
      await desk.append("r1", made(0, 1, flying));
      const { entries } = await desk.store.listStepCache({ filter: {}, limit: 9, now: desk.now });
      expect(entries.map((entry) => read(entry.value))).toEqual([1]);
    });

    test("do not keep a step waiting that does not care", async () => {
      await three();
      await desk.hot("r4");
      expect((await desk.append("r4", ask(0))).events).toMatchObject([{ event: "started" }]);
    });

    test("a run that waits is not idle once the word is on its way", async () => {
      await three();
      await desk.append("r1", broke(0, flying));
      const { status } = await desk.append("r2", { op: "idle", reason: "waiting_for_cache", retries: [0] });
      expect(status).toBe("running");
    });
  });
}

export function resultsSuite(name: string, makeStore: MakeStore): void {
  keeping(name, makeStore);
  flights(name, makeStore);
}
