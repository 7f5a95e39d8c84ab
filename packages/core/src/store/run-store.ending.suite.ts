// The port's verbs about the end of a run: cancelled, and retried after it has ended.
import { describe, expect, test } from "bun:test";
import type { CancelNotice } from "@sluice/protocol";
import {
  ada,
  approval,
  call,
  delivered,
  done,
  engine,
  fail,
  failed,
  finish,
  idle,
  ordered,
  problem,
  race,
  read,
  sleep,
  start,
  started,
  undoing,
  undone,
  waitFor,
  withStore,
  type Desk,
  type MakeStore,
} from "./run-store.fixture.suite.ts";
import { engineItself } from "../kernel/inner-actor.ts";

const notice: CancelNotice = { status: "cancelled", reason: "cancelled_by_user", message: "enough" };
const cancel = (desk: Desk, run: string) =>
  desk.store.cancelRun({ by: ada, run, notice, error: problem("enough", "cancelled"), now: desk.now });

/** A parked run with something to undo. */
async function parkedWithUndo(desk: Desk, id: string): Promise<void> {
  await desk.hot(id);
  await desk.append(id, started(0), done(0, 1, { undo: true }));
  await desk.append(id, sleep(1, start + 9_000), idle("sleeping"));
  if ((await desk.park(id)) !== "parked") throw new Error(`${id} was not parked`);
}

