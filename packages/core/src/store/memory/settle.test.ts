import { describe, expect, test } from "bun:test";
import { expectSettled, Fixture, by, none, op, value } from "./fixture.suite.ts";
import { engineItself } from "../../kernel/inner-actor.ts";

function emit(f: Fixture) {
  return f.store.emitEvent({ by, name: "x", payload: value(1), now: f.now });
}

describe("an entry that settles from outside", () => {
  test("makes a waiting run in memory run on, under its epoch", async () => {
    const f = new Fixture();
    await f.hot("a");
    await f.append("a", op.event(0, "x"), op.event(1, "x"), op.idle);
    const { effects } = await emit(f);
    expect(effects).toMatchObject({ deliveries: [{ run: "a", epoch: 1, owner: "e1" }], ready: 0, touched: [] });
    expect(await f.run("a")).toMatchObject({ status: "running", reason: undefined, ord: 1 });
  });

  test("makes a parked run ready", async () => {
    const f = new Fixture();
    await f.hot("a");
    await f.append("a", op.event(0, "x"), op.idle);
    await f.park("a");
    expect((await emit(f)).effects).toMatchObject({ deliveries: [], ready: 1, touched: ["a"] });
    expect(await f.run("a")).toMatchObject({ status: "queued", reason: undefined });
  });

  test("leaves a paused run paused and a blocked one blocked", async () => {
    const f = new Fixture();
    for (const id of ["a", "b"]) {
      await f.hot(id);
      await f.append(id, op.event(0, "x"), op.idle);
      await f.park(id);
    }
    await f.store.pauseRun({ by, run: "a", now: 1000 });
    await f.store.blockRun({ by: engineItself, run: "b", reason: "poison", error: value("e"), now: 1000 });
    expect((await emit(f)).effects).toMatchObject({ ready: 0, touched: ["a", "b"] });
    expect(await f.run("a")).toMatchObject({ status: "paused", ord: 1 });
    expect(await f.run("b")).toMatchObject({ status: "waiting", reason: "poison", ord: 1 });
    expect(await f.claim()).toEqual([]);
  });
});

describe("an entry that settles in an append", () => {
  test("carries its value unless the worker made it", async () => {
    const f = new Fixture();
    await f.hot("a");
    const { events } = await f.append("a", op.done(0, 1), op.failed(1), op.sleep(2, 1000));
    expect(events).toEqual([
      { event: "settle", seq: 0, ord: 1, status: "completed", at: 1000 },
      { event: "settle", seq: 1, ord: 2, status: "failed", at: 1000 },
      { event: "settle", seq: 2, ord: 3, status: "completed", at: 1000, value: none },
    ]);
  });

  test("keeps the run from being idle", async () => {
    const f = new Fixture();
    await f.hot("a");
    expect((await f.append("a", op.sleep(0, 1000), op.event(1, "x"), op.idle)).status).toBe("running");
    const idle = await f.append("a", op.idle);
    expect(idle.status).toBe("waiting");
    expect((await f.run("a")).reason).toBe("sleeping");
    const own = await f.append("a", op.emit(2, "x", 5));
    expectSettled(own.events, [1, "completed", 5], [2, "completed", 1]);
    expect(own.effects.deliveries).toEqual([]);
    expect(own.status).toBe("running");
  });
});
