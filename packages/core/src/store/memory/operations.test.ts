import { describe, expect, test } from "bun:test";
import { Fixture, by, newRun, op, value } from "./fixture.suite.ts";
import { engineItself } from "../../kernel/inner-actor.ts";

const at = { by, now: 1000 };

describe("pausing and resuming", () => {
  test("stops a parked run, and a delayed one for as long as it takes", async () => {
    const f = new Fixture();
    await f.create("ready");
    await f.create("delayed", { dueAt: 5000 });
    for (const run of ["ready", "delayed"]) {
      expect(await f.store.pauseRun({ ...at, run })).toMatchObject({ outcome: "ok", run: { status: "paused" } });
      expect(await f.store.pauseRun({ ...at, run })).toMatchObject({ outcome: "ok" });
    }
    expect((await f.fire(5000)).fired).toBe(0);
    expect(await f.claim()).toEqual([]);
    const due = { ...at, now: 5000, run: "delayed" };
    expect(await f.store.resumeRun(due)).toMatchObject({ outcome: "ok", effects: { ready: 1 } });
    expect(await f.store.resumeRun(due)).toMatchObject({ outcome: "refused" });
    expect(await f.claim()).toEqual(["delayed"]);
  });

  test("takes back a pause the run in memory has not come to", async () => {
    const f = new Fixture();
    await f.hot("a");
    expect(await f.store.resumeRun({ ...at, run: "a" })).toMatchObject({ outcome: "refused" });
    await f.store.pauseRun({ ...at, run: "a" });
    expect(await f.store.pauseRun({ ...at, run: "a" })).toMatchObject({ outcome: "ok", effects: { deliveries: [] } });
    expect(await f.store.resumeRun({ ...at, run: "a" })).toMatchObject({ outcome: "ok", run: { status: "running" } });
    const released = await f.store.releaseRuns({
      by: engineItself,
      runs: [{ run: "a", epoch: 1 }],
      crashed: false,
      now: 1000,
    });
    expect(released.released).toMatchObject([{ status: "queued" }]);
  });

  test("is refused where there is nothing to pause", async () => {
    const f = new Fixture();
    for (const id of ["ended", "blocked", "undoing"]) await f.hot(id);
    await f.append("ended", op.finish());
    await f.append("undoing", { op: "undoing", status: "failed" });
    await f.store.blockRun({ by: engineItself, run: "blocked", reason: "poison", error: value(1), now: 1000 });
    for (const run of ["ended", "blocked", "undoing"]) {
      expect(await f.store.pauseRun({ ...at, run })).toMatchObject({ outcome: "refused", run: { id: run } });
    }
    expect(await f.store.pauseRun({ ...at, run: "none" })).toEqual({ outcome: "not_found" });
  });
});

describe("blocking", () => {
  test("needs the epoch when one is given, and ends with what caused it", async () => {
    const f = new Fixture();
    await f.hot("a");
    await f.create("b", { workflow: "other" });
    const block = (run: string, epoch?: number) =>
      f.store.blockRun({ by: engineItself, run, epoch, reason: "version_unavailable", error: value("e"), now: 1000 });
    expect(await block("a", 7)).toMatchObject({ outcome: "refused" });
    expect(await block("a", 1)).toMatchObject({ outcome: "ok", run: { blocked: true, owner: undefined, epoch: 2 } });
    expect(await block("b")).toMatchObject({ outcome: "ok", run: { epoch: 1 } });
    const unblock = (p: { workflow?: string; version?: string }, reason: "poison" | "version_unavailable") =>
      f.store.unblockRuns({ by: engineItself, reasons: [reason], ...p, now: 1000 });
    expect((await unblock({}, "poison")).effects.ready).toBe(0);
    expect((await unblock({ version: "v2" }, "version_unavailable")).effects.ready).toBe(0);
    expect((await unblock({ workflow: "w", version: "v1" }, "version_unavailable")).effects.ready).toBe(1);
    expect((await unblock({}, "version_unavailable")).effects.touched).toEqual(["b"]);
    expect(await f.claim()).toEqual(["a", "b"]);
  });
});

