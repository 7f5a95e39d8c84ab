// The port, from a run's creation to its being claimed: keys, delays, priorities, serial keys.
import { describe, expect, test } from "bun:test";
import {
  ada,
  done,
  engine,
  finish,
  idle,
  sleep,
  start,
  value,
  withStore,
  type MakeStore,
} from "./run-store.fixture.suite.ts";
import { engineItself } from "../kernel/inner-actor.ts";

export function startingSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: creating runs`, () => {
    const desk = withStore(makeStore);

    test("queues a run and keeps everything it was given", async () => {
      const run = desk.newRun("r1", {
        inputHash: "h",
        key: "k",
        priority: 3,
        tags: ["eu", "vip"],
        timeoutAt: start + 5_000,
        schedule: "nightly",
        forkedFrom: "r0",
        parent: { run: "p", seq: 4, detached: true },
      });
      const created = await desk.store.createRun({ by: ada, run, now: start });
      const expected = {
        ...run,
        status: "queued",
        epoch: 0,
        ord: 0,
        attempt: 1,
        generation: 0,
        crashes: 0,
        blocked: false,
        by: ada,
      };
      expect(created).toMatchObject({ outcome: "created", run: expected, effects: { ready: 1, due: start + 5_000 } });
      expect(await desk.run("r1")).toMatchObject(expected);
      expect((await desk.run("r1")).owner).toBeUndefined();
    });

    test("claims it in the same commit when asked to", async () => {
      const run = desk.newRun("r1");
      const created = await desk.store.createRun({ by: ada, run, claim: { owner: engine }, now: start + 7 });
      const expected = { status: "running", epoch: 1, owner: engine, startedAt: start + 7 };
      expect(created).toMatchObject({ outcome: "created", run: expected, effects: { ready: 0, deliveries: [] } });
      expect(await desk.run("r1")).toMatchObject(expected);
      expect(await desk.claim()).toEqual([]);
    });

    test("leaves a delayed run alone until it is due, claim or not", async () => {
      const run = desk.newRun("r1", { dueAt: start + 1_000 });
      const created = await desk.store.createRun({ by: ada, run, claim: { owner: engine }, now: start });
      expect(created).toMatchObject({
        outcome: "created",
        run: { status: "queued", reason: "delayed", epoch: 0 },
        effects: { ready: 0, due: start + 1_000 },
      });
      expect(await desk.claim()).toEqual([]);
      expect(await desk.fire(start + 999)).toMatchObject({ fired: 0, next: start + 1_000 });
      expect(await desk.fire(start + 1_000)).toMatchObject({ fired: 1, effects: { ready: 1, touched: ["r1"] } });
      expect((await desk.run("r1")).reason).toBeUndefined();
      expect(await desk.claimIds()).toEqual(["r1"]);
    });

    test("finds the run that has the key of the same workflow", async () => {
      await desk.create("r1", { key: "k", inputHash: "1" });
      const again = (more: object) =>
        desk.store.createRun({ by: ada, run: desk.newRun("r2", { key: "k", inputHash: "1", ...more }), now: start });
      expect(await again({})).toMatchObject({ outcome: "existing", run: { id: "r1" } });
      expect(await again({ inputHash: "2" })).toMatchObject({ outcome: "conflict", run: { id: "r1" } });
      expect(await desk.store.getRun({ run: "r2" })).toBeUndefined();
      expect(await again({ workflow: "other" })).toMatchObject({ outcome: "created", run: { id: "r2" } });
      expect(await desk.store.findByKey({ workflow: "order", key: "k" })).toMatchObject({ id: "r1" });
      expect(await desk.store.findByKey({ workflow: "order", key: "none" })).toBeUndefined();
    });

    test("lets a key go with its run", async () => {
      await desk.hot("r1", { key: "k", inputHash: "1" });
      await desk.append("r1", finish());
      expect(
        (await desk.store.createRun({ by: ada, run: desk.newRun("r2", { key: "k", inputHash: "1" }), now: start }))
          .outcome,
      ).toBe("existing");
      await desk.store.deleteRuns({ by: ada, runs: ["r1"], now: desk.now });
      await desk.create("r2", { key: "k", inputHash: "2" });
    });

    test("says so when the id is taken, and creates nothing", async () => {
      await desk.create("r1", { tags: ["first"] });
      const taken = await desk.store.createRun({
        by: ada,
        run: desk.newRun("r1", { tags: ["second"], timeoutAt: start + 1 }),
        now: start,
      });
      expect(taken).toMatchObject({ outcome: "id_taken", run: { id: "r1", tags: ["first"] } });
      expect((await desk.store.listRuns({ filter: { tag: "second" }, limit: 9 })).runs).toEqual([]);
      expect((await desk.store.stats()).timers).toBe(0);
    });
  });

  describe(`${name}: claiming runs`, () => {
    const desk = withStore(makeStore);

    test("hands out higher priorities first, then older runs, each once", async () => {
      await desk.create("r1");
      desk.now++;
      await desk.create("r2", { priority: 5 });
      desk.now++;
      await desk.create("r3", { priority: 5 });
      desk.now++;
      await desk.create("r4", { priority: -1 });
      expect(await desk.claimIds(2)).toEqual(["r2", "r3"]);
      expect(await desk.claimIds()).toEqual(["r1", "r4"]);
      expect(await desk.claimIds()).toEqual([]);
    });

    test("begins an incarnation, and keeps the first start", async () => {
      await desk.create("r1");
      desk.now = start + 10;
      const [first] = await desk.claim();
      const expected = { status: "running", epoch: 1, owner: engine, startedAt: start + 10, ord: 0 };
      expect(first).toMatchObject({ run: expected, journal: [] });
      expect(first?.next).toBeUndefined();
      await desk.append("r1", done(0, "a"));
      await desk.store.releaseRuns({
        by: engineItself,
        runs: [{ run: "r1", epoch: 1 }],
        crashed: false,
        now: start + 20,
      });
      desk.now = start + 30;
      const [second] = await desk.claim();
      expect(second).toMatchObject({ run: { epoch: 3, startedAt: start + 10, ord: 1 }, journal: [{ seq: 0, ord: 1 }] });
    });

    test("hands out a long journal in pieces: settled entries in their order, then the open ones", async () => {
      await desk.hot("r1");
      const text = "x".repeat(1_000);
      await desk.append(
        "r1",
        done(2, text),
        done(0, text),
        done(3, text),
        sleep(1, start + 9_000),
        sleep(4, start + 9_000),
        done(5, text),
      );
      await desk.store.releaseRuns({ by: engineItself, runs: [{ run: "r1", epoch: 1 }], crashed: false, now: start });
      const bytesMax = 2_600;
      const [claimed] = await desk.store.claimRuns({
        by: engineItself,
        owner: engine,
        limit: 1,
        now: start,
        journalBytesMax: bytesMax,
      });
      const pieces = [claimed?.journal ?? []];
      let next = claimed?.next;
      while (next !== undefined) {
        const piece = await desk.store.readJournal({ run: "r1", from: next, bytesMax });
        pieces.push(piece.entries);
        next = piece.next;
      }
      expect(pieces.length).toBeGreaterThan(1);
      expect(pieces.flat().map(({ seq, ord }) => [seq, ord])).toEqual([
        [2, 1],
        [0, 2],
        [3, 3],
        [5, 4],
        [1, 0],
        [4, 0],
      ]);
      expect(pieces.every((piece) => piece.length > 0)).toBe(true);
    });

    test("gives at least one entry even when that is larger than a piece", async () => {
      await desk.hot("r1");
      await desk.append("r1", done(0, "x".repeat(500)), done(1, "y".repeat(500)), sleep(2, start + 1));
      const seqs: number[] = [];
      let piece = await desk.store.readJournal({ run: "r1", bytesMax: 1 });
      for (
        ;
        piece.next !== undefined;
        piece = await desk.store.readJournal({ run: "r1", from: piece.next, bytesMax: 1 })
      ) {
        expect(piece.entries).toHaveLength(1);
        seqs.push(...piece.entries.map(({ seq }) => seq));
      }
      seqs.push(...piece.entries.map(({ seq }) => seq));
      expect(seqs).toEqual([0, 1, 2]);
    });
  });

  describe(`${name}: runs with one serial key`, () => {
    const desk = withStore(makeStore);
    const inLine = { serialKey: "line" };

    test("execute one after the other in the order of their creation", async () => {
      expect((await desk.create("r1", inLine)).effects.ready).toBe(1);
      desk.now++;
      expect((await desk.create("r2", { ...inLine, priority: 9 })).effects.ready).toBe(0);
      desk.now++;
      await desk.create("r3", inLine);
      await desk.create("x1", { serialKey: "other" });
      expect(await desk.claimIds()).toEqual(["r1", "x1"]);
      expect(await desk.claimIds()).toEqual([]);
      expect((await desk.append("r1", finish())).effects.ready).toBe(1);
      expect(await desk.claimIds()).toEqual(["r2"]);
      await desk.append("r2", finish());
      expect(await desk.claimIds()).toEqual(["r3"]);
    });

    test("are not claimed at creation while an earlier one has not ended", async () => {
      await desk.hot("r1", inLine);
      desk.now++;
      const second = await desk.store.createRun({
        by: ada,
        run: desk.newRun("r2", inLine),
        claim: { owner: engine },
        now: desk.now,
      });
      expect(second).toMatchObject({ outcome: "created", run: { status: "queued", epoch: 0 }, effects: { ready: 0 } });
      const ended = await desk.append("r1", finish());
      expect(ended.effects.ready).toBe(1);
    });

    test("wait for one that was retried again", async () => {
      await desk.hot("r1", inLine);
      desk.now++;
      await desk.create("r2", inLine);
      await desk.append("r1", { op: "finish", status: "failed", reason: "error", error: value("no") });
      const retried = await desk.store.retryRun({ by: ada, run: "r1", now: desk.now });
      expect(retried.outcome).toBe("ok");
      expect(await desk.claimIds()).toEqual(["r1"]);
      await desk.append("r1", finish());
      expect(await desk.claimIds()).toEqual(["r2"]);
    });

    test("that are retried wait for a later one that has begun, also while that one waits, and go before the others", async () => {
      await desk.hot("r1", inLine);
      desk.now++;
      await desk.create("r2", inLine);
      await desk.end("r1", "failed");
      expect(await desk.claimIds()).toEqual(["r2"]);
      desk.now++;
      await desk.create("r3", inLine);
      const retried = await desk.store.retryRun({ by: ada, run: "r1", now: desk.now });
      expect(retried).toMatchObject({ outcome: "ok", run: { status: "queued" }, effects: { ready: 0 } });
      await desk.append("r2", sleep(0, start + 100), idle("sleeping"));
      await desk.park("r2");
      const notice = { status: "cancelled", reason: "cancelled_by_user", message: "enough" } as const;
      await desk.store.cancelRun({ by: ada, run: "r3", notice, error: value("enough"), now: desk.now });
      expect(await desk.claimIds()).toEqual([]);
      desk.now++;
      await desk.create("r4", inLine);
      expect((await desk.fire(start + 100)).effects.ready).toBe(1);
      expect(await desk.claimIds()).toEqual(["r2"]);
      for (const [ended, next] of [
        ["r2", "r1"],
        ["r1", "r4"],
      ] as const) {
        expect((await desk.end(ended)).effects.ready).toBe(1);
        expect(await desk.claimIds()).toEqual([next]);
      }
    });
  });
}
