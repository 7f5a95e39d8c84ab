// The port's tasks: given out under an epoch, settled once, tried again, and gone with what waits for them.
import { describe, expect, test } from "bun:test";
import type { StoreOp } from "../kernel/run-store.ts";
import {
  ada,
  delivered,
  done,
  fail,
  finish,
  problem,
  race,
  read,
  sleep,
  start,
  task,
  undoing,
  started,
  value,
  withStore,
  type MakeStore,
} from "./run-store.fixture.suite.ts";
import { engineItself } from "../kernel/inner-actor.ts";

export function tasksSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: tasks`, () => {
    const desk = withStore(makeStore);
    const listed = async (): Promise<readonly unknown[]> =>
      (await desk.store.listTasks({ limit: 100 })).map((each) => [each.task, each.epoch, each.attempt]);
    const settle = (id: string, epoch: number, attempt = 1) =>
      desk.store.settleTask({ by: engineItself, task: id, epoch, attempt, value: value("done"), now: desk.now });

    test("are open entries until somebody settles them, in memory by a delivery", async () => {
      await desk.hot("r1");
      const begun = await desk.append("r1", task(0, "t0", start + 500));
      expect(begun.events).toEqual([]);
      expect(begun.effects.due).toBe(start + 500);
      const [record] = await desk.store.listTasks({ limit: 10 });
      expect(record).toMatchObject({
        task: "t0",
        run: "r1",
        workflow: "order",
        version: "v1",
        seq: 0,
        name: "resize",
        plan: { key: "r:0", retry: { attemptsMax: 3 } },
        epoch: 1,
        attempt: 1,
        createdAt: start,
        deadline: start + 500,
      });
      expect(read(record?.input)).toEqual({ width: 0 });
      desk.now = start + 7;
      const settled = await settle("t0", 1);
      if (settled.outcome !== "ok") throw new Error("it was not settled");
      expect(delivered(settled.effects)).toEqual([["r1", 0, "completed", "done"]]);
      expect(await desk.journal("r1")).toEqual([[0, "completed", "done"]]);
      expect(await listed()).toEqual([]);
      expect(await settle("t0", 1)).toEqual({ outcome: "stale" });
    });

    test("that have an undo are counted with it, and one that takes something back is an undo in the journal", async () => {
      await desk.hot("r1");
      await desk.append("r1", { ...task(0, "t0"), undo: true } as StoreOp);
      const settled = await settle("t0", 1);
      expect(settled.outcome).toBe("ok");
      const { entries } = await desk.store.readJournal({ run: "r1", bytesMax: 1_000_000 });
      expect(entries).toMatchObject([{ seq: 0, kind: "task", status: "completed", undo: true }]);
      await desk.append("r1", undoing());
      await desk.append("r1", task(-1, "t1"));
      expect(await listed()).toEqual([["t1", 1, 1]]);
      expect(await settle("t1", 1)).toMatchObject({ outcome: "ok" });
      const after = await desk.store.readJournal({ run: "r1", bytesMax: 1_000_000 });
      expect(after.entries.map(({ seq, kind, status }) => [seq, kind, status])).toEqual([
        [0, "task", "completed"],
        [-1, "undo", "completed"],
      ]);
    });

    test("make a parked run ready, with an error as with a value", async () => {
      await desk.parked("r1", [task(0, "t0")]);
      const error = problem("no memory");
      const failed = await desk.store.settleTask({
        by: engineItself,
        task: "t0",
        epoch: 1,
        attempt: 1,
        error,
        now: desk.now,
      });
      expect(failed).toMatchObject({ outcome: "ok", effects: { ready: 1, touched: ["r1"] } });
      expect(await desk.journal("r1")).toEqual([[0, "failed", "no memory"]]);
      expect(await desk.claimIds()).toEqual(["r1"]);
    });

    test("without a value settle with nothing", async () => {
      await desk.hot("r1");
      await desk.append("r1", task(0, "t0"));
      await desk.store.settleTask({ by: engineItself, task: "t0", epoch: 1, attempt: 1, now: desk.now });
      expect(await desk.journal("r1")).toEqual([[0, "completed", undefined]]);
    });

    test("are given out once more under a higher epoch, and what was under the lower one is stale", async () => {
      await desk.hot("r1");
      await desk.append("r1", task(0, "t0"), task(1, "t1"));
      const tasks = [
        { task: "t0", epoch: 1 },
        { task: "t1", epoch: 2 },
        { task: "t9", epoch: 1 },
      ];
      expect(await desk.store.claimTasks({ by: engineItself, tasks, now: desk.now })).toEqual({
        claimed: [{ task: "t0", epoch: 2 }],
      });
      expect(await settle("t0", 1)).toEqual({ outcome: "stale" });
      expect(await listed()).toEqual([
        ["t0", 2, 1],
        ["t1", 1, 1],
      ]);
      expect(await settle("t0", 2)).toMatchObject({ outcome: "ok" });
    });

    test("that failed are tried again: the attempt is kept, its epoch is over", async () => {
      await desk.hot("r1");
      await desk.append("r1", task(0, "t0"));
      const failed = { task: "t0", epoch: 1, attempt: 1, error: problem("again"), startedAt: start, due: start + 50 };
      expect(await desk.store.retryTask({ by: engineItself, ...failed, now: start + 5 })).toMatchObject({
        outcome: "ok",
      });
      expect(await desk.store.retryTask({ by: engineItself, ...failed, now: start + 5 })).toEqual({ outcome: "stale" });
      const [again] = await desk.store.listTasks({ limit: 10 });
      expect(again).toMatchObject({ epoch: 2, attempt: 2, notBefore: start + 50, createdAt: start });
      const attempts = await desk.store.figures.listAttempts({ run: "r1" });
      expect(attempts.map(({ seq, attempt, end }) => [seq, attempt, end])).toEqual([[0, 1, start + 5]]);
      desk.now = start + 60;
      await settle("t0", 2, 2);
      const { entries } = await desk.store.readJournal({ run: "r1", bytesMax: 1_000_000 });
      expect(entries).toMatchObject([{ kind: "task", attempt: 2, status: "completed", end: start + 60 }]);
      expect(entries[0]?.error).toBeUndefined();
    });

    test("fail when their time is up", async () => {
      await desk.parked("r1", [task(0, "t0", start + 100)]);
      expect(await desk.fire(start + 100)).toMatchObject({ fired: 1, effects: { ready: 1 } });
      expect(await desk.journal("r1")).toEqual([[0, "failed", "time limit"]]);
      expect(await settle("t0", 1)).toEqual({ outcome: "stale" });
    });

    test("go with a lost race, an end, an undoing and a retry", async () => {
      await desk.hot("lost");
      await desk.append("lost", task(0, "lost"), done(1), race(2, [0]));
      await desk.hot("ended");
      await desk.append("ended", task(0, "ended"), finish());
      await desk.hot("undone");
      await desk.append("undone", started(0), done(0, 1, { undo: true }), task(1, "undone"), undoing());
      await desk.parked("cancelled", [task(0, "cancelled")]);
      const notice = { status: "cancelled", reason: "cancelled_by_user", message: "no" } as const;
      await desk.store.cancelRun({ by: ada, run: "cancelled", notice, error: problem("no"), now: desk.now });
      await desk.hot("blocked");
      await desk.append("blocked", task(0, "blocked"));
      const { epoch } = await desk.run("blocked");
      const blocked = {
        by: engineItself,
        run: "blocked",
        epoch,
        reason: "poison",
        error: problem("no"),
        now: desk.now,
      } as const;
      await desk.store.blockRun(blocked);
      expect(await listed()).toEqual([["blocked", 1, 1]]);
      await desk.store.retryRun({ by: ada, run: "blocked", now: desk.now });
      expect(await listed()).toEqual([]);
      for (const id of ["lost", "ended", "undone", "cancelled", "blocked"])
        expect(await settle(id, 1)).toEqual({ outcome: "stale" });
    });

    test("outlive their engine and the incarnation that asked for them", async () => {
      await desk.hot("r1");
      await desk.append("r1", task(0, "t0"));
      await desk.store.recover({ by: engineItself, owner: "engine-2", now: desk.now });
      expect(await listed()).toEqual([["t0", 1, 1]]);
      expect(await settle("t0", 1)).toMatchObject({ outcome: "ok", effects: { ready: 0 } });
      expect(await desk.journal("r1")).toEqual([[0, "completed", "done"]]);
    });

    test("that a retry has done again go on when the next life of the run asks for them, whatever that calls them", async () => {
      await desk.hot("r1");
      await desk.append("r1", { ...task(0, "t0"), undo: true } as StoreOp);
      await settle("t0", 1);
      await desk.append("r1", undoing(), task(-1, "u0"));
      await settle("u0", 1);
      await desk.append("r1", fail());
      await desk.store.retryRun({ by: ada, run: "r1", now: desk.now });
      const [second] = await desk.claim();
      await desk.append("r1", { ...task(0, "t1"), undo: true } as StoreOp);
      await desk.store.claimTasks({ by: engineItself, tasks: [{ task: "t1", epoch: 1 }], now: desk.now });
      const lost = [{ run: "r1", epoch: second?.run.epoch ?? 0 }];
      await desk.store.releaseRuns({ by: engineItself, runs: lost, crashed: false, now: desk.now });
      const [third] = await desk.claim();
      expect(third?.journal).toMatchObject([{ seq: 0, kind: "task", status: "running", place: expect.any(Number) }]);
      await desk.append("r1", { ...task(0, "t2"), undo: true } as StoreOp);
      expect(await listed()).toEqual([["t1", 2, 1]]);
      expect(await settle("t2", 1)).toEqual({ outcome: "stale" });
      expect(await settle("t1", 2)).toMatchObject({ outcome: "ok" });
    });

    test("that a retry has done again are given up where other code asks for another in the place", async () => {
      await desk.hot("r1");
      await desk.append("r1", { ...task(0, "t0"), undo: true } as StoreOp);
      await settle("t0", 1);
      await desk.append("r1", undoing(), task(-1, "u0"));
      await settle("u0", 1);
      await desk.append("r1", fail());
      await desk.store.retryRun({ by: ada, run: "r1", now: desk.now });
      const [second] = await desk.claim();
      await desk.append("r1", { ...task(0, "t1", start + 900), undo: true } as StoreOp);
      const lost = [{ run: "r1", epoch: second?.run.epoch ?? 0 }];
      await desk.store.releaseRuns({ by: engineItself, runs: lost, crashed: false, now: desk.now });
      await desk.claim();
      await desk.append("r1", { ...task(0, "t2", start + 700), name: "rotate", undo: true } as StoreOp);
      expect(await desk.store.listTasks({ limit: 9 })).toMatchObject([
        { task: "t2", name: "rotate", epoch: 1, attempt: 1, deadline: start + 700 },
      ]);
      expect(await settle("t1", 1)).toEqual({ outcome: "stale" });
      expect(await settle("t2", 1)).toMatchObject({ outcome: "ok" });
      const { entries } = await desk.store.readJournal({ run: "r1", bytesMax: 1_000_000 });
      expect(entries).toMatchObject([{ seq: 0, kind: "task", name: "rotate", status: "completed" }]);
    });

    test("are no part of a fork or of a retry of what had ended", async () => {
      await desk.hot("r1");
      await desk.append("r1", task(0, "t0"), sleep(1, start));
      await settle("t0", 1);
      await desk.append("r1", task(2, "t2"), fail());
      await desk.store.forkRun({ by: ada, from: "r1", run: desk.newRun("r2"), now: desk.now });
      expect((await desk.journal("r2")).map(([seq, status]) => [seq, status])).toEqual([
        [1, "completed"],
        [0, "completed"],
      ]);
      await desk.store.retryRun({ by: ada, run: "r1", now: desk.now });
      expect(await listed()).toEqual([]);
    });

    test("write to the log of their run, each line once, while they are given out", async () => {
      await desk.hot("r1");
      await desk.append("r1", task(0, "t0"));
      const line = { op: "log", key: "task 0:1:0", level: "info", message: "half way", at: start } as const;
      const note = { by: engineItself, task: "t0", epoch: 1, lines: [line], progress: value(0.5), now: desk.now };
      expect(await desk.store.noteTask(note)).toMatchObject({ outcome: "ok" });
      await desk.store.noteTask(note);
      expect(await desk.store.noteTask({ ...note, epoch: 2 })).toEqual({ outcome: "stale" });
      expect(await desk.store.listLogs({ run: "r1", after: 0, limit: 10 })).toMatchObject([{ message: "half way" }]);
      expect(read((await desk.run("r1")).progress)).toBe(0.5);
    });

    test("are listed in pages, in the order in which they were made", async () => {
      await desk.hot("r1");
      await desk.append("r1", task(0, "t0"), task(1, "t1"), task(2, "t2"));
      const first = await desk.store.listTasks({ limit: 2 });
      expect(first.map((each) => each.task)).toEqual(["t0", "t1"]);
      const rest = await desk.store.listTasks({ after: first[1]?.place, limit: 2 });
      expect(rest.map((each) => each.task)).toEqual(["t2"]);
    });
  });
}
