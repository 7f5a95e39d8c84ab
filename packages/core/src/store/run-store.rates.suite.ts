// The port, where starts are limited in number, and where runs have to begin in time.
import { describe, expect, test } from "bun:test";
import { gateId, ruleId } from "../kernel/flow.ts";
import { engineItself } from "../kernel/inner-actor.ts";
import type { NewRun } from "../kernel/run-store.ts";
import { call, start, withStore, type MakeStore } from "./run-store.fixture.suite.ts";
import { putRules, rule } from "./run-store.gates.suite.ts";
import { asked, begin } from "./run-store.joining.suite.ts";

export function ratesSuite(name: string, makeStore: MakeStore): void {
  limitsSuite(name, makeStore);
  deadlineSuite(name, makeStore);
}

function limitsSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: rate limits`, () => {
    const desk = withStore(makeStore);
    const limited = (id = "w") => asked({ rate: { id, count: 2, perMs: 1_000 } });

    test("so many starts are taken in a time, each key by itself", async () => {
      await desk.hot("a", limited());
      desk.now += 400;
      await desk.hot("b", limited());
      expect(await begin(desk, "c", limited())).toEqual({ outcome: "rate_limited", retryAt: start + 1_000 });
      expect(await desk.store.getRun({ run: "c" })).toBeUndefined();
      await desk.hot("other", limited("w2"));
      desk.now = start + 1_000;
      await desk.hot("c", limited());
    });

    test("a start with a key that is known counts once", async () => {
      await desk.hot("a", { ...limited(), key: "k" });
      expect((await begin(desk, "b", { ...limited(), key: "k" })).outcome).toBe("existing");
      await desk.hot("c", limited());
      expect((await begin(desk, "d", limited())).outcome).toBe("rate_limited");
    });

    test("a call of a child past it fails with the reason", async () => {
      await desk.hot("p");
      for (const id of ["c1", "c2"]) await desk.hot(id, limited());
      await desk.append("p", call(0, desk.newRun("c3", limited())));
      const [[seq, status, message] = []] = await desk.journal("p");
      expect([seq, status, String(message).includes("rate limit")]).toEqual([0, "failed", true]);
    });

    test("no more than so many of a workflow are queued", async () => {
      const few = (): Partial<NewRun> => ({
        ...asked({ queuedMax: 2 }, [gateId(ruleId("order", "concurrency"))]),
      });
      for (const id of ["a", "b"]) await desk.create(id, few());
      await desk.claim(0);
      expect(await begin(desk, "c", few())).toEqual({ outcome: "queue_full", queued: 2 });
    });

    test("what is remembered of them is forgotten when it counts no longer", async () => {
      await desk.hot("a", limited());
      const sweep = (now: number) => desk.store.sweep({ by: engineItself, now, eventsBefore: 0, limit: 10 });
      expect(await sweep(start + 1_000)).toEqual({ swept: 0 });
      expect(await sweep(start + 1_001)).toEqual({ swept: 1 });
    });
  });
}

function deadlineSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: runs that have to begin in time`, () => {
    const desk = withStore(makeStore);

    test("one that has not begun by then ends, and says why", async () => {
      const created = await desk.create("a", { startWithinMs: 100 });
      expect(created.effects.due).toBe(start + 100);
      const { effects } = await desk.fire(start + 100);
      expect(effects.finished).toMatchObject([{ run: "a", status: "timedout", reason: "start_deadline" }]);
      expect(await desk.claimIds()).toEqual([]);
    });

    test("one that has begun is not concerned, whatever becomes of it", async () => {
      await desk.create("a", { startWithinMs: 100 });
      await desk.claim();
      await desk.store.releaseRuns({ by: engineItself, runs: [{ run: "a", epoch: 1 }], crashed: false, now: desk.now });
      expect((await desk.fire(start + 100)).effects.finished).toEqual([]);
      expect(await desk.claimIds()).toEqual(["a"]);
      await desk.hot("b", { startWithinMs: 100 });
      expect((await desk.fire(start + 200)).fired).toBe(0);
    });

    test("the time counts from when it is due, or would begin at the earliest", async () => {
      await desk.create("late", { dueAt: start + 500, startWithinMs: 100 });
      await begin(desk, "quiet", {
        ...asked({ debounce: { id: "w", waitMs: 300, leading: false, trailing: true } }),
        startWithinMs: 100,
      });
      desk.now = start + 200;
      await begin(desk, "joins", {
        ...asked({ debounce: { id: "w", waitMs: 300, leading: false, trailing: true } }),
        startWithinMs: 100,
      });
      expect((await desk.fire(start + 599)).effects.finished).toEqual([]);
      const { effects } = await desk.fire(start + 600);
      expect(effects.finished.map(({ run }) => run).toSorted()).toEqual(["late", "quiet"]);
    });

    test("in a line, too", async () => {
      await putRules(desk, rule("concurrency", 1));
      const one = { flow: { gates: [gateId(ruleId("order", "concurrency"))], share: "" } };
      await desk.hot("a", one);
      await desk.create("b", { ...one, startWithinMs: 100 });
      await desk.create("c", one);
      await desk.fire(start + 100);
      await desk.end("a");
      expect(await desk.claimIds()).toEqual(["c"]);
    });
  });
}
