// The port, where runs pass gates: how fast they begin, turns between keys, queues that pause.
import { describe, expect, test } from "bun:test";
import { queueGate } from "../kernel/flow.ts";
import { engineItself } from "../kernel/inner-actor.ts";
import type { NewRun } from "../kernel/run-store.ts";
import { ada, idle, sleep, start, withStore, type MakeStore } from "./run-store.fixture.suite.ts";
import { putRules, rule, through } from "./run-store.gates.suite.ts";

export function turnsSuite(name: string, makeStore: MakeStore): void {
  throttleSuite(name, makeStore);
  fairnessSuite(name, makeStore);
  queuesSuite(name, makeStore);
}

function throttleSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: throttles`, () => {
    const desk = withStore(makeStore);
    const paced = through(["throttle"]);

    test("runs begin evenly spread, and what has begun is not held up again", async () => {
      await putRules(desk, rule("throttle", 2, { perMs: 1_000, burst: 1 }));
      await desk.hot("a", paced);
      const second = await desk.create("b", paced);
      expect(second.effects.due).toBe(start + 500);
      await desk.create("c", paced);
      expect(await desk.run("b")).toMatchObject({ reason: "throttled" });
      expect((await desk.fire(start + 499)).next).toBe(start + 500);
      expect(await desk.claimIds()).toEqual([]);
      expect((await desk.fire(start + 500)).effects.ready).toBe(1);
      expect(await desk.claimIds()).toEqual(["b"]);
      // Whoever looks for more finds when there will be.
      expect((await desk.fire(start + 501)).next).toBe(start + 1_000);
      await desk.store.releaseRuns({ by: engineItself, runs: [{ run: "b", epoch: 1 }], crashed: false, now: desk.now });
      expect(await desk.claimIds()).toEqual(["b"]);
      await desk.fire(start + 1_000);
      expect(await desk.claimIds()).toEqual(["c"]);
    });

    test("a burst may begin together, and fills up again with time", async () => {
      await putRules(desk, rule("throttle", 1, { perMs: 100, burst: 3 }));
      for (let i = 0; i < 5; i++) await desk.create(`r${i}`, paced);
      expect(await desk.claimIds()).toEqual(["r0", "r1", "r2"]);
      await desk.fire(start + 100);
      expect(await desk.claimIds()).toEqual(["r3"]);
      await desk.fire(start + 1_000);
      expect(await desk.claimIds()).toEqual(["r4"]);
      for (let i = 5; i < 9; i++) await desk.create(`r${i}`, paced);
      expect(await desk.claimIds()).toEqual(["r5", "r6"]);
    });

    test("each key has a pace of its own", async () => {
      await putRules(desk, rule("throttle", 1, { perMs: 100, burst: 1, path: "input.tenant" }));
      for (const key of ["a", "b"])
        for (const at of [1, 2]) await desk.create(`${key}${at}`, through(["throttle", key]));
      expect(await desk.claimIds()).toEqual(["a1", "b1"]);
      await desk.fire(start + 100);
      expect(await desk.claimIds()).toEqual(["a2", "b2"]);
    });
  });
}

function fairnessSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: turns between keys`, () => {
    const desk = withStore(makeStore);
    const of = (key: string) => through(["fairness", key]);
    const fair = (limit: number) => rule("fairness", limit, { path: "input.tenant" });

    test("keys take turns, however many runs one of them has queued", async () => {
      await putRules(desk, fair(100));
      for (let i = 0; i < 20; i++) await desk.create(`noisy${String(i).padStart(2, "0")}`, of("noisy"));
      desk.now += 1_000;
      for (const id of ["quiet0", "quiet1"]) await desk.create(id, of("quiet"));
      expect((await desk.claimIds(4)).toSorted()).toEqual(["noisy00", "noisy01", "quiet0", "quiet1"]);
    });

    test("who was idle has saved up no turns", async () => {
      await putRules(desk, fair(100));
      for (let i = 0; i < 10; i++) await desk.create(`n${i}`, of("noisy"));
      await desk.claimIds(6);
      for (let i = 0; i < 10; i++) await desk.create(`q${i}`, of("quiet"));
      const next = await desk.claimIds(4);
      expect(next.filter((id) => id.startsWith("q")).length).toBe(2);
    });

    test("runs of other workflows have a turn together, whatever they pass", async () => {
      await putRules(desk, fair(100));
      for (let i = 0; i < 9; i++) await desk.create(`n${i}`, of("noisy"));
      desk.now += 1_000;
      for (let i = 0; i < 3; i++) await desk.create(`p${i}`, { workflow: "plain" });
      expect((await desk.claimIds(6)).filter((id) => id.startsWith("p"))).toEqual(["p0", "p1", "p2"]);
    });

    test("one key has no more than so many places at once", async () => {
      await putRules(desk, fair(2));
      for (let i = 0; i < 5; i++) await desk.create(`n${i}`, of("noisy"));
      expect(await desk.claimIds()).toEqual(["n0", "n1"]);
      expect(await desk.run("n2")).toMatchObject({ reason: "fair_share", hold: { by: "fairness", key: "noisy" } });
      await desk.create("q0", of("quiet"));
      expect(await desk.claimIds()).toEqual(["q0"]);
      await desk.end("n0");
      expect(await desk.claimIds()).toEqual(["n2"]);
    });

    test("a limit over all keys is shared out in turns too", async () => {
      await putRules(desk, fair(100), rule("concurrency", 1));
      const both = (key: string) => through(["concurrency"], ["fairness", key]);
      for (let i = 0; i < 6; i++) await desk.create(`a${i}`, both("a"));
      for (let i = 0; i < 3; i++) await desk.create(`b${i}`, both("b"));
      const order: string[] = [];
      for (let i = 0; i < 6; i++) {
        const [id = "none"] = await desk.claimIds();
        order.push(id);
        await desk.end(id);
      }
      expect(order.filter((id) => id.startsWith("b"))).toEqual(["b0", "b1", "b2"]);
    });
  });
}

function queuesSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: queues`, () => {
    const desk = withStore(makeStore);
    const mails: Partial<NewRun> = { flow: { gates: [queueGate("mails")], share: "" } };
    const declare = () =>
      desk.store.putFlow({
        by: engineItself,
        workflows: ["order", "news"],
        rules: [],
        queues: [
          { workflow: "order", queue: "mails" },
          { workflow: "news", queue: "mails" },
        ],
        now: desk.now,
      });

    test("nothing of a paused queue begins, what has begun goes on, and it goes on as it was after that", async () => {
      await declare();
      await desk.hot("a", mails);
      await desk.append("a", sleep(0, start + 50), idle("sleeping"));
      await desk.park("a");
      const paused = await desk.store.setQueuePaused({ by: ada, queue: "mails", paused: true, now: desk.now });
      expect(paused?.queue).toMatchObject({ name: "mails", paused: true, workflows: ["news", "order"] });
      for (const id of ["b", "c"]) await desk.create(id, mails);
      expect(await desk.run("b")).toMatchObject({ reason: "queue_paused", hold: { by: "queue", key: "mails" } });
      await desk.fire(start + 50);
      expect(await desk.claimIds()).toEqual(["a"]);
      expect(await desk.store.listQueues()).toEqual([
        { name: "mails", paused: true, workflows: ["news", "order"], held: 2 },
      ]);
      const resumed = await desk.store.setQueuePaused({ by: ada, queue: "mails", paused: false, now: desk.now });
      expect(resumed?.effects.ready).toBe(1);
      expect(await desk.claimIds()).toEqual(["b", "c"]);
    });

    test("those that queued before it was paused stay there", async () => {
      await declare();
      for (const id of ["a", "b"]) await desk.create(id, mails);
      await desk.store.setQueuePaused({ by: ada, queue: "mails", paused: true, now: desk.now });
      expect(await desk.claimIds()).toEqual([]);
      expect(await desk.run("a")).toMatchObject({ reason: "queue_paused" });
    });

    test("a queue that nobody has named is not there, and one sees queues of workflows one may see", async () => {
      await declare();
      expect(await desk.store.setQueuePaused({ by: ada, queue: "x", paused: true, now: desk.now })).toBeUndefined();
      expect(await desk.store.listQueues({ access: { workflows: ["news"] } })).toMatchObject([{ workflows: ["news"] }]);
      expect(await desk.store.listQueues({ access: { workflows: ["other"] } })).toEqual([]);
    });

    test("it stays paused when new code is deployed", async () => {
      await declare();
      await desk.store.setQueuePaused({ by: ada, queue: "mails", paused: true, now: desk.now });
      await declare();
      expect(await desk.store.listQueues()).toMatchObject([{ paused: true }]);
    });
  });
}
