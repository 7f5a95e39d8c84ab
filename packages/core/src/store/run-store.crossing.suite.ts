// The port where messages cross and journals are edited: words of a worker that were overtaken, attempts that are cut off,
// what a retry or a copy of a journal has done again: locks and tokens that it no longer stands for, steps that were undone.
import { describe, expect, test } from "bun:test";
import { engineItself } from "../kernel/inner-actor.ts";
import type { StoreOp } from "../kernel/run-store.ts";
import {
  ada,
  callback,
  delivered,
  done,
  fail,
  failed,
  idle,
  lock,
  log,
  ordered,
  retry,
  sleep,
  start,
  started,
  token,
  undoing,
  undone,
  unlock,
  value,
  waitFor,
  withStore,
  type MakeStore,
} from "./run-store.fixture.suite.ts";

type Idle = Extract<StoreOp, { readonly op: "idle" }>;

function overtaken(name: string, makeStore: MakeStore): void {
  describe(`${name}: a run that says it is idle`, () => {
    const desk = withStore(makeStore);
    const say = (more: Partial<Idle>): StoreOp => ({ ...idle("sleeping"), ...more }) as StoreOp;

    test("is not when a settlement is on its way to it", async () => {
      await desk.hot("r1");
      await desk.append("r1", done(0), sleep(1, start + 100), waitFor(2, "go"));
      await desk.fire(start + 100);
      expect((await desk.append("r1", say({ ord: 1 }))).status).toBe("running");
      expect(await desk.park("r1")).toBe("ready");
    });

    test("is when it knows of everything that settled", async () => {
      await desk.hot("r1");
      await desk.append("r1", done(0), sleep(1, start + 100), waitFor(2, "go"));
      await desk.fire(start + 100);
      expect((await desk.append("r1", say({ ord: 2 }))).status).toBe("waiting");
      expect(await desk.park("r1")).toBe("parked");
    });

    test("is not when its next attempt is due and the word is on its way", async () => {
      await desk.hot("r1");
      await desk.append("r1", retry(0, start + 100), retry(1, start + 900));
      await desk.fire(start + 100);
      expect((await desk.append("r1", say({ ord: 0, retries: [0, 1] }))).status).toBe("running");
      expect((await desk.append("r1", say({ ord: 0, retries: [1] }))).status).toBe("waiting");
    });
  });

  describe(`${name}: a run that stops for a pause`, () => {
    const desk = withStore(makeStore);
    const pause = () => desk.store.pauseRun({ by: ada, run: "r1", now: desk.now });
    const resume = () => desk.store.resumeRun({ by: ada, run: "r1", now: desk.now });

    test.each(["running", "waiting"] as const)(
      "goes on when it was %s and the pause is taken back first",
      async (was) => {
        await desk.hot("r1");
        await desk.append("r1", done(0), sleep(1, start + 900));
        if (was === "waiting") await desk.append("r1", idle());
        await pause();
        expect(await resume()).toMatchObject({ outcome: "ok", run: { status: was } });
        expect(await desk.park("r1", true)).toBe("ready");
        expect(await desk.run("r1")).toMatchObject({ status: "queued", epoch: 2 });
        expect(await desk.claimIds()).toEqual(["r1"]);
      },
    );

    test("is paused when the pause is wanted again", async () => {
      await desk.hot("r1");
      await desk.append("r1", done(0));
      await pause();
      await resume();
      await pause();
      expect(await desk.park("r1", true)).toBe("parked");
      expect(await desk.run("r1")).toMatchObject({ status: "paused", reason: "paused_by_user" });
      expect(await resume()).toMatchObject({ outcome: "ok", run: { status: "queued" } });
    });
  });

  describe(`${name}: a log line`, () => {
    const desk = withStore(makeStore);

    test("written again by an incarnation that does something again is kept once, and only then", async () => {
      await desk.hot("r1");
      const line = (message: string, key: string | undefined, more: object = {}) =>
        ({ ...log(message), key, ...more }) as StoreOp;
      await desk.append("r1", line("a", "1"), line("a", "2"), line("a", undefined), line("a", undefined));
      await desk.append("r1", line("a", "1"), line("b", "1"), line("a", "1", { level: "warn" }));
      const data = value({ n: 1 });
      await desk.append("r1", line("a", "1", { data }), line("a", "1", { data, at: start + 9 }), line("c", "3"));
      await desk.hot("r2");
      await desk.append("r2", line("a", "1"));
      const lines = await desk.store.listLogs({ run: "r1", after: 0, limit: 99 });
      const said = lines.map(({ message, level }) => `${level} ${message}`).join(", ");
      expect(said).toBe("info a, info a, info a, info a, info b, warn a, info a, info c");
      expect(lines.map((each) => each.line)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(await desk.store.listLogs({ run: "r2", after: 0, limit: 9 })).toHaveLength(1);
    });
  });

  describe(`${name}: an attempt`, () => {
    const desk = withStore(makeStore);

    test("that came due is due for good, whatever the clock says later", async () => {
      await desk.parked("r1", [retry(0, start + 100)]);
      await desk.fire(start + 100);
      const [claimed] = await desk.claim();
      expect(claimed?.journal).toMatchObject([{ seq: 0, status: "running", attempt: 1 }]);
      expect(claimed?.journal[0]?.due).toBeUndefined();
    });

    test("that was begun and cut off is not taken for a failed one", async () => {
      await desk.hot("r1");
      await desk.append("r1", started(0), retry(0, start + 100));
      await desk.fire(start + 100);
      await desk.append("r1", started(0, 2));
      await desk.store.releaseRuns({ by: engineItself, runs: [{ run: "r1", epoch: 1 }], crashed: true, now: start });
      const [claimed] = await desk.claim();
      expect(claimed?.journal).toMatchObject([{ seq: 0, status: "running", attempt: 2 }]);
      expect(claimed?.journal[0]?.error).toBeUndefined();
    });
  });
}

function edited(name: string, makeStore: MakeStore): void {
  describe(`${name}: a journal that is continued by others`, () => {
    const desk = withStore(makeStore);
    const seqs = async (run: string): Promise<unknown[]> => (await desk.journal(run)).map(([seq]) => seq);
    const again = async (run: string): Promise<unknown> =>
      (await desk.store.retryRun({ by: ada, run, now: desk.now })).outcome;
    /** Number, status and place of every entry. */
    const places = async (run: string): Promise<string[]> => {
      const { entries } = await desk.store.readJournal({ run, bytesMax: 100_000 });
      return entries.map(({ seq, status, ord, place }) => `${seq} ${status} ${place ?? ord}`);
    };
    const fork = async (from: string, before?: number): Promise<unknown[]> => {
      const run = desk.newRun(`${from}-${before ?? "end"}`);
      await desk.store.forkRun({ by: ada, from, run, now: desk.now, ...(before === undefined ? {} : { before }) });
      return seqs(run.id);
    };

    test("is copied up to a lock that is held at that point", async () => {
      await desk.hot("r1");
      await desk.append("r1", done(0), lock(1, "door"), done(2));
      expect(await fork("r1")).toEqual([0]);
      await desk.append("r1", unlock(3, "door", 1), done(4));
      expect(await fork("r1", 3)).toEqual([0]);
      expect(await fork("r1", 4)).toEqual([0, 1, 2, 3]);
      expect(await desk.run("r1-4")).toMatchObject({ ord: 4, epoch: 0 });
    });

    test("is copied up to a token nobody has answered", async () => {
      await desk.hot("r1");
      await desk.append("r1", done(0), token(1, "t1"), done(2));
      expect(await fork("r1")).toEqual([0]);
      await desk.store.completeToken({
        by: ada,
        token: "t1",
        kind: "callback",
        value: new Uint8Array([1]),
        now: desk.now,
      });
      await desk.append("r1", callback(3, "t1"), done(4));
      expect(await fork("r1", 4)).toEqual([0, 1, 2, 3]);
    });

    test("asks anew for locks and tokens that the run lost with its end", async () => {
      await desk.hot("r1");
      await desk.append("r1", lock(0, "door"), token(1, "t1"), token(2, "t2"), done(3));
      await desk.store.completeToken({
        by: ada,
        token: "t2",
        kind: "callback",
        value: new Uint8Array([1]),
        now: desk.now,
      });
      await desk.append("r1", failed(4), fail(4));
      expect(await again("r1")).toBe("ok");
      expect(await places("r1")).toEqual(["2 completed 3", "3 completed 4", "0 running 1", "1 running 2"]);
    });

    test("does again under the lock what was done under it", async () => {
      await desk.hot("r1");
      await desk.append("r1", lock(0, "door"), failed(1), unlock(2, "door", 1), lock(3, "till"), done(4));
      await desk.append("r1", unlock(5, "till", 1), fail(1));
      expect(await again("r1")).toBe("ok");
      expect(await places("r1")).toEqual(["3 completed 4", "4 completed 5", "5 completed 6", "0 running 1"]);
    });

    test("undone under a lock, it takes the lock again", async () => {
      await desk.hot("r1");
      await desk.append("r1", lock(0, "door"), started(1), done(1, 1, { undo: true }), unlock(2, "door", 1));
      await desk.append("r1", done(3), undoing(), undone(1), fail());
      expect(await again("r1")).toBe("ok");
      expect(await places("r1")).toEqual(["3 completed 4", "0 running 1", "1 running 2", "2 running 3"]);
    });

    test("takes a lock again that was given back after the place of what is done again, and so does a copy of it", async () => {
      await desk.hot("r1");
      await desk.append("r1", lock(0, "door"), token(2, "t1"), unlock(3, "door", 1), done(4), failed(5), fail(5));
      expect(await again("r1")).toBe("ok");
      const kept = ["4 completed 4", "0 running 1", "2 running 2", "3 running 3"];
      expect(await places("r1")).toEqual(kept);
      await fork("r1");
      expect(await places("r1-end")).toEqual(kept);
      // The lock is back, the token is not: whoever takes a copy now has neither.
      await desk.claim();
      await desk.append("r1", lock(0, "door"), unlock(3, "door", 2));
      await fork("r1", 4);
      expect(await places("r1-4")).toEqual(kept.slice(1));
    });

    test("of a blocked run keeps the locks the run still holds", async () => {
      await desk.hot("r1");
      await desk.append("r1", lock(0, "door"), sleep(1, start + 900));
      const error = new Uint8Array([0xc0]);
      await desk.store.blockRun({ by: engineItself, run: "r1", epoch: 1, reason: "poison", error, now: desk.now });
      expect(await again("r1")).toBe("ok");
      expect(await seqs("r1")).toEqual([0]);
    });
  });
}

function againInPlace(name: string, makeStore: MakeStore): void {
  describe(`${name}: what is done again in its place`, () => {
    const desk = withStore(makeStore);
    const again = (run: string) => desk.store.retryRun({ by: ada, run, now: desk.now });
    const placed = async (run: string): Promise<unknown[]> => {
      const { entries } = await desk.store.readJournal({ run, bytesMax: 100_000 });
      return entries.map(({ seq, status, ord, place }) => [seq, status, ord, place]);
    };
    /** A run that failed under a lock, in which something had been done. */
    const underLock = async (): Promise<void> => {
      await desk.hot("r1");
      await desk.append("r1", lock(0, "door", { due: start + 50 }), done(1, "kept"), failed(2), unlock(3, "door", 1));
      await desk.append("r1", fail(2));
    };

    test("settles with a number of its own, and keeps the place", async () => {
      await underLock();
      expect((await again("r1")).outcome).toBe("ok");
      const [claimed] = await desk.claim();
      expect(claimed?.run.ord).toBe(4);
      expect(claimed?.journal.map(({ seq, ord, place }) => [seq, ord, place])).toEqual([
        [1, 2, undefined],
        [0, 0, 1],
      ]);
      expect(ordered((await desk.append("r1", lock(0, "door"))).events)).toEqual([[0, "completed", { fence: 2 }]]);
      expect(await placed("r1")).toEqual([
        [1, "completed", 2, undefined],
        [0, "completed", 5, 1],
      ]);
    });

    test("a lock that was granted once is waited for, however long others have it, and asked for once", async () => {
      await underLock();
      await desk.hot("r2");
      await desk.append("r2", lock(0, "door"));
      await again("r1");
      await desk.claim();
      desk.now = start + 100;
      const limited = lock(0, "door", { due: start + 50 });
      expect((await desk.append("r1", limited)).events).toEqual([]);
      expect((await desk.append("r1", limited, idle("waiting_for_lock"))).events).toEqual([]);
      expect(await desk.fire(start + 1_000_000)).toMatchObject({ fired: 0 });
      const freed = await desk.append("r2", unlock(1, "door", 2));
      expect(delivered(freed.effects)).toEqual([["r1", 0, "completed", { fence: 3 }]]);
      expect((await desk.append("r1", limited)).events).toEqual([]);
      expect((await desk.append("r1", unlock(3, "door", 3))).events).toMatchObject([{ seq: 3, ord: 6 }]);
    });

    test("of an undone step counts one undo, and none before it has begun again", async () => {
      await desk.hot("r1");
      await desk.append("r1", started(0), done(0, 1, { undo: true }), done(1), undoing(), undone(0), fail());
      await again("r1");
      await desk.claim();
      await desk.park("r1");
      const notice = { status: "cancelled", reason: "cancelled_by_user", message: "" } as const;
      const cancel = () =>
        desk.store.cancelRun({ by: ada, run: "r1", notice, error: new Uint8Array([0xc0]), now: desk.now });
      expect(await cancel()).toMatchObject({ outcome: "ok", run: { status: "cancelled" } });
      await again("r1");
      await desk.claim();
      await desk.append("r1", started(0), done(0, 2, { undo: true }));
      expect(await placed("r1")).toEqual([
        [1, "completed", 2, undefined],
        [0, "completed", 4, 1],
      ]);
      await desk.append("r1", undoing(), undone(0), fail());
      expect((await again("r1")).outcome).toBe("ok");
      expect(await placed("r1")).toEqual([
        [1, "completed", 2, undefined],
        [0, "running", 0, 1],
      ]);
    });

    test("is done again in a copy, too, and a copy that ends before it has nothing of it", async () => {
      await underLock();
      await again("r1");
      const fork = (id: string, before?: number) =>
        desk.store.forkRun({
          by: ada,
          from: "r1",
          run: desk.newRun(id, { forkedFrom: "r1" }),
          now: desk.now,
          ...(before === undefined ? {} : { before }),
        });
      expect(await fork("all")).toMatchObject({ outcome: "created", run: { ord: 2 } });
      expect(await placed("all")).toEqual([
        [1, "completed", 2, undefined],
        [0, "running", 0, 1],
      ]);
      await desk.claim();
      expect((await desk.append("all", lock(0, "door", { due: start }))).events).toMatchObject([{ seq: 0, ord: 3 }]);
      await fork("before", 1);
      expect(await placed("before")).toEqual([[0, "running", 0, 1]]);
      await fork("none", 0);
      expect(await placed("none")).toEqual([]);
    });

    test("may be something else in other code", async () => {
      await desk.hot("r1");
      await desk.append("r1", started(0), done(0, 1, { undo: true }), undoing(), undone(0), fail());
      await again("r1");
      await desk.claim();
      await desk.append("r1", waitFor(0, "go"));
      await desk.emit("go", 1);
      expect(await desk.journal("r1")).toEqual([[0, "completed", 1]]);
    });
  });
}

/** What the suite asks of every adapter where words cross and journals are edited. */
export function crossingSuite(name: string, makeStore: MakeStore): void {
  overtaken(name, makeStore);
  edited(name, makeStore);
  againInPlace(name, makeStore);
}
