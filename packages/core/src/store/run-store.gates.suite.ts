// The port, where runs pass gates: limits of how many go on at once, by keys too, and what becomes of them while runs wait.
import { describe, expect, test } from "bun:test";
import { gateId, ruleId } from "../kernel/flow.ts";
import { engineItself } from "../kernel/inner-actor.ts";
import type { FlowRule, NewRun, RunFilter } from "../kernel/run-store.ts";
import {
  ada,
  call,
  delivered,
  done,
  engine,
  fail,
  failed,
  idle,
  sleep,
  start,
  started,
  waitFor,
  withStore,
  type Desk,
  type MakeStore,
} from "./run-store.fixture.suite.ts";

type Kind = FlowRule["kind"];

export function rule(kind: Kind, max: number, more: Partial<FlowRule> = {}): FlowRule {
  const { workflow = "order", path = "" } = more;
  return { workflow, kind, path, max, countWaiting: kind === "singleton", ...more, id: ruleId(workflow, kind, path) };
}

/** What a run has that passes these gates; each is a kind with the value of its key. */
export function through(...gates: readonly (readonly [kind: Kind, key?: string, path?: string])[]): Partial<NewRun> {
  const ids = gates.map(([kind, key, path]) =>
    gateId(ruleId("order", kind, path ?? (key === undefined ? "" : "input.tenant")), key),
  );
  const share = ids.find((_id, at) => gates[at]?.[0] === "fairness") ?? "";
  return { flow: { gates: ids, share } };
}

export async function putRules(desk: Desk, ...rules: readonly FlowRule[]): Promise<number> {
  const { effects } = await desk.store.putFlow({
    by: engineItself,
    workflows: ["order"],
    rules,
    queues: [],
    now: desk.now,
  });
  return effects.ready;
}

const one = through(["concurrency"]);

export function gatesSuite(name: string, makeStore: MakeStore): void {
  limitsSuite(name, makeStore);
  waitingSuite(name, makeStore);
  changingSuite(name, makeStore);
}

function limitsSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: concurrency limits`, () => {
    const desk = withStore(makeStore);

    test("so many runs go on at once, the others wait in order and say why", async () => {
      await putRules(desk, rule("concurrency", 2));
      for (const id of ["a", "b"]) await desk.hot(id, one);
      const third = await desk.store.createRun({
        by: ada,
        run: desk.newRun("c", one),
        claim: { owner: engine },
        now: desk.now,
      });
      expect(third).toMatchObject({
        outcome: "created",
        run: { status: "queued", reason: "concurrency_limit", epoch: 0 },
      });
      expect(third).toMatchObject({ effects: { ready: 0 } });
      await desk.create("d", one);
      expect(await desk.claimIds()).toEqual([]);
      expect(await desk.run("d")).toMatchObject({ reason: "concurrency_limit", hold: { by: "concurrency" } });
      const end = await desk.end("a");
      expect(end.effects.ready).toBe(1);
      expect(await desk.claimIds()).toEqual(["c"]);
      expect((await desk.store.stats()).held).toEqual({ concurrency: 1 });
      expect((await desk.store.stats({ access: { workflows: ["other"] } })).held).toEqual({});
      expect((await desk.run("c")).hold).toBeUndefined();
      expect(await desk.claimIds()).toEqual([]);
      await desk.end("b");
      await desk.end("c");
      expect(await desk.claimIds()).toEqual(["d"]);
    });

    test("every key has a limit of its own, and one that is full does not stop another", async () => {
      await putRules(desk, rule("concurrency", 1, { path: "input.tenant" }));
      const of = (key: string) => through(["concurrency", key]);
      for (const id of ["a1", "a2", "a3"]) await desk.create(id, of("a"));
      await desk.create("b1", of("b"));
      expect(await desk.claimIds()).toEqual(["a1", "b1"]);
      expect(await desk.run("a2")).toMatchObject({ hold: { by: "concurrency", path: "input.tenant", key: "a" } });
      await desk.end("b1");
      expect(await desk.claimIds()).toEqual([]);
      await desk.end("a1");
      expect(await desk.claimIds()).toEqual(["a2"]);
    });

    test("several limits hold together, and a place that one cannot use goes to the next", async () => {
      await putRules(desk, rule("concurrency", 2), rule("concurrency", 1, { path: "input.tenant" }));
      const of = (key: string) => through(["concurrency"], ["concurrency", key]);
      for (const id of ["a1", "a2", "a3"]) await desk.create(id, of("a"));
      for (const id of ["b1", "b2"]) await desk.create(id, of("b"));
      await desk.create("c1", of("c"));
      expect(await desk.claimIds()).toEqual(["a1", "b1"]);
      // The tenant of the first in line has its one run: the place is for somebody else.
      await desk.end("b1");
      expect(await desk.claimIds()).toEqual(["b2"]);
      await desk.end("b2");
      expect(await desk.claimIds()).toEqual(["c1"]);
      await desk.end("a1");
      expect(await desk.claimIds()).toEqual(["a2"]);
      await desk.end("c1");
      expect(await desk.claimIds()).toEqual([]);
      await desk.end("a2");
      expect(await desk.claimIds()).toEqual(["a3"]);
    });

    test("runs that pass no gates are not held up by those that do, and the oldest goes first", async () => {
      await putRules(desk, rule("concurrency", 1));
      await desk.create("g1", one);
      desk.now += 1;
      await desk.create("p1");
      desk.now += 1;
      await desk.create("g2", one);
      desk.now += 1;
      await desk.create("p2");
      expect(await desk.claimIds(2)).toEqual(["g1", "p1"]);
      expect(await desk.claimIds()).toEqual(["p2"]);
      await desk.end("g1");
      expect(await desk.claimIds()).toEqual(["g2"]);
    });

    test("one that stands in line and is cancelled, paused or out of time leaves the place to the next", async () => {
      await putRules(desk, rule("concurrency", 1));
      await desk.hot("a", one);
      for (const id of ["b", "c"]) await desk.create(id, one);
      await desk.create("d", { ...one, timeoutAt: start + 100 });
      await desk.create("e", one);
      const notice = { status: "cancelled", reason: "cancelled_by_user", message: "no" } as const;
      await desk.store.cancelRun({ by: ada, run: "b", notice, error: new Uint8Array(), now: desk.now });
      await desk.store.pauseRun({ by: ada, run: "c", now: desk.now });
      await desk.fire(start + 100);
      await desk.end("a");
      expect(await desk.claimIds()).toEqual(["e"]);
      const resumed = await desk.store.resumeRun({ by: ada, run: "c", now: desk.now });
      expect(resumed).toMatchObject({ outcome: "ok", run: { status: "queued", reason: "concurrency_limit" } });
      await desk.end("e");
      expect(await desk.claimIds()).toEqual(["c"]);
    });

    test("the first that was let through and then leaves makes room for the next key", async () => {
      await putRules(desk, rule("concurrency", 1), rule("concurrency", 5, { path: "input.tenant" }));
      await desk.hot("x", through(["concurrency"], ["concurrency", "x"]));
      await desk.create("a", through(["concurrency"], ["concurrency", "a"]));
      await desk.create("b", through(["concurrency"], ["concurrency", "b"]));
      await desk.end("x");
      const paused = await desk.store.pauseRun({ by: ada, run: "a", now: desk.now });
      expect(paused).toMatchObject({ outcome: "ok", effects: { ready: 1 } });
      expect(await desk.claimIds()).toEqual(["b"]);
    });

    test("a run given back, by a lost worker or after a crash, gives up its place and stands in line again", async () => {
      await putRules(desk, rule("concurrency", 1));
      await desk.hot("a", one);
      desk.now += 5;
      await desk.create("b", one);
      await desk.store.releaseRuns({ by: engineItself, runs: [{ run: "a", epoch: 1 }], crashed: true, now: desk.now });
      // It is older.
      expect(await desk.claimIds()).toEqual(["a"]);
      const { recovered, effects } = await desk.store.recover({ by: engineItself, owner: "engine-2", now: desk.now });
      expect({ recovered, ready: effects.ready }).toEqual({ recovered: 1, ready: 1 });
      expect(await desk.claimIds()).toEqual(["a"]);
      expect(await desk.claimIds()).toEqual([]);
      await desk.end("a");
      expect(await desk.claimIds()).toEqual(["b"]);
    });

    test("a retried run, a fork and a called child pass the gates too", async () => {
      await putRules(desk, rule("concurrency", 1));
      await desk.hot("a", one);
      await desk.append("a", failed(0), fail(0));
      await desk.hot("b", one);
      await desk.store.retryRun({ by: ada, run: "a", now: desk.now });
      expect(await desk.run("a")).toMatchObject({ status: "queued", reason: "concurrency_limit" });
      await desk.store.forkRun({ by: ada, from: "a", run: desk.newRun("f", one), now: desk.now });
      await desk.append("b", call(0, desk.newRun("child", one)), idle("waiting_for_child"));
      // The caller only waits now.
      expect(await desk.claimIds()).toEqual(["a"]);
      await desk.end("a");
      expect(await desk.claimIds()).toEqual(["child"]);
      await desk.end("child");
      // It goes on with the result.
      expect(await desk.claimIds()).toEqual([]);
      await desk.end("b");
      expect(await desk.claimIds()).toEqual(["f"]);
    });

    test("a run that undoes what it did has a place for that", async () => {
      await putRules(desk, rule("concurrency", 1));
      await desk.hot("a", one);
      await desk.append("a", started(0), done(0, 1, { undo: true }));
      await desk.append("a", waitFor(1, "go"), idle("waiting_for_event"));
      await desk.park("a");
      await desk.hot("b", one);
      const notice = { status: "cancelled", reason: "cancelled_by_user", message: "no" } as const;
      await desk.store.cancelRun({ by: ada, run: "a", notice, error: new Uint8Array(), now: desk.now });
      expect(await desk.claimIds()).toEqual([]);
      await desk.end("b");
      expect(await desk.claimIds()).toEqual(["a"]);
    });
  });
}

function waitingSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: limits and waiting`, () => {
    const desk = withStore(makeStore);

    test("a run that only waits holds no place, in memory or not", async () => {
      await putRules(desk, rule("concurrency", 1));
      await desk.hot("a", one);
      await desk.create("b", one);
      const idled = await desk.append("a", sleep(0, start + 50), idle("sleeping"));
      expect(idled.effects.ready).toBe(1);
      expect(await desk.claimIds()).toEqual(["b"]);
      await desk.park("a");
      await desk.fire(start + 50);
      expect(await desk.run("a")).toMatchObject({ status: "queued", reason: "concurrency_limit" });
      await desk.end("b");
      expect(await desk.claimIds()).toEqual(["a"]);
    });

    test("one in memory whose wait is over while others have its place is taken back, and goes on later", async () => {
      await putRules(desk, rule("concurrency", 1));
      await desk.hot("a", one);
      await desk.append("a", sleep(0, start + 50), idle("sleeping"));
      await desk.hot("b", one);
      const { effects } = await desk.fire(start + 50);
      expect(delivered(effects)).toEqual([["a", "drop"]]);
      expect(await desk.run("a")).toMatchObject({ status: "queued", reason: "concurrency_limit", epoch: 2 });
      expect(await desk.store.append({ by: engineItself, run: "a", epoch: 1, ops: [done(1)], now: desk.now })).toEqual({
        outcome: "stale",
      });
      await desk.end("b");
      const [claimed] = await desk.claim();
      expect(claimed?.run.id).toBe("a");
      expect(claimed?.journal.map(({ status }) => status)).toEqual(["completed"]);
    });

    test("of several whose waits end together only as many go on as there is room for", async () => {
      await putRules(desk, rule("concurrency", 2));
      for (const id of ["a", "b", "c"]) {
        await desk.hot(id, one);
        await desk.append(id, waitFor(0, "go"), idle("waiting_for_event"));
      }
      const { effects } = await desk.emit("go", 1);
      expect(delivered(effects).map(([run, what]) => [run, what])).toEqual([
        ["a", 0],
        ["b", 0],
        ["c", "drop"],
      ]);
    });

    test("one that is to be paused when it is taken back is paused", async () => {
      await putRules(desk, rule("concurrency", 1));
      await desk.hot("a", one);
      await desk.append("a", sleep(0, start + 50), idle("sleeping"));
      await desk.store.pauseRun({ by: ada, run: "a", now: desk.now });
      await desk.hot("b", one);
      await desk.fire(start + 50);
      expect(await desk.run("a")).toMatchObject({ status: "paused", reason: "paused_by_user" });
    });

    test("where waiting counts, a run keeps its place from its beginning to its end", async () => {
      await putRules(desk, rule("concurrency", 1, { countWaiting: true }));
      await desk.parked("a", [sleep(0, start + 50)], one);
      await desk.create("b", one);
      expect(await desk.claimIds()).toEqual([]);
      await desk.fire(start + 50);
      // Its own place lets it go on.
      expect(await desk.claimIds()).toEqual(["a"]);
      await desk.store.recover({ by: engineItself, owner: "engine-2", now: desk.now });
      expect(await desk.claimIds()).toEqual(["a"]);
      await desk.end("a");
      expect(await desk.claimIds()).toEqual(["b"]);
    });
  });
}

function changingSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: limits that change`, () => {
    const desk = withStore(makeStore);

    test("a new limit holds for runs of every version that wait or go on", async () => {
      await putRules(desk, rule("concurrency", 1));
      for (const id of ["a", "b", "c", "d"]) await desk.create(id, { ...one, version: id < "c" ? "v1" : "v2" });
      expect(await desk.claimIds()).toEqual(["a"]);
      expect(await putRules(desk, rule("concurrency", 3))).toBe(1);
      expect(await desk.claimIds()).toEqual(["b", "c"]);
      await putRules(desk, rule("concurrency", 2));
      await desk.end("a");
      expect(await desk.claimIds()).toEqual([]);
      await desk.end("b");
      expect(await desk.claimIds()).toEqual(["d"]);
    });

    test("those that are held back are found by why, as they show it", async () => {
      await putRules(desk, rule("concurrency", 1));
      for (const id of ["a", "b", "c"]) await desk.create(id, one);
      await desk.create("free");
      await desk.claim();
      const found = async (...reason: NonNullable<RunFilter["reason"]>) => {
        const { runs } = await desk.store.listRuns({ filter: { reason }, limit: 9 });
        expect(await desk.store.countRuns({ filter: { reason } })).toBe(runs.length);
        return runs.map((run) => [run.id, run.reason]).toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1));
      };
      const held = [
        ["b", "concurrency_limit"],
        ["c", "concurrency_limit"],
      ];
      expect(await found("concurrency_limit")).toEqual(held);
      expect(await found("throttled", "concurrency_limit", "delayed")).toEqual(held);
      expect(await found("throttled", "queue_paused", "fair_share", "singleton")).toEqual([]);
      await desk.end("a");
      await desk.claim();
      expect(await found("concurrency_limit")).toEqual([["c", "concurrency_limit"]]);
    });

    test("a limit that the code no longer has holds nobody back", async () => {
      await putRules(desk, rule("concurrency", 1));
      for (const id of ["a", "b", "c"]) await desk.create(id, one);
      expect(await desk.claimIds()).toEqual(["a"]);
      expect(await putRules(desk)).toBe(1);
      expect(await desk.claimIds()).toEqual(["b", "c"]);
    });

    test("a higher priority goes first, and each minute of waiting counts as much as a point of it", async () => {
      await putRules(desk, rule("concurrency", 1));
      await desk.hot("x", one);
      await desk.create("old", one);
      desk.now += 59_000;
      await desk.create("urgent", { ...one, priority: 1 });
      desk.now += 62_000;
      await desk.create("late", { ...one, priority: 1 });
      await desk.end("x");
      const order: string[] = [];
      for (const id of ["urgent", "old", "late"]) {
        order.push(...(await desk.claimIds()));
        await desk.end(id);
      }
      expect(order).toEqual(["urgent", "old", "late"]);
    });
  });
}
