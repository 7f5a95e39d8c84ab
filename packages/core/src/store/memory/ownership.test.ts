import { describe, expect, test } from "bun:test";
import { Fixture, by, nothing, op, value } from "./fixture.suite.ts";
import { engineItself } from "../../kernel/inner-actor.ts";

describe("parking", () => {
  test("keeps idle runs waiting and makes those with news ready", async () => {
    const f = new Fixture();
    for (const id of ["idle", "news"]) {
      await f.hot(id);
      await f.append(id, op.event(0, id), op.idle);
    }
    await f.store.emitEvent({ by, name: "news", payload: value(1), now: 1000 });
    expect([await f.park("idle"), await f.park("news")]).toEqual(["parked", "ready"]);
    expect(await f.run("idle")).toMatchObject({ status: "waiting", reason: "sleeping", epoch: 2, owner: undefined });
    expect(await f.run("news")).toMatchObject({ status: "queued", epoch: 2, owner: undefined });
    expect(await f.store.parkRun({ by: engineItself, run: "idle", epoch: 2, now: 1000 })).toEqual({ outcome: "stale" });
    expect(await f.store.parkRun({ by: engineItself, run: "none", epoch: 2, now: 1000 })).toEqual({ outcome: "stale" });
  });

  test("as paused waits for an operator", async () => {
    const f = new Fixture();
    await f.hot("a");
    const paused = await f.store.pauseRun({ by, run: "a", now: 1000 });
    expect(paused).toMatchObject({ effects: { deliveries: [{ event: { event: "pause" } }] } });
    expect(await f.park("a", true)).toBe("parked");
    expect(await f.run("a")).toMatchObject({ status: "paused", reason: "paused_by_user" });
    expect(await f.claim()).toEqual([]);
  });
});

describe("giving back", () => {
  test("makes runs ready for another engine, and counts crashes", async () => {
    const f = new Fixture();
    for (const id of ["a", "b", "paused"]) await f.hot(id);
    await f.store.pauseRun({ by, run: "paused", now: 1000 });
    const held = ["a", "b", "paused", "none"].map((run) => ({ run, epoch: run === "b" ? 7 : 1 }));
    const { released, effects } = await f.store.releaseRuns({ by: engineItself, runs: held, crashed: true, now: 1000 });
    expect(released).toMatchObject([
      { id: "a", status: "queued", epoch: 2, crashes: 1, owner: undefined },
      { id: "paused", status: "paused", epoch: 2, crashes: 1 },
    ]);
    expect(effects).toEqual({ ...nothing, ready: 1 });
    const calm = await f.store.releaseRuns({
      by: engineItself,
      runs: [{ run: "b", epoch: 1 }],
      crashed: false,
      now: 1000,
    });
    expect(calm.released).toMatchObject([{ id: "b", crashes: 0 }]);
  });

  test("an engine that starts takes over what another one left", async () => {
    const f = new Fixture();
    for (const id of ["running", "waiting", "undoing", "paused", "cancelled"]) await f.hot(id);
    for (const id of ["waiting", "cancelled"]) await f.append(id, op.sleep(0, 5000), op.idle);
    await f.append("undoing", { op: "undoing", status: "failed" });
    await f.store.pauseRun({ by, run: "paused", now: 1000 });
    const notice = { status: "cancelled", reason: "cancelled_by_user", message: "" } as const;
    await f.store.cancelRun({ by, run: "cancelled", notice, error: value(1), now: 1000 });
    expect(await f.store.recover({ by: engineItself, owner: "e1", now: 1000 })).toEqual({
      recovered: 0,
      effects: nothing,
    });
    expect(await f.store.recover({ by: engineItself, owner: "e2", now: 1000 })).toMatchObject({
      recovered: 5,
      effects: { ready: 3 },
    });
    const states = await Promise.all(
      ["running", "waiting", "undoing", "paused", "cancelled"].map(async (id) => {
        const { status, epoch, owner, crashes } = await f.run(id);
        return [id, status, epoch, owner, crashes];
      }),
    );
    expect(states).toEqual([
      ["running", "queued", 2, undefined, 0],
      ["waiting", "waiting", 2, undefined, 0],
      ["undoing", "undoing", 2, undefined, 0],
      ["paused", "paused", 2, undefined, 0],
      ["cancelled", "queued", 2, undefined, 0],
    ]);
    expect(await f.fire(5000)).toMatchObject({ fired: 2, effects: { ready: 1 } });
    expect(await f.claim()).toEqual(["cancelled", "running", "undoing", "waiting"]);
  });
});
