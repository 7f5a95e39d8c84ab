// The port's operations on what runs share: child runs, state, locks.
import { describe, expect, test } from "bun:test";
import {
  ada,
  call,
  delivered,
  done,
  fail,
  finish,
  idle,
  lock,
  ordered,
  problem,
  read,
  sleep,
  start,
  startChild,
  state,
  unlock,
  value,
  withStore,
  type MakeStore,
} from "./run-store.fixture.suite.ts";
import { engineItself } from "../kernel/inner-actor.ts";

export function sharingSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: child runs`, () => {
    const desk = withStore(makeStore);
    const childOf = (parent: string, seq: number, more: object = {}) =>
      desk.newRun(`${parent}-${seq}`, { workflow: "ship", parent: { run: parent, seq, detached: false }, ...more });

    test("that are called are created with the call, and answer it", async () => {
      await desk.hot("p");
      const called = await desk.append("p", call(0, childOf("p", 0)), idle("waiting_for_child"));
      expect(called).toMatchObject({ events: [], status: "waiting", effects: { ready: 1 } });
      expect(await desk.run("p-0")).toMatchObject({
        status: "queued",
        parent: { run: "p", seq: 0, detached: false },
        by: { kind: "run", id: "p" },
      });
      expect(await desk.claimIds()).toEqual(["p-0"]);
      const ended = await desk.append("p-0", finish({ parcel: 7 }));
      expect(delivered(ended.effects)).toEqual([["p", 0, "completed", { parcel: 7 }]]);
    });

    test("hand their failure to a parent that is parked", async () => {
      await desk.parked("p", [call(0, childOf("p", 0))]);
      await desk.claim();
      const ended = await desk.append("p-0", fail());
      expect(ended.effects).toMatchObject({ deliveries: [], ready: 1, touched: ["p"] });
      expect(await desk.journal("p")).toEqual([[0, "failed", "broken"]]);
    });

    test("that are started are nobody's to wait for, or to cancel", async () => {
      await desk.hot("p");
      const child = { ...childOf("p", 0), parent: { run: "p", seq: 0, detached: true } };
      const startedChild = await desk.append("p", startChild(0, child));
      expect(ordered(startedChild.events)).toEqual([[0, "completed", "p-0"]]);
      expect(startedChild.effects.ready).toBe(1);
      const ended = await desk.append("p", fail());
      expect(ended.effects.finished.map(({ run }) => run)).toEqual(["p"]);
      expect((await desk.run("p-0")).status).toBe("queued");
    });

    test("end with the parent that called them, and theirs with them", async () => {
      await desk.hot("p");
      await desk.append("p", call(0, childOf("p", 0)), call(1, childOf("p", 1)), idle());
      await desk.claim();
      await desk.append("p-0", call(0, childOf("p-0", 0)), idle());
      expect(await desk.park("p-0")).toBe("parked");
      const ended = await desk.append("p", fail());
      expect(ended.effects.finished.map(({ run, status }) => [run, status])).toEqual([
        ["p", "failed"],
        ["p-0", "cancelled"],
        ["p-0-0", "cancelled"],
      ]);
      expect(await desk.run("p-0-0")).toMatchObject({ status: "cancelled", reason: "cancelled_by_parent" });
      expect(ended.effects.deliveries).toMatchObject([
        { run: "p-1", event: { event: "cancel", status: "cancelled", reason: "cancelled_by_parent" } },
      ]);
    });

    test("with a key are found when they are there, running or ended", async () => {
      const same = { key: "k", inputHash: "1" };
      await desk.hot("c", { workflow: "ship", ...same });
      await desk.hot("p");
      const called = await desk.append(
        "p",
        call(0, childOf("p", 0, same)),
        startChild(1, childOf("p", 1, same)),
        call(2, childOf("p", 2, { key: "k", inputHash: "2" })),
      );
      expect(called.events).toMatchObject([
        { seq: 1, status: "completed" },
        { seq: 2, status: "failed" },
      ]);
      const [, refused] = called.events;
      expect(refused?.event === "settle" ? read(refused.error) : undefined).toMatchObject({
        name: "SluiceError",
        code: "idempotency_conflict",
      });
      expect(called.effects.ready).toBe(0);
      const ended = await desk.append("c", finish("there"));
      expect(delivered(ended.effects)).toEqual([["p", 0, "completed", "there"]]);
      const late = await desk.append("p", call(3, childOf("p", 3, same)));
      expect(ordered(late.events)).toEqual([[3, "completed", "there"]]);
      expect(await desk.store.getRun({ run: "p-3" })).toBeUndefined();
    });

    test("that begin later are due later", async () => {
      await desk.hot("p");
      const called = await desk.append("p", call(0, childOf("p", 0, { dueAt: start + 100 })));
      expect(called.effects).toMatchObject({ ready: 0, due: start + 100 });
      expect((await desk.fire(start + 100)).effects.ready).toBe(1);
    });

    test("that are cancelled answer with an error", async () => {
      await desk.hot("p");
      await desk.append("p", call(0, childOf("p", 0)), idle());
      const notice = { status: "cancelled", reason: "cancelled_by_user", message: "no" } as const;
      const cancelled = await desk.store.cancelRun({
        by: ada,
        run: "p-0",
        notice,
        error: problem("no more"),
        now: start,
      });
      if (cancelled.outcome !== "ok") throw new Error(cancelled.outcome);
      expect(delivered(cancelled.effects)).toEqual([["p", 0, "failed", "no more"]]);
    });
  });

  describe(`${name}: state inside runs`, () => {
    const desk = withStore(makeStore);

    test("is read and written in the commit of its entry", async () => {
      await desk.hot("r1");
      const first = await desk.append(
        "r1",
        state(0, "get"),
        state(1, "set", { value: { a: 1 } }),
        state(2, "get"),
        state(3, "delete"),
        state(4, "delete"),
        state(5, "get"),
      );
      expect(ordered(first.events)).toEqual([
        [0, "completed", undefined],
        [1, "completed", undefined],
        [2, "completed", { a: 1 }],
        [3, "completed", true],
        [4, "completed", false],
        [5, "completed", undefined],
      ]);
    });

    test("counts up, from nothing or from a number", async () => {
      await desk.hot("r1");
      const counted = await desk.append(
        "r1",
        state(0, "incr"),
        state(1, "incr", { amount: 4.5 }),
        state(2, "incr", { amount: -6 }),
      );
      expect(ordered(counted.events).map(([, , result]) => result)).toEqual([1, 5.5, -0.5]);
      await desk.append("r1", state(3, "set", { value: "text" }));
      const refused = await desk.append("r1", state(4, "incr"));
      expect(refused.events).toMatchObject([{ seq: 4, status: "failed" }]);
      const [event] = refused.events;
      expect(event?.event === "settle" ? read(event.error) : undefined).toMatchObject({ code: "bad_request" });
      expect(read((await desk.store.getState({ scope: "global", key: "count", now: start }))?.value)).toBe("text");
    });

    test("is shared by scope, seen from outside, and expires", async () => {
      await desk.hot("r1");
      await desk.hot("r2");
      await desk.append(
        "r1",
        state(0, "set", { value: 1, scope: "workflow:order", ttl: 100 }),
        state(1, "set", { value: 2, scope: "run:r1" }),
      );
      expect(await desk.store.getState({ scope: "workflow:order", key: "count", now: start })).toMatchObject({
        version: 1,
        expiresAt: start + 100,
      });
      expect(ordered((await desk.append("r2", state(0, "get", { scope: "workflow:order" }))).events)).toEqual([
        [0, "completed", 1],
      ]);
      desk.now = start + 100;
      const later = await desk.append(
        "r2",
        state(1, "get", { scope: "workflow:order" }),
        state(2, "incr", { scope: "workflow:order" }),
      );
      expect(ordered(later.events)).toEqual([
        [1, "completed", undefined],
        [2, "completed", 1],
      ]);
      expect(await desk.store.getState({ scope: "run:r2", key: "count", now: start })).toBeUndefined();
    });

    test("changes once, even when its operation comes twice", async () => {
      await desk.hot("r1");
      await desk.append("r1", state(0, "incr"));
      expect((await desk.append("r1", state(0, "incr"))).events).toEqual([]);
      expect(ordered((await desk.append("r1", state(1, "get"))).events)).toEqual([[1, "completed", 1]]);
    });
  });

  describe(`${name}: locks`, () => {
    const desk = withStore(makeStore);

    test("are held by one run at a time, with a fence that grows", async () => {
      for (const id of ["r1", "r2", "r3"]) await desk.hot(id);
      expect(ordered((await desk.append("r1", lock(0, "l"))).events)).toEqual([[0, "completed", { fence: 1 }]]);
      expect((await desk.append("r2", lock(0, "l"), idle("waiting_for_lock"))).events).toEqual([]);
      await desk.append("r3", lock(0, "l"), idle("waiting_for_lock"));
      expect(ordered((await desk.append("r1", lock(9, "other"))).events)).toEqual([[9, "completed", { fence: 1 }]]);
      const freed = await desk.append("r1", unlock(1, "l", 1));
      expect(ordered(freed.events)).toEqual([[1, "completed", true]]);
      expect(delivered(freed.effects)).toEqual([["r2", 0, "completed", { fence: 2 }]]);
      expect(delivered((await desk.append("r2", unlock(1, "l", 2))).effects)).toEqual([
        ["r3", 0, "completed", { fence: 3 }],
      ]);
    });

    test("are given back by their holder only, under its fence", async () => {
      await desk.hot("r1");
      await desk.hot("r2");
      await desk.append("r1", lock(0, "l"));
      expect(ordered((await desk.append("r2", unlock(0, "l", 1), unlock(1, "none", 1))).events)).toEqual([
        [0, "completed", false],
        [1, "completed", false],
      ]);
      const twice = await desk.append("r1", unlock(1, "l", 9), unlock(2, "l", 1), unlock(3, "l", 1));
      expect(ordered(twice.events).map(([, , result]) => result)).toEqual([false, true, false]);
      expect(ordered((await desk.append("r2", lock(2, "l"))).events)).toEqual([[2, "completed", { fence: 2 }]]);
    });

    test("make the run that holds one wait for itself", async () => {
      await desk.hot("r1");
      await desk.append("r1", lock(0, "l"));
      expect((await desk.append("r1", lock(1, "l"))).events).toEqual([]);
      const freed = await desk.append("r1", unlock(2, "l", 1));
      expect(ordered(freed.events)).toContainEqual([1, "completed", { fence: 2 }]);
      expect(ordered(freed.events)).toContainEqual([2, "completed", true]);
    });

    test("outlive their holder's incarnation, and end with the run", async () => {
      await desk.hot("r1");
      await desk.append("r1", lock(0, "l"));
      await desk.store.releaseRuns({ by: engineItself, runs: [{ run: "r1", epoch: 1 }], crashed: true, now: start });
      await desk.parked("r2", [lock(0, "l")]);
      expect((await desk.run("r2")).status).toBe("waiting");
      await desk.claim();
      const ended = await desk.append("r1", fail());
      expect(ended.effects).toMatchObject({ ready: 1, touched: ["r2"] });
      expect(await desk.journal("r2")).toEqual([[0, "completed", { fence: 2 }]]);
    });

    test("are not waited for longer than the time limit", async () => {
      await desk.hot("r1");
      await desk.hot("r2");
      await desk.append("r1", lock(0, "l"));
      await desk.append("r2", lock(0, "l", { due: start + 100 }), idle("waiting_for_lock"));
      expect(delivered((await desk.fire(start + 100)).effects)).toEqual([["r2", 0, "failed", "time limit"]]);
      expect((await desk.append("r1", unlock(1, "l", 1))).effects.deliveries).toEqual([]);
    });

    test("run out after their time to live: the oldest waiter is next", async () => {
      for (const id of ["r1", "r2", "r3"]) await desk.hot(id);
      await desk.append("r1", lock(0, "l", { ttl: 100 }));
      const waiting = await desk.append("r2", lock(0, "l", { ttl: 50 }));
      expect(waiting.effects.due).toBe(start + 100);
      await desk.append("r3", lock(0, "l"));
      expect(await desk.fire(start + 99)).toMatchObject({ fired: 0, next: start + 100 });
      const first = await desk.fire(start + 100);
      expect(delivered(first.effects)).toEqual([["r2", 0, "completed", { fence: 2 }]]);
      expect(first.next).toBe(start + 150);
      expect(ordered((await desk.append("r1", unlock(1, "l", 1))).events)).toEqual([[1, "completed", false]]);
      expect(delivered((await desk.fire(start + 150)).effects)).toEqual([["r3", 0, "completed", { fence: 3 }]]);
    });

    test("that are handed over say when they run out, while somebody still waits", async () => {
      for (const id of ["r1", "r2", "r3"]) await desk.hot(id);
      await desk.append("r1", lock(0, "l"));
      await desk.append("r2", lock(0, "l", { ttl: 50 }));
      await desk.append("r3", lock(0, "l"));
      desk.now = start + 10;
      const handed = await desk.append("r1", unlock(1, "l", 1));
      expect(delivered(handed.effects)).toEqual([["r2", 0, "completed", { fence: 2 }]]);
      expect(handed.effects.due).toBe(start + 60);
      desk.now = start + 20;
      expect(delivered((await desk.end("r2")).effects)).toEqual([["r3", 0, "completed", { fence: 3 }]]);
    });

    test("that ran out and nobody waits for are free", async () => {
      await desk.hot("r1");
      await desk.hot("r2");
      await desk.append("r1", lock(0, "l", { ttl: 100 }));
      expect((await desk.fire(start + 50)).next).toBeUndefined();
      desk.now = start + 100;
      expect(ordered((await desk.append("r2", lock(0, "l"))).events)).toEqual([[0, "completed", { fence: 2 }]]);
    });
  });

  describe(`${name}: what is due together`, () => {
    const desk = withStore(makeStore);

    test.each([99, 1])(
      "fires by its time, then in the order in which it was asked for, %d at a time",
      async (limit) => {
        for (const id of ["r1", "r2", "r3"]) await desk.hot(id);
        await desk.append("r1", sleep(0, start + 100), lock(1, "z", { ttl: 100 }), lock(2, "a", { ttl: 100 }));
        await desk.append("r3", sleep(0, start + 100));
        await desk.append("r1", lock(3, "b", { ttl: 60 }));
        await desk.append("r2", lock(0, "a"), lock(1, "z"), lock(2, "b"), sleep(3, start + 80), sleep(4, start + 300));
        const fired: unknown[] = [];
        for (let next: number | undefined = 0; (next ?? 1e15) <= start + 200;) {
          const firing = await desk.fire(start + 200, limit);
          fired.push(...delivered(firing.effects).map(([run, seq]) => `${run as string} ${seq as number}`));
          next = firing.next;
        }
        expect(fired).toEqual(["r2 2", "r2 3", "r1 0", "r2 1", "r2 0", "r3 0"]);
      },
    );

    test("does not fire any more when what fired before it has ended its run", async () => {
      await desk.parked("p", [call(0, desk.newRun("c", { parent: { run: "p", seq: 0, detached: false } }))], {
        timeoutAt: start + 100,
      });
      await desk.claim();
      await desk.append("c", sleep(0, start + 100), idle());
      expect(await desk.park("c")).toBe("parked");
      const { effects, fired } = await desk.fire(start + 100);
      expect([fired, effects.finished.map(({ run }) => run), effects.ready]).toEqual([1, ["p", "c"], 0]);
      expect(await desk.journal("c")).toEqual([[0, "running", undefined]]);
    });
  });

  describe(`${name}: a call under another one's name`, () => {
    const desk = withStore(makeStore);

    test("survives the race that its caller loses when another call still waits", async () => {
      await desk.hot("p");
      const same = { key: "k", inputHash: "1", workflow: "ship" };
      const childAt = (seq: number) => desk.newRun(`c${seq}`, { ...same, parent: { run: "p", seq, detached: false } });
      await desk.append("p", call(0, childAt(0)), call(1, childAt(1)), sleep(2, start + 100), done(3));
      await desk.append("p", { op: "race", seq: 4, name: "first", n: 0, value: value(1), losers: [1] });
      expect((await desk.run("c0")).status).toBe("queued");
    });
  });
}
