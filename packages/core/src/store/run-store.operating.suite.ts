// The port's verbs around a run at work: parked, given back, recovered, paused, blocked, forked, moved.
import { describe, expect, test } from "bun:test";
import type { CancelNotice } from "@sluice/protocol";
import {
  ada,
  done,
  failed,
  finish,
  idle,
  ordered,
  problem,
  race,
  read,
  retry,
  sleep,
  start,
  started,
  undoing,
  waitFor,
  withStore,
  type Desk,
  type MakeStore,
} from "./run-store.fixture.suite.ts";
import { engineItself } from "../kernel/inner-actor.ts";

const notice: CancelNotice = { status: "cancelled", reason: "cancelled_by_user", message: "enough" };
const cancel = (desk: Desk, run: string) =>
  desk.store.cancelRun({ by: ada, run, notice, error: problem("enough", "cancelled"), now: desk.now });

function leavingMemory(name: string, makeStore: MakeStore): void {
  describe(`${name}: leaving memory`, () => {
    const desk = withStore(makeStore);

    test("an idle run is parked, and its incarnation is over", async () => {
      await desk.hot("r1");
      await desk.append("r1", sleep(0, start + 100), idle("sleeping"));
      expect(await desk.park("r1")).toBe("parked");
      const run = await desk.run("r1");
      expect([run.status, run.reason, run.epoch, run.owner]).toEqual(["waiting", "sleeping", 2, undefined]);
      expect(await desk.claim()).toEqual([]);
      expect((await desk.store.parkRun({ by: engineItself, run: "r1", epoch: 1, now: start })).outcome).toBe("stale");
      expect((await desk.store.parkRun({ by: engineItself, run: "r1", epoch: 2, now: start })).outcome).toBe("stale");
      expect((await desk.store.parkRun({ by: engineItself, run: "none", epoch: 1, now: start })).outcome).toBe("stale");
    });

    test("a run that something happened to is ready instead", async () => {
      await desk.hot("r1");
      await desk.append("r1", waitFor(0, "go"), idle());
      await desk.emit("go", 1);
      expect(await desk.park("r1")).toBe("ready");
      expect(await desk.run("r1")).toMatchObject({ status: "queued", epoch: 2 });
      expect(await desk.claim()).toMatchObject([{ run: { epoch: 3 }, journal: [{ seq: 0, status: "completed" }] }]);
    });

    test("a wake-up or a cancellation that crosses the parking is not lost", async () => {
      await desk.hot("r1");
      await desk.append("r1", retry(0, start + 100), idle("waiting_for_retry"));
      await desk.fire(start + 100);
      expect(await desk.park("r1")).toBe("ready");
      await desk.hot("r2");
      await desk.append("r2", sleep(0, start + 900), idle("sleeping"));
      await cancel(desk, "r2");
      expect(await desk.park("r2")).toBe("ready");
      expect((await desk.claim()).find(({ run }) => run.id === "r2")?.run.cancel).toEqual(notice);
    });

    test("a run that undoes waits for its next attempt only", async () => {
      await desk.hot("r1");
      await desk.append("r1", started(0), done(0, 1, { undo: true }), undoing());
      await desk.append("r1", retry(-1, start + 100), idle("waiting_for_retry"));
      expect(await desk.park("r1")).toBe("parked");
      expect(await desk.run("r1")).toMatchObject({ status: "undoing", epoch: 2 });
      expect((await desk.fire(start + 100)).effects).toMatchObject({ ready: 1, touched: ["r1"] });
      const [claimed] = await desk.claim();
      expect(claimed?.run).toMatchObject({ status: "undoing", outcome: { status: "failed" } });
      expect(await desk.park("r1")).toBe("ready");
      expect((await desk.run("r1")).status).toBe("undoing");
    });

    test("runs that are given back are ready, with their crashes counted", async () => {
      await desk.hot("r1");
      await desk.hot("r2");
      await desk.append("r2", sleep(0, start + 100), idle("sleeping"));
      const runs = [
        { run: "r1", epoch: 1 },
        { run: "r2", epoch: 1 },
        { run: "r2", epoch: 9 },
        { run: "none", epoch: 1 },
      ];
      const released = await desk.store.releaseRuns({ by: engineItself, runs, crashed: true, now: start });
      expect(released.released.map(({ id, status, epoch, crashes }) => [id, status, epoch, crashes])).toEqual([
        ["r1", "queued", 2, 1],
        ["r2", "queued", 2, 1],
      ]);
      expect(released.effects.ready).toBe(2);
      expect(await desk.claimIds()).toEqual(["r1", "r2"]);
      await desk.store.releaseRuns({ by: engineItself, runs: [{ run: "r1", epoch: 3 }], crashed: false, now: start });
      expect((await desk.run("r1")).crashes).toBe(1);
    });

    test("what a lost engine held is recovered: runs that only waited go on waiting", async () => {
      await desk.hot("running");
      await desk.append("running", done(0, "kept"));
      await desk.hot("waiting");
      await desk.append("waiting", sleep(0, start + 100), idle("sleeping"));
      await desk.hot("undoing");
      await desk.append("undoing", started(0), undoing());
      await desk.hot("pausing");
      await desk.store.pauseRun({ by: ada, run: "pausing", now: start });
      await desk.hot("cancelling");
      await desk.append("cancelling", idle());
      await cancel(desk, "cancelling");
      await desk.hot("ended");
      await desk.append("ended", finish());
      await desk.create("queued");
      await desk.store.claimRuns({ by: engineItself, owner: "engine-2", limit: 1, now: start, journalBytesMax: 1 });
      const recovered = await desk.store.recover({ by: engineItself, owner: "engine-2", now: start });
      expect(recovered).toMatchObject({ recovered: 5, effects: { ready: 3 } });
      const states = await Promise.all(
        ["running", "waiting", "undoing", "pausing", "cancelling", "queued"].map(async (id) => {
          const { status, epoch, owner } = await desk.run(id);
          return [id, status, epoch, owner];
        }),
      );
      expect(states).toEqual([
        ["running", "queued", 2, undefined],
        ["waiting", "waiting", 2, undefined],
        ["undoing", "undoing", 2, undefined],
        ["pausing", "paused", 2, undefined],
        ["cancelling", "queued", 2, undefined],
        ["queued", "running", 1, "engine-2"],
      ]);
      expect(await desk.journal("running")).toEqual([[0, "completed", "kept"]]);
      expect((await desk.fire(start + 100)).effects.ready).toBe(1);
    });
  });
}

