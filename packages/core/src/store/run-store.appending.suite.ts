// The port's append: steps and their attempts, undos, races, idleness, what a run says of itself.
import { describe, expect, test } from "bun:test";
import { encodeBlobRef } from "../kernel/blob-ref.ts";
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
  lock,
  log,
  ordered,
  patched,
  race,
  read,
  retry,
  sleep,
  start,
  state,
  started,
  undoing,
  undone,
  unlock,
  value,
  waitFor,
  withStore,
  type MakeStore,
} from "./run-store.fixture.suite.ts";
import { engineItself } from "../kernel/inner-actor.ts";

export function appendingSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: steps`, () => {
    const desk = withStore(makeStore);

    test("settle in the order of their commits, without sending back what the worker has", async () => {
      await desk.hot("r1");
      desk.now = start + 50;
      const first = await desk.append("r1", done(1, "b"), failed(0, "bad", { attempt: 3 }));
      expect(first).toMatchObject({
        status: "running",
        effects: { deliveries: [], finished: [], ready: 0, touched: [] },
      });
      expect(first.events).toEqual([
        { event: "settle", seq: 1, ord: 1, status: "completed", at: start + 50 },
        { event: "settle", seq: 0, ord: 2, status: "failed", at: start + 50 },
      ]);
      expect((await desk.append("r1", patched(2, "fix"))).events).toMatchObject([
        { seq: 2, ord: 3, status: "completed" },
      ]);
      const { entries } = await desk.store.readJournal({ run: "r1", bytesMax: 1_000_000 });
      expect(entries).toMatchObject([
        {
          seq: 1,
          kind: "step",
          name: "step 1",
          n: 0,
          status: "completed",
          ord: 1,
          attempt: 1,
          at: start,
          end: start + 50,
        },
        { seq: 0, kind: "step", status: "failed", ord: 2, attempt: 3 },
        { seq: 2, kind: "patched", name: "fix", status: "completed", ord: 3 },
      ]);
      expect(read(entries[0]?.value)).toBe("b");
      expect(entries[0]?.error).toBeUndefined();
      expect(entries[0]?.undo ?? false).toBe(false);
      expect((await desk.run("r1")).ord).toBe(3);
    });

    test("keep the time at which they ended where the worker says it", async () => {
      await desk.hot("r1");
      desk.now = start + 50;
      const step = {
        op: "done",
        kind: "step",
        seq: 0,
        name: "s",
        n: 0,
        at: start,
        end: start + 40,
        attempt: 1,
      } as const;
      expect((await desk.append("r1", { ...step, value: value(1) })).events).toMatchObject([
        { seq: 0, at: start + 40 },
      ]);
      const { entries } = await desk.store.readJournal({ run: "r1", bytesMax: 1_000_000 });
      expect(entries).toMatchObject([{ seq: 0, at: start, end: start + 40 }]);
    });

    test("that merely began leave no trace, those with an undo are journaled first", async () => {
      await desk.hot("r1");
      const began = await desk.append(
        "r1",
        { op: "started", seq: 0, name: "plain", n: 0, at: start, attempt: 1, undo: false },
        started(1),
      );
      expect(began.events).toEqual([{ event: "started", seq: 1 }]);
      const open = (await desk.store.readJournal({ run: "r1", bytesMax: 1_000_000 })).entries;
      expect(open).toMatchObject([{ seq: 1, kind: "step", status: "running", ord: 0, attempt: 1, end: 0, undo: true }]);
      await desk.append("r1", done(1, "x", { undo: true }));
      const settled = (await desk.store.readJournal({ run: "r1", bytesMax: 1_000_000 })).entries;
      expect(settled).toMatchObject([{ seq: 1, status: "completed", ord: 1, undo: true }]);
    });

    test("that failed are tried again when their time has come", async () => {
      await desk.hot("r1");
      const again = await desk.append("r1", retry(0, start + 1_000), idle("waiting_for_retry"));
      expect(again).toMatchObject({ events: [], status: "waiting", effects: { due: start + 1_000 } });
      const open = (await desk.store.readJournal({ run: "r1", bytesMax: 1_000_000 })).entries;
      expect(open).toMatchObject([{ seq: 0, kind: "step", status: "running", attempt: 1, due: start + 1_000 }]);
      expect(open[0]?.error).toBeDefined();
      const fired = await desk.fire(start + 1_000);
      expect(fired.effects.deliveries).toEqual([
        { run: "r1", epoch: 1, owner: engine, event: { event: "wake", seq: 0 } },
      ]);
      expect((await desk.run("r1")).status).toBe("running");
      await desk.append("r1", done(0, "at last", { attempt: 2 }));
      const { entries } = await desk.store.readJournal({ run: "r1", bytesMax: 1_000_000 });
      expect(entries).toMatchObject([{ seq: 0, status: "completed", ord: 1, attempt: 2 }]);
      expect(entries[0]?.error).toBeUndefined();
    });

    test("of a parked run that are due make it ready", async () => {
      await desk.parked("r1", [retry(0, start + 1_000)]);
      const fired = await desk.fire(start + 1_000);
      expect(fired).toMatchObject({ fired: 1, effects: { deliveries: [], ready: 1, touched: ["r1"] } });
      expect(await desk.claim()).toMatchObject([{ run: { id: "r1" }, journal: [{ seq: 0, status: "running" }] }]);
    });

    test("that settle while their retry is pending need no wake", async () => {
      await desk.hot("r1");
      await desk.append("r1", retry(0, start + 1_000, 1));
      await desk.append("r1", done(0, "early", { attempt: 2 }));
      expect(await desk.fire(start + 1_000)).toMatchObject({ fired: 0 });
    });
  });

  describe(`${name}: idle runs`, () => {
    const desk = withStore(makeStore);

    test("wait with their reason, until something settles", async () => {
      await desk.hot("r1");
      expect((await desk.append("r1", waitFor(0, "paid"), idle("waiting_for_event"))).status).toBe("waiting");
      expect(await desk.run("r1")).toMatchObject({ status: "waiting", reason: "waiting_for_event", owner: engine });
      const { effects } = await desk.emit("paid", 5);
      expect(delivered(effects)).toEqual([["r1", 0, "completed", 5]]);
      const woken = await desk.run("r1");
      expect([woken.status, woken.reason]).toEqual(["running", undefined]);
    });

    test("are not idle when something settled in the same commit", async () => {
      await desk.hot("r1");
      expect((await desk.append("r1", sleep(0, start), idle("sleeping"))).status).toBe("running");
      expect((await desk.append("r1", done(1), idle("sleeping"))).status).toBe("running");
    });

    test("run on when an own step settles", async () => {
      await desk.hot("r1");
      await desk.append("r1", waitFor(0, "paid"), idle("waiting_for_event"));
      expect((await desk.append("r1", done(1))).status).toBe("running");
    });
  });

  describe(`${name}: races`, () => {
    const desk = withStore(makeStore);

    test("close what the losers wait for and settle only themselves", async () => {
      await desk.hot("r1");
      const child = desk.newRun("c1", { workflow: "ship", parent: { run: "r1", seq: 3, detached: false } });
      await desk.append(
        "r1",
        done(0, "won"),
        sleep(1, start + 1_000),
        approval(2, "t1"),
        call(3, child),
        retry(4, start + 1_000),
      );
      const ended = await desk.append("r1", race(5, [1, 2, 3, 4, 77]));
      expect(ended.events).toEqual([{ event: "settle", seq: 5, ord: 2, status: "completed", at: start }]);
      expect(ended.effects.finished).toMatchObject([{ run: "c1", status: "cancelled", reason: "cancelled_by_parent" }]);
      expect(await desk.journal("r1")).toEqual([
        [0, "completed", "won"],
        [5, "completed", "a"],
        [1, "aborted", undefined],
        [2, "aborted", undefined],
        [3, "aborted", undefined],
        [4, "aborted", undefined],
      ]);
      expect((await desk.store.getToken({ token: "t1" }))?.status).toBe("expired");
      expect(await desk.fire(start + 1_000)).toMatchObject({ fired: 0 });
    });

    test("are over for a loser that settles late", async () => {
      await desk.hot("r1");
      await desk.append("r1", retry(0, start + 1_000), done(1), race(2, [0]));
      const late = await desk.append("r1", done(0, "late", { attempt: 2 }));
      expect(late.events).toEqual([]);
      expect(await desk.journal("r1")).toEqual([
        [1, "completed", undefined],
        [2, "completed", "a"],
        [0, "aborted", undefined],
      ]);
    });

    test("give back the events that losers had taken", async () => {
      await desk.hot("r1");
      await desk.emit("paid", 1);
      const taken = await desk.append("r1", waitFor(0, "paid"), done(1), race(2, [0]), waitFor(3, "paid"));
      expect(ordered(taken.events).at(-1)).toEqual([3, "completed", 1]);
      expect((await desk.journal("r1")).at(-1)).toEqual([0, "aborted", undefined]);
    });

    test("pass on the locks that losers were given and never saw, and no others", async () => {
      await desk.hot("r1");
      await desk.hot("r2");
      await desk.append(
        "r1",
        lock(0, "kept"),
        lock(1, "lost"),
        lock(2, "again"),
        unlock(3, "again", 1),
        lock(4, "again"),
      );
      await desk.append("r2", lock(0, "lost"), lock(1, "kept"), lock(2, "again"));
      const ended = await desk.append("r1", done(5), race(6, [1, 2]));
      expect(
        ended.effects.deliveries.map(({ run, event }) => [run, event.event === "settle" ? event.seq : -1]),
      ).toEqual([["r2", 0]]);
    });
  });

  describe(`${name}: the end of a run`, () => {
    const desk = withStore(makeStore);

    test("is written with its results", async () => {
      await desk.hot("r1");
      desk.now = start + 500;
      const ended = await desk.append("r1", done(0, 1), finish({ total: 3 }));
      expect(ended.status).toBe("completed");
      expect(ended.effects.finished).toEqual([
        { run: "r1", workflow: "order", status: "completed", output: value({ total: 3 }) },
      ]);
      const run = await desk.run("r1");
      expect(run).toMatchObject({ status: "completed", epoch: 2, endedAt: start + 500, ord: 1 });
      expect([read(run.output), run.error, run.owner]).toEqual([{ total: 3 }, undefined, undefined]);
      await desk.hot("r2");
      await desk.append("r2", failed(0), fail(0));
      expect(await desk.run("r2")).toMatchObject({ status: "failed", reason: "error", cause: 0 });
    });

    test("frees its timers and tokens", async () => {
      await desk.hot("r1", { timeoutAt: start + 900 });
      await desk.append("r1", sleep(0, start + 1_000), approval(1, "t1"), finish());
      expect((await desk.store.getToken({ token: "t1" }))?.status).toBe("expired");
      expect(await desk.fire(start + 2_000)).toMatchObject({ fired: 0 });
      expect((await desk.store.stats()).timers).toBe(0);
    });

    test("takes a last word but nothing else", async () => {
      await desk.hot("r1");
      const ended = await desk.append("r1", finish(), done(0), log("bye"));
      expect(ended.events).toEqual([]);
      expect(await desk.journal("r1")).toEqual([]);
      expect(await desk.store.listLogs({ run: "r1", after: 0, limit: 9 })).toMatchObject([{ line: 1, message: "bye" }]);
    });

    test("goes through undoing when there is something to undo", async () => {
      await desk.hot("r1", { timeoutAt: start + 700 });
      await desk.append("r1", started(0), done(0, 1, { undo: true }), sleep(1, start + 500), approval(2, "t1"));
      expect(await desk.append("r1", undoing())).toMatchObject({ status: "undoing", events: [] });
      const run = await desk.run("r1");
      expect(run).toMatchObject({ status: "undoing", owner: engine, outcome: { status: "failed", reason: "error" } });
      expect(run.outcome?.error).toBeDefined();
      expect((await desk.store.getToken({ token: "t1" }))?.status).toBe("expired");
      expect(await desk.fire(start + 800)).toMatchObject({ fired: 0 });
      expect((await desk.append("r1", idle("waiting_for_retry"))).status).toBe("undoing");
      await desk.append("r1", undone(0), fail());
      expect((await desk.run("r1")).status).toBe("failed");
      expect(await desk.journal("r1")).toEqual([
        [0, "completed", 1],
        [-1, "completed", undefined],
        [1, "running", undefined],
        [2, "running", undefined],
      ]);
    });

    test("does not come when the code cannot go on: the run is blocked", async () => {
      await desk.hot("r1");
      const blocked = await desk.append("r1", { op: "blocked", reason: "non_determinism", error: value("why") });
      expect(blocked).toMatchObject({ status: "waiting", effects: { ready: 0 } });
      expect(await desk.run("r1")).toMatchObject({
        status: "waiting",
        blocked: true,
        reason: "non_determinism",
        epoch: 2,
      });
      expect(read((await desk.run("r1")).error)).toBe("why");
      expect(await desk.claim()).toEqual([]);
    });
  });

  describe(`${name}: what a run says of itself`, () => {
    const desk = withStore(makeStore);

    test("is kept: lines of its log by number, and its last progress", async () => {
      await desk.hot("r1");
      await desk.hot("r2");
      const at = start + 3;
      await desk.append("r1", { op: "log", level: "warn", message: "one", data: value({ a: 1 }), at }, log("two"));
      await desk.append("r2", log("other"));
      await desk.append(
        "r1",
        { op: "log", level: "info", message: "three", at: start, key: "1:step 0:1:0:charge" },
        { op: "progress", value: value(0.5), at: start },
      );
      await desk.append("r1", { op: "progress", value: value(0.75), at: start });
      const lines = await desk.store.listLogs({ run: "r1", after: 0, limit: 2 });
      expect(lines).toMatchObject([
        { line: 1, level: "warn", message: "one", at: start + 3 },
        { line: 2, message: "two" },
      ]);
      expect(read(lines[0]?.data)).toEqual({ a: 1 });
      expect(lines[1]?.data).toBeUndefined();
      expect(await desk.store.listLogs({ run: "r1", after: 2, limit: 9 })).toMatchObject([
        { line: 3, message: "three", key: "1:step 0:1:0:charge" },
      ]);
      expect(read((await desk.run("r1")).progress)).toBe(0.75);
    });
  });

  describe(`${name}: references to blobs`, () => {
    const desk = withStore(makeStore);
    const ref = (character: string) => encodeBlobRef(character.repeat(64));
    const used = (...characters: string[]) =>
      desk.store.blobsInUse({ blobs: characters.map((character) => character.repeat(64)) });

    test("are in use as long as what names them is there", async () => {
      await desk.hot("r1", { input: ref("a") });
      const step = {
        op: "done",
        kind: "step",
        seq: 0,
        name: "s",
        n: 0,
        at: start,
        attempt: 1,
        value: ref("b"),
      } as const;
      await desk.append("r1", step, { op: "finish", status: "completed", output: ref("c") });
      await desk.store.emitEvent({ by: ada, name: "big", payload: ref("d"), content: value(1), now: start });
      await desk.store.setState({ by: ada, scope: "global", key: "k", value: ref("e"), now: start });
      expect(await used("a", "b", "c", "d", "e", "f")).toEqual(["a", "b", "c", "d", "e"].map((c) => c.repeat(64)));
      await desk.store.deleteRuns({ by: ada, runs: ["r1"], now: desk.now });
      expect(await used("a", "b", "c", "d", "e")).toEqual(["d", "e"].map((c) => c.repeat(64)));
      await desk.store.sweep({ by: engineItself, now: start, eventsBefore: start + 1, limit: 9 });
      await desk.store.setState({ by: ada, scope: "global", key: "k", value: value(1), now: start });
      expect(await used("a", "b", "c", "d", "e")).toEqual([]);
    });

    test("are in use by a fork when the run that it was made from is gone", async () => {
      await desk.hot("r1", { input: ref("a") });
      const step = { op: "done", kind: "step", seq: 0, name: "s", n: 0, at: start, attempt: 1 } as const;
      await desk.append("r1", { ...step, value: ref("b") }, finish());
      const run = desk.newRun("f1", { forkedFrom: "r1", input: ref("a") });
      await desk.store.forkRun({ by: ada, from: "r1", run, now: start });
      await desk.store.deleteRuns({ by: ada, runs: ["r1"], now: desk.now });
      expect(await used("a", "b")).toEqual(["a", "b"].map((c) => c.repeat(64)));
    });

    test("are not in use once a counter has taken the place of a value that expired", async () => {
      const key = { by: ada, scope: "global", key: "count", value: ref("a") };
      await desk.store.setState({ ...key, expiresAt: start + 100, now: start });
      await desk.hot("r1");
      desk.now = start + 100;
      await desk.append("r1", state(0, "incr"));
      expect(await used("a")).toEqual([]);
    });
  });
}