describe("retrying", () => {
  test("removes what ended the run and what was open", async () => {
    const f = new Fixture();
    await f.hot("a", { timeoutAt: 9000 });
    await f.append("a", op.done(0, "kept"), op.failed(1), op.failed(2), op.sleep(3, 5000), op.approval(4, "tok"));
    await f.append("a", op.fail(1));
    const retried = await f.store.retryRun({ ...at, run: "a", version: "v2", timeoutAt: 12_000 });
    expect(retried).toMatchObject({
      outcome: "ok",
      run: {
        status: "queued",
        attempt: 2,
        generation: 0,
        version: "v2",
        timeoutAt: 12_000,
        epoch: 3,
        error: undefined,
      },
      effects: { ready: 1, due: 12_000 },
    });
    expect((await f.run("a")).endedAt).toBeUndefined();
    expect(await f.journal("a")).toEqual([
      [0, "completed", "kept"],
      [2, "failed", { name: "Error", message: "no" }],
    ]);
    expect(await f.store.getToken({ token: "tok" })).toBeUndefined();
    expect((await f.store.stats()).timers).toBe(1);
  });

  test("without a cause removes the failed entry that settled last", async () => {
    const f = new Fixture();
    await f.hot("a");
    await f.append("a", op.failed(1), op.failed(0), op.done(2), op.fail());
    await f.store.retryRun({ ...at, run: "a" });
    expect((await f.journal("a")).map(([seq]) => seq)).toEqual([1, 2]);
  });

  test("forgets what was undone, and gives its events back", async () => {
    const f = new Fixture();
    await f.hot("a");
    await f.store.emitEvent({ ...at, name: "x", payload: value(1) });
    await f.append("a", op.undoable(0), op.done(0), op.event(1, "x"), op.undoable(2), op.failed(2));
    await f.append("a", { op: "undoing", status: "failed" }, op.undone(0), op.undone(1), op.fail(2));
    const retried = await f.store.retryRun({ ...at, run: "a" });
    expect(retried).toMatchObject({ run: { generation: 1, outcome: undefined, status: "queued" } });
    expect((await f.journal("a")).map(([seq, status]) => [seq, status])).toEqual([[0, "running"]]);
    await f.claim();
    expect((await f.append("a", op.event(1, "x"))).events).toHaveLength(1);
    expect(await f.park("a")).toBe("ready");
    const notice = { status: "cancelled", reason: "cancelled_by_user", message: "" } as const;
    const cancelled = await f.store.cancelRun({ ...at, run: "a", notice, error: value(1) });
    expect(cancelled).toMatchObject({ run: { status: "cancelled" } });
  });

  test("of a blocked run keeps its failures; others than stopped runs are refused", async () => {
    const f = new Fixture();
    for (const id of ["blocked", "hot", "done"]) await f.hot(id);
    await f.append("blocked", op.failed(0), op.sleep(1, 5000), { op: "blocked", reason: "poison", error: value(1) });
    expect(await f.store.retryRun({ ...at, run: "blocked" })).toMatchObject({ outcome: "ok", run: { blocked: false } });
    expect((await f.journal("blocked")).map(([seq]) => seq)).toEqual([0]);
    await f.append("done", op.finish());
    for (const run of ["hot", "done"])
      expect(await f.store.retryRun({ ...at, run })).toMatchObject({ outcome: "refused" });
  });
});

