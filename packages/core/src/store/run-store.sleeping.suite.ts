// The port's sleeps: when they are over, in which order, and how early that may be written.
import { describe, expect, test } from "bun:test";
import {
  delivered,
  engine,
  idle,
  ordered,
  sleep,
  start,
  value,
  waitFor,
  withStore,
  type MakeStore,
} from "./run-store.fixture.suite.ts";

export function sleepingSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: sleeps`, () => {
    const desk = withStore(makeStore);

    test("settle when they are due, in memory by a delivery", async () => {
      await desk.hot("r1");
      expect((await desk.append("r1", sleep(0, start + 100), idle("sleeping"))).effects.due).toBe(start + 100);
      expect(await desk.fire(start + 99)).toMatchObject({ fired: 0, next: start + 100 });
      const fired = await desk.fire(start + 100);
      expect(fired.next).toBeUndefined();
      expect(fired.effects).toMatchObject({ ready: 0, touched: [] });
      expect(fired.effects.deliveries).toEqual([
        {
          run: "r1",
          epoch: 1,
          owner: engine,
          event: { event: "settle", seq: 0, ord: 1, status: "completed", at: start + 100, value: value(undefined) },
        },
      ]);
      expect(await desk.fire(start + 200)).toMatchObject({ fired: 0 });
    });

    test("settle a little early when they are all their run waits for, as of when they are due", async () => {
      await desk.hot("r1");
      await desk.append("r1", sleep(0, start + 100), idle("sleeping"));
      expect(await desk.fire(start + 96, 9, 3)).toMatchObject({ fired: 0, next: start + 97 });
      const fired = await desk.fire(start + 97, 9, 3);
      expect(fired).toMatchObject({ fired: 1 });
      expect(fired.effects.deliveries).toMatchObject([{ event: { event: "settle", seq: 0, at: start + 100 } }]);
      await desk.parked("r2", [sleep(0, start + 200)]);
      expect(await desk.fire(start + 198, 9, 3)).toMatchObject({ fired: 1, effects: { ready: 1 } });
      expect(await desk.claim()).toMatchObject([{ run: { id: "r2" }, journal: [{ seq: 0, end: start + 200 }] }]);
    });

    test("that are not all their run does or waits for settle in time", async () => {
      await desk.hot("r1");
      await desk.append("r1", sleep(0, start + 100), waitFor(1, "go"), idle("sleeping"));
      await desk.hot("r2");
      await desk.append("r2", sleep(0, start + 101));
      expect(await desk.fire(start + 99, 9, 3)).toMatchObject({ fired: 0, next: start + 100 });
      expect(await desk.fire(start + 100, 9, 3)).toMatchObject({ fired: 1, next: start + 101 });
      expect(await desk.fire(start + 101, 9, 3)).toMatchObject({ fired: 1 });
    });

    test("keep the order of their times when the first of them cannot settle early", async () => {
      await desk.hot("r1");
      await desk.append("r1", sleep(0, start + 100), waitFor(1, "go"), idle("sleeping"));
      await desk.hot("r2");
      await desk.append("r2", sleep(0, start + 101), idle("sleeping"));
      expect(await desk.fire(start + 99, 9, 3)).toMatchObject({ fired: 0, next: start + 100 });
      expect(delivered((await desk.fire(start + 100, 9, 3)).effects).map(([run]) => run)).toEqual(["r1", "r2"]);
    });

    test("make a parked run ready, and are settled when it is claimed", async () => {
      await desk.parked("r1", [sleep(0, start + 100)]);
      expect(await desk.run("r1")).toMatchObject({ status: "waiting", reason: "sleeping", epoch: 2 });
      const fired = await desk.fire(start + 100);
      expect(fired.effects).toMatchObject({ deliveries: [], ready: 1, touched: ["r1"] });
      const run = await desk.run("r1");
      expect([run.status, run.reason, run.ord]).toEqual(["queued", undefined, 1]);
      expect(await desk.claim()).toMatchObject([
        {
          run: { id: "r1", epoch: 3 },
          journal: [{ seq: 0, kind: "sleep", status: "completed", ord: 1, end: start + 100 }],
        },
      ]);
    });

    test("that are over settle at once", async () => {
      await desk.hot("r1");
      const slept = await desk.append("r1", sleep(0, start));
      expect(ordered(slept.events)).toEqual([[0, "completed", undefined]]);
      expect(slept.effects.due).toBeUndefined();
    });

    test("fire in the order of their times, so many at once", async () => {
      await desk.hot("r1");
      await desk.append("r1", sleep(0, start + 300), sleep(1, start + 100), sleep(2, start + 200));
      const first = await desk.fire(start + 1_000, 2);
      expect([first.fired, first.next]).toEqual([2, start + 300]);
      expect(delivered(first.effects).map(([, seq]) => seq)).toEqual([1, 2]);
      expect(await desk.fire(start + 1_000, 2)).toMatchObject({ fired: 1 });
    });

    test("count a parked run ready once, however many settle", async () => {
      await desk.parked("r1", [sleep(0, start + 100), sleep(1, start + 100)]);
      expect((await desk.fire(start + 100)).effects).toMatchObject({ ready: 1, touched: ["r1"] });
      expect(await desk.claimIds()).toEqual(["r1"]);
    });
  });
}
