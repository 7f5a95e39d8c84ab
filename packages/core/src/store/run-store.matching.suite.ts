// The port's stored events as a search: which of them a wait may have, in which order, and what a pattern sees of a payload that
// is kept as a blob.
import { describe, expect, test } from "bun:test";
import { encodeBlobRef } from "../kernel/blob-ref.ts";
import { engineItself } from "../kernel/inner-actor.ts";
import type { AppendOutcome, StoreOp } from "../kernel/run-store.ts";
import {
  ada,
  delivered,
  done,
  emit,
  ordered,
  start,
  startChild,
  value,
  waitFor,
  withStore,
  type Desk,
  type MakeStore,
  type Outcome,
} from "./run-store.fixture.suite.ts";

function lookingBack(name: string, makeStore: MakeStore): void {
  describe(`${name}: looking back at events`, () => {
    const desk = withStore(makeStore);
    const first = async (run: string, seq = 0): Promise<unknown> =>
      ordered((await desk.append(run, waitFor(seq, "paid"))).events)[0]?.[2];

    test("begins exactly where the run was created, within one millisecond too", async () => {
      await desk.emit("paid", "before");
      await desk.hot("r1");
      await desk.create("r2");
      await desk.emit("paid", "after");
      await desk.hot("r3");
      await desk.claim();
      expect(await Promise.all(["r1", "r2", "r3"].map((run) => first(run)))).toEqual(["after", "after", undefined]);
    });

    test("begins for children, forks and the runs of schedules where they were created, too", async () => {
      await desk.hot("p");
      await desk.emit("paid", "before");
      const child = desk.newRun("p-0", { parent: { run: "p", seq: 0, detached: true } });
      await desk.append("p", startChild(0, child));
      await desk.store.forkRun({ by: ada, from: "p", before: 0, run: desk.newRun("f"), now: start });
      await desk.emit("paid", "after");
      await desk.claim();
      expect([await first("p-0"), await first("f", 1), await first("p", 1)]).toEqual(["after", "after", "before"]);
    });

    test("goes by the order of storing when the clock is set back", async () => {
      await desk.emit("paid", "before");
      desk.now -= 5_000;
      await desk.hot("r1");
      await desk.emit("paid", "one");
      desk.now -= 5_000;
      await desk.emit("paid", "two");
      expect([await first("r1", 0), await first("r1", 1), await first("r1", 2)]).toEqual(["one", "two", undefined]);
    });

    test("finds what is stored after everything older was deleted", async () => {
      for (const payload of [1, 2, 3]) await desk.emit("paid", payload);
      await desk.hot("r1");
      expect(await desk.store.sweep({ by: engineItself, now: start, eventsBefore: start + 1, limit: 9 })).toEqual({
        swept: 3,
      });
      await desk.hot("r2");
      await desk.emit("paid", 4);
      expect([await first("r1"), await first("r2")]).toEqual([4, 4]);
    });

    test("is for the older of two waits, whether it named a key or not", async () => {
      await desk.hot("r1");
      await desk.append("r1", waitFor(0, "paid", { key: "k" }), waitFor(1, "paid"));
      await desk.hot("r2");
      await desk.append("r2", waitFor(0, "paid"), waitFor(1, "paid", { key: "k" }));
      expect(delivered((await desk.emit("paid", 1, { key: "k" })).effects)).toEqual([
        ["r1", 0, "completed", 1],
        ["r2", 0, "completed", 1],
      ]);
    });
  });
}

/** Stores an event whose payload is kept as a blob. */
async function emitLarge(desk: Desk, payload: unknown, more: { readonly key?: string } = {}) {
  const blob = encodeBlobRef((++blobs).toString(16).padStart(64, "0"));
  const content = value(payload);
  const stored = await desk.store.emitEvent({ by: ada, name: "big", payload: blob, content, now: desk.now, ...more });
  return { blob, content, ...stored };
}
let blobs = 0;