describe("forking", () => {
  test("copies what had settled before an entry did", async () => {
    const f = new Fixture();
    await f.hot("a");
    await f.store.emitEvent({ ...at, name: "x", payload: value(1) });
    await f.append(
      "a",
      op.done(1, "b"),
      op.event(0, "x"),
      op.undoable(2),
      op.done(2),
      op.done(3, "c"),
      op.sleep(4, 5000),
    );
    const fork = (id: string, before?: number) =>
      f.store.forkRun({ ...at, from: "a", before, run: newRun(id, { forkedFrom: "a" }) });
    expect(await fork("all")).toMatchObject({
      outcome: "created",
      run: { ord: 4, forkedFrom: "a" },
      effects: { ready: 1 },
    });
    await fork("some", 3);
    await fork("open", 4);
    expect((await f.journal("all")).map(([seq]) => seq)).toEqual([1, 0, 2, 3]);
    expect((await f.journal("some")).map(([seq]) => seq)).toEqual([1, 0, 2]);
    expect((await f.journal("open")).map(([seq]) => seq)).toEqual([1, 0, 2, 3]);
    const { entries } = await f.store.readJournal({ run: "all", bytesMax: 1e6 });
    expect(entries.some((entry) => entry.undo === true)).toBe(false);
    expect(await fork("some")).toMatchObject({ outcome: "id_taken" });
    expect(await f.store.forkRun({ ...at, from: "none", run: newRun("z") })).toEqual({ outcome: "not_found" });
    await f.claim();
    expect((await f.append("some", op.event(5, "x"))).events).toEqual([]);
    expect((await f.append("some", op.done(6))).events).toMatchObject([{ ord: 4 }]);
  });
});

describe("moving and deleting", () => {
  test("a run can move to another version, one in memory by those who hold it", async () => {
    const f = new Fixture();
    await f.create("a");
    await f.hot("b");
    expect(await f.store.moveRun({ by, run: "a", version: "v2", now: 1000 })).toMatchObject({ run: { version: "v2" } });
    const move = (epoch?: number) => f.store.moveRun({ by, run: "b", epoch, version: "v3", now: 1000 });
    expect([await move(), await move(2)]).toMatchObject([{ outcome: "refused" }, { outcome: "refused" }]);
    expect(await move(1)).toMatchObject({ outcome: "ok", run: { version: "v3", owner: "e1" } });
    expect(await f.store.moveRun({ by, run: "a", epoch: 0, version: "v3", now: 1000 })).toMatchObject({
      outcome: "refused",
    });
    expect(await f.store.versionsInUse()).toEqual([
      { version: "v2", runs: 1 },
      { version: "v3", runs: 1 },
    ]);
  });

  test("an ended run is deleted with all that is its own", async () => {
    const f = new Fixture();
    await f.hot("a", { key: "k" });
    await f.hot("b");
    const set = {
      op: "state",
      seq: 0,
      name: "run:set:s",
      key: "s",
      n: 0,
      scope: "run:a",
      verb: "set",
      value: value(1),
    } as const;
    await f.append("a", set, op.approval(1, "tok"), op.finish());
    expect(await f.store.deleteRuns({ by, runs: ["a", "b", "none"], now: 1000 })).toEqual({ deleted: ["a"] });
    expect(await f.store.getRun({ run: "a" })).toBeUndefined();
    expect(await f.store.getToken({ token: "tok" })).toBeUndefined();
    expect(await f.store.getState({ scope: "run:a", key: "s", now: 1000 })).toBeUndefined();
    expect(await f.store.findByKey({ workflow: "w", key: "k" })).toBeUndefined();
    await f.create("a", { key: "k" });
  });

  test("old and surplus runs are purged, oldest first", async () => {
    const f = new Fixture();
    for (const end of [1, 2, 3, 4, 5]) {
      f.now = end * 1000;
      await f.hot(`r${end}`);
      await f.append(`r${end}`, op.finish());
    }
    await f.hot("running");
    await f.hot("other", { workflow: "other" });
    await f.append("other", op.finish());
    const left = async () =>
      (await f.store.listRuns({ filter: { workflow: "w" }, limit: 10 })).runs.map(({ id }) => id);
    expect(await f.store.purgeRuns({ by: engineItself, workflow: "w", endedBefore: 3000, limit: 1 })).toEqual({
      deleted: 1,
    });
    expect(await left()).toEqual(["running", "r5", "r4", "r3", "r2"]);
    expect(await f.store.purgeRuns({ by: engineItself, workflow: "w", endedBefore: 3000, keep: 9, limit: 9 })).toEqual({
      deleted: 1,
    });
    expect(await f.store.purgeRuns({ by: engineItself, workflow: "w", keep: 1, limit: 9 })).toEqual({ deleted: 2 });
    expect(await left()).toEqual(["running", "r5"]);
    expect(await f.store.purgeRuns({ by: engineItself, workflow: "w", limit: 9 })).toEqual({ deleted: 0 });
  });
});