export function endingSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: cancelling`, () => {
    const desk = withStore(makeStore);

    test("ends a run that is not in memory and has nothing to undo", async () => {
      await desk.parked("r1", [sleep(0, start + 100), approval(1, "t1")]);
      desk.now = start + 5;
      const cancelled = await cancel(desk, "r1");
      expect(cancelled).toMatchObject({
        outcome: "ok",
        run: { status: "cancelled", reason: "cancelled_by_user", endedAt: start + 5 },
        effects: { finished: [{ run: "r1", workflow: "order", status: "cancelled", reason: "cancelled_by_user" }] },
      });
      expect(read((await desk.run("r1")).error)).toMatchObject({ message: "enough", code: "cancelled" });
      expect((await desk.store.getToken({ token: "t1" }))?.status).toBe("expired");
      expect(await desk.fire(start + 100)).toMatchObject({ fired: 0 });
      expect(await cancel(desk, "r1")).toMatchObject({ outcome: "refused", run: { id: "r1" } });
      expect(await cancel(desk, "none")).toEqual({ outcome: "not_found" });
    });

    test("tells a run in memory, once, and leaves its children to its end", async () => {
      await desk.hot("r1");
      const child = desk.newRun("c1", { parent: { run: "r1", seq: 0, detached: false } });
      await desk.append("r1", call(0, child), idle("waiting_for_child"));
      const first = await cancel(desk, "r1");
      expect(first).toMatchObject({
        outcome: "ok",
        run: { status: "waiting", cancel: notice },
        effects: {
          deliveries: [{ run: "r1", epoch: 1, owner: engine, event: { event: "cancel", ...notice } }],
          finished: [],
        },
      });
      expect(await cancel(desk, "r1")).toMatchObject({ outcome: "ok", effects: { deliveries: [] } });
      expect((await desk.run("c1")).status).toBe("queued");
      const end = { op: "finish", status: "cancelled", reason: "cancelled_by_user", error: problem("enough") } as const;
      const ended = await desk.append("r1", end);
      expect(ended.effects.finished.map(({ run }) => run)).toEqual(["r1", "c1"]);
    });

    test("beats a result that crosses it, not an undoing that had begun", async () => {
      await desk.hot("r1");
      await cancel(desk, "r1");
      const crossed = await desk.append("r1", finish("too late"));
      expect([crossed.status, crossed.effects.finished]).toEqual(["running", []]);
      await desk.hot("r2");
      await desk.append("r2", started(0), undoing());
      expect(await cancel(desk, "r2")).toMatchObject({ outcome: "ok", effects: { deliveries: [] } });
      expect((await desk.append("r2", fail())).status).toBe("failed");
    });

    test("lets a run undo that has something to undo", async () => {
      for (const id of ["parked", "paused", "blocked"]) await parkedWithUndo(desk, id);
      await desk.store.pauseRun({ by: ada, run: "paused", now: start });
      await desk.store.blockRun({
        by: engineItself,
        run: "blocked",
        reason: "poison",
        error: problem("why"),
        now: start,
      });
      for (const id of ["parked", "paused", "blocked"]) {
        expect(await cancel(desk, id)).toMatchObject({
          outcome: "ok",
          run: { status: "queued", blocked: false, cancel: notice },
          effects: { ready: 1, finished: [] },
        });
      }
      expect((await desk.claim()).map(({ run }) => run.cancel)).toEqual([notice, notice, notice]);
    });

    test("can be asked for again when its code could not carry it out", async () => {
      await desk.hot("plain");
      await desk.hot("undoable");
      await desk.append("undoable", started(0));
      for (const id of ["plain", "undoable"]) {
        await cancel(desk, id);
        await desk.append(id, { op: "blocked", reason: "undo_unavailable", error: problem("why") });
      }
      expect(await cancel(desk, "plain")).toMatchObject({ outcome: "ok", run: { status: "cancelled" } });
      expect(await cancel(desk, "undoable")).toMatchObject({
        run: { status: "queued", blocked: false, cancel: notice },
      });
    });

    test("reaches a run that is queued or delayed", async () => {
      await desk.create("r1");
      await desk.create("r2", { dueAt: start + 100 });
      await cancel(desk, "r1");
      await cancel(desk, "r2");
      expect(await desk.claim()).toEqual([]);
      expect(await desk.fire(start + 100)).toMatchObject({ fired: 0 });
    });
  });

  describe(`${name}: retrying`, () => {
    const desk = withStore(makeStore);
    const again = (run: string, more: object = {}) => desk.store.retryRun({ by: ada, run, now: desk.now, ...more });

    test("takes the entry that ended the run out of its journal", async () => {
      await desk.hot("r1");
      await desk.append("r1", done(0, "kept"), failed(1), failed(2), fail(1));
      const retried = await again("r1", { version: "v2", timeoutAt: start + 500 });
      expect(retried).toMatchObject({
        outcome: "ok",
        run: { status: "queued", attempt: 2, generation: 0, epoch: 3, version: "v2", timeoutAt: start + 500 },
        effects: { ready: 1, due: start + 500 },
      });
      const run = await desk.run("r1");
      expect([run.error, run.output, run.cause, run.endedAt, run.reason]).toEqual(Array(5).fill(undefined));
      expect(await desk.journal("r1")).toEqual([
        [0, "completed", "kept"],
        [2, "failed", "broken"],
      ]);
      const [claimed] = await desk.claim();
      expect(claimed?.run).toMatchObject({ epoch: 4, status: "running" });
      const next = await desk.append("r1", done(1, "now"));
      expect(next.events).toMatchObject([{ seq: 1, ord: 4 }]);
    });

    test("without a cause takes the failure that settled last, and what was open", async () => {
      await desk.hot("r1");
      await desk.append("r1", failed(0), failed(3), done(1), sleep(2, start + 900), approval(4, "t1"), fail());
      await again("r1");
      expect(await desk.journal("r1")).toEqual([
        [0, "failed", "broken"],
        [1, "completed", undefined],
      ]);
      expect(await desk.store.getToken({ token: "t1" })).toBeUndefined();
      expect(await desk.fire(start + 900)).toMatchObject({ fired: 0 });
    });

    test("of a run that was cancelled keeps the failures it had gone on from", async () => {
      await desk.hot("r1");
      await desk.append("r1", failed(0), done(1), sleep(2, start + 900), idle());
      await desk.park("r1");
      await cancel(desk, "r1");
      expect((await again("r1")).outcome).toBe("ok");
      expect(await desk.journal("r1")).toEqual([
        [0, "failed", "broken"],
        [1, "completed", undefined],
      ]);
    });

    test("opens what was undone again, and says that it was", async () => {
      await desk.hot("r1");
      await desk.append(
        "r1",
        started(0),
        done(0, 1, { undo: true }),
        started(1),
        done(1, 2, { undo: true }),
        failed(2),
      );
      await desk.append("r1", undoing(), undone(1), fail(2));
      expect(await again("r1")).toMatchObject({ outcome: "ok", run: { generation: 1, status: "queued" } });
      expect((await desk.run("r1")).outcome).toBeUndefined();
      expect(await desk.journal("r1")).toEqual([
        [0, "completed", 1],
        [1, "running", undefined],
      ]);
      await desk.claim();
      await desk.append("r1", sleep(5, start + 100), idle());
      await desk.park("r1");
      expect(await cancel(desk, "r1")).toMatchObject({ run: { status: "queued" }, effects: { finished: [] } });
    });

    test("gives back events that removed entries had taken, and keeps lost branches", async () => {
      await desk.hot("r1");
      await desk.emit("go", 1);
      await desk.append("r1", sleep(0, start + 900), done(1), race(2, [0]), waitFor(3, "go"), fail(3));
      await again("r1");
      expect(await desk.journal("r1")).toEqual([
        [1, "completed", undefined],
        [2, "completed", "a"],
        [0, "aborted", undefined],
      ]);
      await desk.claim();
      expect(ordered((await desk.append("r1", waitFor(3, "go"))).events)).toEqual([[3, "completed", 1]]);
    });

    test("is for runs that ended otherwise than completed, and for blocked ones", async () => {
      await desk.hot("r1");
      expect((await again("r1")).outcome).toBe("refused");
      await desk.append("r1", finish());
      expect((await again("r1")).outcome).toBe("refused");
      expect((await again("none")).outcome).toBe("not_found");
      await desk.parked("r2", [failed(0), sleep(1, start + 100)].slice(1));
      await desk.store.blockRun({ by: engineItself, run: "r2", reason: "poison", error: problem("why"), now: start });
      const retried = await again("r2");
      expect(retried).toMatchObject({ outcome: "ok", run: { status: "queued", blocked: false, crashes: 0 } });
      expect((await desk.run("r2")).error).toBeUndefined();
      expect(await desk.journal("r2")).toEqual([]);
      await desk.create("r3");
      await cancel(desk, "r3");
      expect((await again("r3")).outcome).toBe("ok");
    });

    test("of a blocked run cancels the child its open call made, unless the call will find it by its key", async () => {
      const parent = { run: "p", seq: 0, detached: false };
      await desk.parked("p", [
        call(0, desk.newRun("c1", { parent })),
        call(1, desk.newRun("c2", { parent: { ...parent, seq: 1 }, key: "k", inputHash: "1" })),
      ]);
      await desk.store.blockRun({
        by: engineItself,
        run: "p",
        reason: "non_determinism",
        error: problem("why"),
        now: start,
      });
      expect(await again("p")).toMatchObject({
        outcome: "ok",
        effects: { finished: [{ run: "c1", status: "cancelled" }] },
      });
      expect((await desk.run("c1")).reason).toBe("cancelled_by_parent");
      expect((await desk.run("c2")).status).toBe("queued");
      expect(await desk.journal("p")).toEqual([]);
    });

    test("a child's former parent hears nothing of it", async () => {
      await desk.hot("p");
      const child = desk.newRun("c1", { parent: { run: "p", seq: 0, detached: false } });
      await desk.append("p", call(0, child), idle());
      await desk.claim();
      await desk.append("c1", fail());
      await again("c1");
      await desk.claim();
      const ended = await desk.append("c1", finish("second"));
      expect(delivered(ended.effects)).toEqual([]);
      expect(await desk.journal("p")).toEqual([[0, "failed", "broken"]]);
    });
  });
}