function kept(name: string, makeStore: MakeStore): void {
  describe(`${name}: an event kept as a blob`, () => {
    const desk = withStore(makeStore);
    const pick = (seq: number, match: unknown, key?: string): StoreOp =>
      waitFor(seq, "big", { match, ...(key === undefined ? {} : { key }) });
    /** Asks again with what could not be decided. */
    const again = (
      asked: Outcome<AppendOutcome, "ok">,
      ops: readonly StoreOp[],
      content: Uint8Array,
    ): Promise<Outcome<AppendOutcome, "ok">> => {
      const { at, event } = asked.undecided ?? { at: Number.NaN, event: Number.NaN };
      const [wait, ...rest] = ops.slice(at);
      if (wait === undefined) throw new Error("nothing was undecided");
      return desk.append("r1", { ...wait, large: { event, content } } as StoreOp, ...rest);
    };
    const settled = (outcome: Outcome<AppendOutcome, "ok">): unknown[] =>
      outcome.events.map((event) => (event.event === "settle" ? [event.seq, event.value] : event.event));

    test("wakes those whose pattern its payload contains", async () => {
      await desk.hot("r1");
      await desk.append("r1", pick(0, { a: 2 }), pick(1, { a: 1 }));
      await desk.parked("r2", [waitFor(0, "big")]);
      await desk.parked("r3", [pick(0, { a: 2 })]);
      const { blob, effects } = await emitLarge(desk, { a: 1, more: "x" });
      expect(effects.deliveries).toMatchObject([{ run: "r1", event: { seq: 1, value: blob } }]);
      expect(effects.touched).toEqual(["r2"]);
    });

    test("that a run sends does the same", async () => {
      await desk.parked("r2", [pick(0, { a: 1 })]);
      await desk.hot("r1");
      const payload = encodeBlobRef("ab".repeat(32));
      const sent = { ...emit(0, "big", 0), payload, content: value({ a: 1 }) } as StoreOp;
      expect((await desk.append("r1", sent)).effects.touched).toEqual(["r2"]);
      expect((await desk.store.listEvents({ after: 0, limit: 9 }))[0]?.payload).toEqual(payload);
    });

    test("is asked for where a pattern has to look into it, and what comes after it is left", async () => {
      await desk.hot("r1");
      const { blob, content, event } = await emitLarge(desk, { a: 1 });
      const ops = [done(0), pick(1, { a: 1 }), done(2)];
      const asked = await desk.append("r1", ...ops);
      expect(asked.undecided).toEqual({ at: 1, seq: 1, event, payload: blob });
      expect((await desk.journal("r1")).map(([seq]) => seq)).toEqual([0]);
      const decided = await again(asked, ops, content);
      expect(decided.undecided).toBeUndefined();
      expect(settled(decided)).toEqual([
        [1, blob],
        [2, undefined],
      ]);
      expect((await desk.append("r1", waitFor(3, "big"))).events).toEqual([]);
    });

    test("is not asked for without a pattern, nor when an older one fits", async () => {
      await desk.hot("r1");
      await desk.emit("big", { a: 1 });
      const { blob } = await emitLarge(desk, { a: 1 });
      const taken = await desk.append("r1", pick(0, { a: 1 }), waitFor(1, "big"));
      expect(settled(taken)).toEqual([
        [0, value({ a: 1 })],
        [1, blob],
      ]);
    });

    test("that does not fit is passed over for good, younger ones are looked at in their order", async () => {
      await desk.hot("r1");
      const one = await emitLarge(desk, { a: 1 });
      await desk.emit("big", { a: 2 });
      const two = await emitLarge(desk, { a: 3 });
      await desk.emit("big", { a: 3 });
      const ops = [pick(0, { a: 3 })];
      const asked = await desk.append("r1", ...ops);
      expect(asked.undecided?.event).toBe(one.event);
      const more = await again(asked, ops, one.content);
      expect(more.undecided).toEqual({ at: 0, seq: 0, event: two.event, payload: two.blob });
      expect(settled(await again(more, ops, two.content))).toEqual([[0, two.blob]]);
    });

    test("that nothing follows leaves the wait open", async () => {
      await desk.hot("r1");
      const { content } = await emitLarge(desk, { a: 1 });
      const ops = [pick(0, { a: 2 })];
      expect((await again(await desk.append("r1", ...ops), ops, content)).events).toEqual([]);
      expect(await desk.journal("r1")).toEqual([[0, "running", undefined]]);
      expect(delivered((await desk.emit("big", { a: 2 })).effects)).toEqual([["r1", 0, "completed", { a: 2 }]]);
    });

    test("is looked into only by those who may have it: by key, since the creation of the run, not twice", async () => {
      await emitLarge(desk, { a: 1 });
      await desk.hot("r1");
      expect((await desk.append("r1", pick(0, { a: 1 }))).undecided).toBeUndefined();
      const keyed = await emitLarge(desk, { a: 2 }, { key: "k" });
      expect((await desk.append("r1", pick(1, { a: 2 }, "x"))).undecided).toBeUndefined();
      const ops = [pick(2, { a: 2 }, "k")];
      const asked = await desk.append("r1", ...ops);
      expect(asked.undecided?.event).toBe(keyed.event);
      await again(asked, ops, keyed.content);
      expect((await desk.append("r1", pick(3, { a: 2 }, "k"))).undecided).toBeUndefined();
    });

    test("that was deleted while it was read is not received", async () => {
      await desk.hot("r1");
      const { content } = await emitLarge(desk, { a: 1 });
      const ops = [pick(0, { a: 1 })];
      const asked = await desk.append("r1", ...ops);
      await desk.store.sweep({ by: engineItself, now: start, eventsBefore: start + 1, limit: 9 });
      expect((await again(asked, ops, content)).events).toEqual([]);
      expect(await desk.journal("r1")).toEqual([[0, "running", undefined]]);
    });
  });
}

/** What the suite asks of every adapter about finding events. */
export function matchingSuite(name: string, makeStore: MakeStore): void {
  lookingBack(name, makeStore);
  kept(name, makeStore);
}
