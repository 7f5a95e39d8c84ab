import { describe, expect, test } from "bun:test";
import { decodeErrorValue } from "@sluice/protocol";
import { expectSettled, Fixture, childOf, op } from "./fixture.suite.ts";

describe("timers", () => {
  test("fire oldest first, no more than asked for", async () => {
    const f = new Fixture();
    await f.hot("a");
    await f.append("a", op.sleep(0, 3000), op.sleep(1, 2000), op.event(2, "x", { due: 2500 }), op.sleep(3, 9000));
    const first = await f.fire(5000, 2);
    expect(first).toMatchObject({ fired: 2, next: 3000 });
    expectSettled(
      first.effects.deliveries.map(({ event }) => event),
      [1, "completed", undefined],
      [2, "failed", "time limit"],
    );
    const second = await f.fire(5000, 2);
    expect(second).toMatchObject({ fired: 1, next: 9000 });
  });

  test("wake a step for its next attempt", async () => {
    const f = new Fixture();
    await f.hot("hot");
    await f.hot("parked");
    for (const id of ["hot", "parked"]) await f.append(id, op.retry(0, 2000), op.idle);
    await f.park("parked");
    const { effects } = await f.fire(2000);
    expect(effects).toMatchObject({
      deliveries: [{ run: "hot", event: { event: "wake", seq: 0 } }],
      ready: 1,
      touched: ["parked"],
    });
    expect((await f.run("hot")).status).toBe("running");
    expect((await f.fire(9000)).fired).toBe(0);
  });

  test("end runs that take too long, with their children", async () => {
    const f = new Fixture();
    await f.hot("a", { timeoutAt: 2000 });
    await f.append("a", op.call(0, childOf("a", 0)), op.idle);
    await f.park("a");
    const { effects } = await f.fire(2000);
    expect(effects.finished).toMatchObject([
      { run: "a", status: "timedout", reason: "run_timeout" },
      { run: "a.0", status: "cancelled", reason: "cancelled_by_parent" },
    ]);
    expect(decodeErrorValue((await f.run("a")).error!)).toMatchObject({ name: "TimeoutError", code: "timeout" });
    expect((await f.store.stats()).timers).toBe(0);
  });

  test("tell a run in memory that it has taken too long", async () => {
    const f = new Fixture();
    await f.hot("a", { timeoutAt: 2000 });
    const { effects } = await f.fire(2000);
    expect(effects.deliveries).toMatchObject([
      { event: { event: "cancel", status: "timedout", reason: "run_timeout" } },
    ]);
    expect(effects.finished).toEqual([]);
  });

  test("pass expired locks on to those who wait", async () => {
    const f = new Fixture();
    await f.hot("a");
    await f.hot("b");
    await f.append("a", op.lock(0, "l", { ttl: 1000 }));
    expect((await f.fire(1500)).next).toBeUndefined();
    expect((await f.append("b", op.lock(0, "l", { due: 9000 }))).effects.due).toBe(2000);
    const granted = await f.fire(2500);
    expect(granted).toMatchObject({ fired: 1, next: undefined });
    expectSettled(
      granted.effects.deliveries.map(({ event }) => event),
      [0, "completed", { fence: 2 }],
    );
  });
});