function stopping(name: string, makeStore: MakeStore): void {
  describe(`${name}: pausing`, () => {
    const desk = withStore(makeStore);
    const pause = (run: string) => desk.store.pauseRun({ by: ada, run, now: desk.now });
    const resume = (run: string) => desk.store.resumeRun({ by: ada, run, now: desk.now });

    test("stops a run that is not in memory until it is resumed", async () => {
      await desk.create("r1");
      await desk.create("r2", { dueAt: start + 100 });
      await desk.parked("r3", [sleep(0, start + 100)]);
      for (const id of ["r1", "r2", "r3"]) {
        expect(await pause(id)).toMatchObject({ outcome: "ok", run: { status: "paused", reason: "paused_by_user" } });
      }
      expect(await desk.claim()).toEqual([]);
      expect((await desk.fire(start + 100)).effects).toMatchObject({ ready: 0, touched: ["r3"] });
      expect((await desk.run("r3")).status).toBe("paused");
      for (const id of ["r1", "r2", "r3"]) {
        const resumed = await resume(id);
        expect(resumed).toMatchObject({ outcome: "ok", run: { status: "queued" }, effects: { ready: 1 } });
        if (resumed.outcome === "ok") expect(resumed.run.reason).toBeUndefined();
      }
      expect([...(await desk.claimIds())].toSorted()).toEqual(["r1", "r2", "r3"]);
    });

    test("does not make a run start before it is due", async () => {
      await desk.create("r1", { dueAt: start + 100 });
      await pause("r1");
      expect(await resume("r1")).toMatchObject({
        outcome: "ok",
        run: { status: "queued", reason: "delayed" },
        effects: { ready: 0, due: start + 100 },
      });
      expect(await desk.claim()).toEqual([]);
      await pause("r1");
      expect((await desk.fire(start + 100)).effects.ready).toBe(0);
      expect(await resume("r1")).toMatchObject({ effects: { ready: 1 } });
      expect(await desk.claimIds()).toEqual(["r1"]);
    });

    test("asks a run in memory to stop, which then parks as paused", async () => {
      await desk.hot("r1");
      const asked = await pause("r1");
      expect(asked).toMatchObject({
        outcome: "ok",
        run: { status: "running" },
        effects: { deliveries: [{ run: "r1", epoch: 1, event: { event: "pause" } }] },
      });
      await desk.append("r1", done(0), waitFor(1, "go"));
      expect(await desk.park("r1", true)).toBe("parked");
      expect(await desk.run("r1")).toMatchObject({ status: "paused", reason: "paused_by_user", epoch: 2 });
      expect((await desk.emit("go", 1)).effects).toMatchObject({ ready: 0 });
      await resume("r1");
      expect(await desk.claim()).toMatchObject([{ run: { epoch: 3 } }]);
      expect(await desk.park("r1")).toBe("ready");
    });

    test("is taken back while the run has not stopped yet", async () => {
      await desk.hot("r1");
      await pause("r1");
      expect((await resume("r1")).outcome).toBe("ok");
      expect((await resume("r1")).outcome).toBe("refused");
      await desk.append("r1", idle());
      expect(await desk.park("r1")).toBe("parked");
      expect((await desk.run("r1")).status).toBe("waiting");
    });

    test("holds when the run's worker is lost", async () => {
      await desk.hot("r1");
      await pause("r1");
      const { effects } = await desk.store.releaseRuns({
        by: engineItself,
        runs: [{ run: "r1", epoch: 1 }],
        crashed: true,
        now: start,
      });
      expect(effects.ready).toBe(0);
      expect(await desk.run("r1")).toMatchObject({ status: "paused", reason: "paused_by_user" });
    });

    test("is refused for runs that end, have ended or are blocked", async () => {
      await desk.hot("ended");
      await desk.append("ended", finish());
      await desk.hot("undoing");
      await desk.append("undoing", started(0), undoing());
      await desk.hot("cancelling");
      await cancel(desk, "cancelling");
      await desk.create("blocked");
      await desk.store.blockRun({
        by: engineItself,
        run: "blocked",
        reason: "poison",
        error: problem("why"),
        now: start,
      });
      for (const id of ["ended", "undoing", "cancelling", "blocked"]) expect((await pause(id)).outcome).toBe("refused");
      expect((await pause("none")).outcome).toBe("not_found");
      expect((await resume("ended")).outcome).toBe("refused");
      expect((await resume("none")).outcome).toBe("not_found");
    });
  });

  describe(`${name}: blocking`, () => {
    const desk = withStore(makeStore);
    const block = (run: string, more: { epoch?: number; reason?: "poison" | "version_unavailable" } = {}) =>
      desk.store.blockRun({
        by: engineItself,
        run,
        reason: "poison",
        error: problem("evidence"),
        now: desk.now,
        ...more,
      });

    test("parks a run with the evidence until an operator acts", async () => {
      await desk.hot("r1");
      expect((await block("r1", { epoch: 7 })).outcome).toBe("refused");
      expect(await block("r1", { epoch: 1 })).toMatchObject({
        outcome: "ok",
        run: { status: "waiting", blocked: true, reason: "poison", epoch: 2 },
      });
      expect(read((await desk.run("r1")).error)).toMatchObject({ message: "evidence" });
      expect(await desk.claim()).toEqual([]);
      const resumed = await desk.store.resumeRun({ by: ada, run: "r1", now: start });
      expect(resumed).toMatchObject({
        outcome: "ok",
        run: { status: "queued", blocked: false },
        effects: { ready: 1 },
      });
      expect((await desk.run("r1")).error).toBeUndefined();
    });

    test("lets waits settle without making the run ready", async () => {
      await desk.parked("r1", [sleep(0, start + 100)]);
      await block("r1");
      expect((await desk.fire(start + 100)).effects).toMatchObject({ ready: 0, touched: ["r1"] });
      await desk.store.resumeRun({ by: ada, run: "r1", now: start });
      expect(await desk.claim()).toMatchObject([{ journal: [{ seq: 0, status: "completed" }] }]);
    });

    test("ends for all that were blocked for the same reason", async () => {
      await desk.create("r1");
      await desk.create("r2", { version: "v2" });
      await desk.create("r3", { workflow: "other" });
      await desk.create("r4");
      for (const id of ["r1", "r2", "r3"]) await block(id, { reason: "version_unavailable" });
      await block("r4");
      const reasons = ["version_unavailable", "workflow_unknown"] as const;
      expect(
        (await desk.store.unblockRuns({ by: engineItself, reasons, workflow: "order", version: "v1", now: start }))
          .effects,
      ).toMatchObject({ ready: 1, touched: ["r1"] });
      expect(
        (await desk.store.unblockRuns({ by: engineItself, reasons, workflow: "order", now: start })).effects,
      ).toMatchObject({
        ready: 1,
        touched: ["r2"],
      });
      expect((await desk.store.unblockRuns({ by: engineItself, reasons, now: start })).effects).toMatchObject({
        ready: 1,
        touched: ["r3"],
      });
      expect((await desk.run("r4")).blocked).toBe(true);
      expect((await desk.run("r1")).error).toBeUndefined();
    });

    test("is refused for runs that have ended", async () => {
      await desk.hot("r1");
      await desk.append("r1", finish());
      expect((await block("r1")).outcome).toBe("refused");
      expect((await block("none")).outcome).toBe("not_found");
    });
  });

  describe(`${name}: forking and moving`, () => {
    const desk = withStore(makeStore);
    const fork = (from: string, more: { before?: number; run?: object } = {}) =>
      desk.store.forkRun({
        by: ada,
        from,
        run: desk.newRun("f1", { forkedFrom: from, version: "v2", ...more.run }),
        now: desk.now,
        ...(more.before === undefined ? {} : { before: more.before }),
      });

    test("copies what had settled, without undos and open entries", async () => {
      await desk.hot("r1");
      await desk.append("r1", started(0), done(0, "a", { undo: true }), failed(2), done(1, "b"), sleep(3, start + 900));
      await desk.append("r1", done(4, "lost"), race(5, [3]));
      const forked = await fork("r1");
      expect(forked).toMatchObject({
        outcome: "created",
        run: { id: "f1", status: "queued", version: "v2", forkedFrom: "r1", attempt: 1, ord: 5 },
        effects: { ready: 1 },
      });
      const [claimed] = await desk.claim();
      expect(claimed?.journal.map(({ seq, ord, undo }) => [seq, ord, undo ?? false])).toEqual([
        [0, 1, false],
        [2, 2, false],
        [1, 3, false],
        [4, 4, false],
        [5, 5, false],
      ]);
      const next = await desk.append("f1", done(9));
      expect(next.events).toMatchObject([{ ord: 6 }]);
      expect(await cancel(desk, "r1")).toMatchObject({ outcome: "ok" });
    });

    test("copies only what had settled before a given entry did", async () => {
      await desk.hot("r1");
      await desk.append("r1", done(1, "b"), done(0, "a"), done(2, "c"), sleep(3, start + 900));
      await fork("r1", { before: 2 });
      expect(await desk.journal("f1")).toEqual([
        [1, "completed", "b"],
        [0, "completed", "a"],
      ]);
      expect(await fork("r1", { before: 3, run: { id: "f2" } })).toMatchObject({ outcome: "created", run: { ord: 3 } });
    });

    test("takes along which events were consumed", async () => {
      const waitKeyed = (seq: number) => waitFor(seq, "go", { key: "k" });
      await desk.hot("r1");
      await desk.emit("go", 1, { key: "k" });
      await desk.append("r1", waitKeyed(0), done(1));
      desk.now = start;
      await fork("r1", { before: 1 });
      await fork("r1", { before: 0, run: { id: "f2" } });
      await desk.claim();
      expect((await desk.append("f1", waitKeyed(1))).events).toEqual([]);
      expect(ordered((await desk.append("f2", waitKeyed(0))).events)).toEqual([[0, "completed", 1]]);
    });

    test("says when there is nothing to fork, or something in its place", async () => {
      expect(await fork("none")).toEqual({ outcome: "not_found" });
      await desk.create("r1", { key: "k", inputHash: "1" });
      expect(await fork("r1", { run: { id: "r1" } })).toMatchObject({ outcome: "id_taken" });
      expect(await fork("r1", { run: { key: "k", inputHash: "1" } })).toMatchObject({
        outcome: "existing",
        run: { id: "r1" },
      });
    });

    test("moves unfinished runs to another version, in memory only under their epoch", async () => {
      const move = (run: string, epoch?: number) =>
        desk.store.moveRun({ by: ada, run, version: "v2", now: start, ...(epoch === undefined ? {} : { epoch }) });
      await desk.create("r1");
      expect(await move("r1", 0)).toMatchObject({ outcome: "refused" });
      expect(await move("r1")).toMatchObject({ outcome: "ok", run: { version: "v2" } });
      await desk.hot("r2");
      expect(await move("r2")).toMatchObject({ outcome: "refused", run: { version: "v1" } });
      expect(await move("r2", 2)).toMatchObject({ outcome: "refused" });
      expect(await move("r2", 1)).toMatchObject({ outcome: "ok", run: { version: "v2", epoch: 1 } });
      await desk.append("r2", finish());
      expect((await move("r2")).outcome).toBe("refused");
      expect((await move("none")).outcome).toBe("not_found");
    });
  });
}

export function operatingSuite(name: string, makeStore: MakeStore): void {
  leavingMemory(name, makeStore);
  stopping(name, makeStore);
}
