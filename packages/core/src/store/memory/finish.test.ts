import { describe, expect, test } from "bun:test";
import { decodeErrorValue } from "@sluice/protocol";
import type { CancelNotice } from "@sluice/protocol";
import { expectSettled, Fixture, by, childOf, newRun, op, read, value } from "./fixture.suite.ts";
import { engineItself } from "../../kernel/inner-actor.ts";

const notice: CancelNotice = { status: "cancelled", reason: "cancelled_by_user", message: "enough" };
const error = value({ name: "CancelledError", message: "enough", code: "cancelled" });
const cancel = (f: Fixture, run: string) => f.store.cancelRun({ by, run, notice, error, now: f.now });

describe("a run that ends", () => {
  test("frees what it holds and tells who waits", async () => {
    const f = new Fixture();
    await f.hot("p");
    await f.append("p", op.call(0, childOf("p", 0)), op.idle);
    await f.park("p");
    await f.claim();
    await f.hot("other");
    await f.append("p.0", op.lock(0, "l"), op.approval(1, "tok_1"), op.sleep(2, 9000));
    await f.append("other", op.lock(0, "l"));
    const { effects } = await f.append("p.0", op.fail(2));
    expect(effects).toMatchObject({ ready: 1, touched: ["p"], finished: [{ run: "p.0", status: "failed" }] });
    expectSettled(
      effects.deliveries.map(({ event }) => event),
      [0, "completed", { fence: 2 }],
    );
    expect((await f.run("p.0")).cause).toBe(2);
    expect((await f.store.getToken({ token: "tok_1" }))?.status).toBe("expired");
    expect((await f.store.stats()).timers).toBe(0);
    expect(await f.journal("p")).toEqual([[0, "failed", { name: "Error", message: "broken" }]]);
  });

  test("takes nothing that comes after its end but its last words", async () => {
    const f = new Fixture();
    await f.hot("a");
    const log = { op: "log", level: "info", message: "bye", at: 1000 } as const;
    const end = await f.append("a", op.finish(), op.done(0), log);
    expect(end.events).toEqual([]);
    expect(await f.journal("a")).toEqual([]);
    expect(await f.store.listLogs({ run: "a", after: 0, limit: 9 })).toHaveLength(1);
  });
});

describe("cancelling", () => {
  test("ends a parked run at once, however deep its children go", async () => {
    const f = new Fixture();
    const depth = 3000;
    await f.hot("c0");
    for (let level = 1; level < depth; level++) {
      const child = newRun(`c${level}`, { parent: { run: `c${level - 1}`, seq: 0, detached: false } });
      await f.append(`c${level - 1}`, op.call(0, child), op.idle);
      await f.park(`c${level - 1}`);
      await f.claim();
    }
    await f.park(`c${depth - 1}`);
    const cancelled = await cancel(f, "c0");
    if (cancelled.outcome !== "ok") throw new Error(cancelled.outcome);
    expect(cancelled.effects.finished).toHaveLength(depth);
    expect(await f.run("c0")).toMatchObject({ status: "cancelled", reason: "cancelled_by_user", endedAt: 1000 });
    expect(decodeErrorValue((await f.run("c2999")).error!)).toMatchObject({
      name: "CancelledError",
      code: "cancelled",
    });
    expect(await cancel(f, "c0")).toMatchObject({ outcome: "refused" });
    expect(await cancel(f, "none")).toEqual({ outcome: "not_found" });
  });

  test("tells a run in memory once, and beats a result that crosses it", async () => {
    const f = new Fixture();
    await f.hot("a");
    await f.append("a", op.call(0, childOf("a", 0)));
    const first = await cancel(f, "a");
    expect(first).toMatchObject({
      outcome: "ok",
      run: { status: "running", cancel: notice },
      effects: { deliveries: [{ run: "a", event: { event: "cancel", ...notice } }], finished: [] },
    });
    expect(await cancel(f, "a")).toMatchObject({ outcome: "ok", effects: { deliveries: [] } });
    expect((await f.append("a", op.finish("too late"))).status).toBe("running");
    expect((await f.run("a.0")).status).toBe("queued");
    const end = await f.append("a", { op: "finish", status: "cancelled", reason: "cancelled_by_user", error });
    expect(end.effects.finished.map(({ run }) => run)).toEqual(["a", "a.0"]);
  });

  test("lets a run with undos run them, paused and blocked ones too", async () => {
    const f = new Fixture();
    for (const id of ["parked", "paused", "blocked"]) {
      await f.hot(id);
      await f.append(id, op.undoable(0), op.done(0), op.sleep(1, 9000));
      await f.append(id, op.idle);
      if (id === "paused") await f.store.pauseRun({ by, run: id, now: f.now });
      await f.park(id);
    }
    await f.store.blockRun({ by: engineItself, run: "blocked", reason: "poison", error: value("e"), now: 1000 });
    for (const id of ["parked", "paused", "blocked"]) {
      expect(await cancel(f, id)).toMatchObject({
        outcome: "ok",
        run: { status: "queued", cancel: notice, blocked: false, error: undefined },
        effects: { ready: 1, finished: [], touched: [id] },
      });
    }
    expect(await f.claim()).toEqual(["blocked", "parked", "paused"]);
    const undoing = await f.append("parked", { op: "undoing", status: "cancelled", reason: "cancelled_by_user" });
    expect(undoing.status).toBe("undoing");
    expect((await f.fire(9000)).effects.deliveries.map(({ run }) => run)).toEqual(["paused", "blocked"]);
    const end = await f.append("parked", op.undone(0), { op: "finish", status: "cancelled", error });
    expect(end.status).toBe("cancelled");
    expect(read((await f.run("parked")).error)).toMatchObject({ message: "enough" });
  });

  test("is not lost on a run that is parked before it hears of it", async () => {
    const f = new Fixture();
    await f.hot("a");
    await f.append("a", op.sleep(0, 9000), op.idle);
    await cancel(f, "a");
    expect(await f.park("a")).toBe("ready");
    const [claimed] = await f.store.claimRuns({
      by: engineItself,
      owner: "e1",
      limit: 1,
      now: 1000,
      journalBytesMax: 1,
    });
    expect(claimed?.run.cancel).toEqual(notice);
  });
});
