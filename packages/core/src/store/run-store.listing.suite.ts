// The port's lists and figures, and what retention takes off them.
import { describe, expect, test } from "bun:test";
import { engineItself } from "../kernel/inner-actor.ts";
import type { RetentionRecord } from "../kernel/run-store.ts";
import {
  ada,
  approval,
  done,
  emit,
  engine,
  fail,
  finish,
  idle,
  log,
  refusal,
  sleep,
  start,
  state,
  value,
  waitFor,
  withStore,
  type MakeStore,
} from "./run-store.fixture.suite.ts";

function lists(name: string, makeStore: MakeStore): void {
  describe(`${name}: lists of runs`, () => {
    const desk = withStore(makeStore);
    const list = async (filter: object, more: object = {}) =>
      (await desk.store.listRuns({ filter, limit: 99, ...more })).runs.map(({ id }) => id);
    const count = (filter: object, more: object = {}) => desk.store.countRuns({ filter, ...more });

    test("are newest first, by every filter, and counted by the same", async () => {
      await desk.hot("r1", { tags: ["eu"] });
      await desk.append("r1", finish());
      desk.now += 10;
      await desk.hot("r2", { tags: ["eu", "vip"], workflow: "other" });
      desk.now += 10;
      await desk.create("r3", { version: "v2", parent: { run: "r2", seq: 0, detached: false } });
      desk.now += 10;
      await desk.hot("r4", { tags: ["vip"] });
      await desk.append("r4", fail());
      const cases: [object, string[]][] = [
        [{}, ["r4", "r3", "r2", "r1"]],
        [{ workflow: "order" }, ["r4", "r3", "r1"]],
        [{ status: ["completed"] }, ["r1"]],
        [{ status: ["running", "failed"] }, ["r4", "r2"]],
        [{ status: [] }, []],
        [{ tag: "eu" }, ["r2", "r1"]],
        [{ tag: "vip", workflow: "order" }, ["r4"]],
        [{ tag: "none" }, []],
        [{ from: start + 10, to: start + 30 }, ["r3", "r2"]],
        [{ parent: "r2" }, ["r3"]],
        [{ version: "v2" }, ["r3"]],
        [{ tag: "eu", from: start + 10 }, ["r2"]],
        [{ reason: ["error"] }, ["r4"]],
        [{ reason: ["poison"] }, []],
        [{ endedFrom: start + 30 }, ["r4"]],
        [{ endedFrom: start, status: ["completed"] }, ["r1"]],
      ];
      for (const [filter, expected] of cases) {
        expect(await list(filter)).toEqual(expected);
        expect(await count(filter)).toBe(expected.length);
      }
      expect(await list({}, { access: { workflows: ["other"] } })).toEqual(["r2"]);
      expect(await list({}, { access: { workflows: [] } })).toEqual([]);
      expect(await count({}, { access: { workflows: ["order", "other"] } })).toBe(4);
      expect(await desk.store.getRun({ run: "r1", access: { workflows: ["order"] } })).toMatchObject({ id: "r1" });
      expect(await desk.store.getRun({ run: "r1", access: { workflows: ["other"] } })).toBeUndefined();
    });

    test("come in pages that stay in place while runs are added", async () => {
      for (let i = 0; i < 7; i++) {
        await desk.create(`r${i}`, { tags: ["all"] });
        if (i % 2 === 1) desk.now++;
      }
      for (const filter of [{}, { tag: "all" }, { workflow: "order" }]) {
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await desk.store.listRuns({ filter, limit: 3, ...(cursor === undefined ? {} : { cursor }) });
          seen.push(...page.runs.map(({ id }) => id));
          cursor = page.next;
          await desk.create(`later-${String(filter.tag)}-${String(filter.workflow)}-${seen.length}`, {
            createdAt: start + 1_000,
          });
        } while (cursor !== undefined);
        expect(seen.filter((id) => id.startsWith("r"))).toEqual(["r6", "r5", "r4", "r3", "r2", "r1", "r0"]);
      }
      expect((await desk.store.listRuns({ filter: { tag: "all" }, limit: 7 })).next).toBeUndefined();
    });

    test("refuse a cursor that no list gave out", async () => {
      for (const cursor of ["", "x", "r-1", "e30", "'; --", "1".repeat(2_000)]) {
        expect(await refusal(desk.store.listRuns({ filter: {}, limit: 3, cursor }))).toBe("invalid_filter");
      }
    });

    test("show runs as they are, hot ones too", async () => {
      await desk.hot("r1", { tags: ["a"] });
      await desk.append("r1", done(0), done(1), idle("sleeping"));
      const { runs } = await desk.store.listRuns({ filter: {}, limit: 9 });
      expect(runs).toMatchObject([
        { id: "r1", status: "running", owner: engine, epoch: 1, ord: 2, tags: ["a"], by: ada },
      ]);
      expect(await desk.run("r1")).toMatchObject({ ord: 2 });
    });
  });

  describe(`${name}: figures`, () => {
    const desk = withStore(makeStore);

    test("say how many runs there are in which state, and what waits", async () => {
      expect(await desk.store.stats()).toMatchObject({ runs: {}, ready: 0, timers: 0, events: 0 });
      await desk.hot("r1");
      await desk.append("r1", finish());
      await desk.hot("r2");
      await desk.append("r2", fail());
      await desk.hot("r3", { timeoutAt: start + 900 });
      await desk.append("r3", sleep(0, start + 100), waitFor(1, "go"), idle("sleeping"));
      await desk.create("r4");
      await desk.create("r5", { dueAt: start + 100 });
      await desk.emit("other", 1);
      const stats = await desk.store.stats();
      expect(stats).toMatchObject({
        runs: { completed: 1, failed: 1, waiting: 1, queued: 2 },
        ready: 1,
        timers: 3,
        events: 1,
      });
      expect(stats.bytes).toBeGreaterThanOrEqual(0);
    });
  });
}

function retention(name: string, makeStore: MakeStore): void {
  describe(`${name}: retention`, () => {
    const desk = withStore(makeStore);
    const ended = async (id: string, more: object = {}) => {
      await desk.hot(id, more);
      await desk.append(id, finish());
      desk.now += 10;
    };

    test("deletes ended runs with everything that belongs to them", async () => {
      await desk.emit("go", 1, { key: "k" });
      await desk.hot("r1", { tags: ["eu"], key: "k" });
      await desk.append(
        "r1",
        done(0),
        waitFor(1, "go", { key: "k" }),
        approval(2, "t1"),
        log("hi"),
        state(3, "set", { scope: "run:r1", value: 1 }),
      );
      await desk.append("r1", state(4, "set", { value: 1 }), emit(5, "sent", 1));
      expect(await desk.store.deleteRuns({ by: ada, runs: ["r1"], now: desk.now })).toEqual({ deleted: [] });
      await desk.append("r1", finish());
      expect(await desk.store.deleteRuns({ by: ada, runs: ["r1", "none"], now: desk.now })).toEqual({
        deleted: ["r1"],
      });
      expect(await desk.store.getRun({ run: "r1" })).toBeUndefined();
      expect(await desk.journal("r1")).toEqual([]);
      expect(await desk.store.getToken({ token: "t1" })).toBeUndefined();
      expect(await desk.store.listLogs({ run: "r1", after: 0, limit: 9 })).toEqual([]);
      expect(await desk.store.getState({ scope: "run:r1", key: "count", now: start })).toBeUndefined();
      expect(await desk.store.getState({ scope: "global", key: "count", now: start })).toBeDefined();
      expect(await desk.store.findByKey({ workflow: "order", key: "k" })).toBeUndefined();
      expect((await desk.store.listRuns({ filter: { tag: "eu" }, limit: 9 })).runs).toEqual([]);
      expect(await desk.store.listEvents({ after: 0, limit: 9 })).toHaveLength(2);
      await desk.hot("r1");
      expect((await desk.append("r1", waitFor(0, "go", { key: "k" }))).events).toHaveLength(1);
    });

    test("purges by age, so many at a time", async () => {
      for (const id of ["r1", "r2", "r3", "r4"]) await ended(id);
      await ended("other", { workflow: "other" });
      await desk.create("open");
      const purge = (limit: number) =>
        desk.store.purgeRuns({ by: engineItself, workflow: "order", endedBefore: start + 30, limit });
      expect(await purge(2)).toEqual({ deleted: 2 });
      expect(await purge(2)).toEqual({ deleted: 1 });
      expect(await purge(2)).toEqual({ deleted: 0 });
      const left = await desk.store.listRuns({ filter: {}, limit: 9 });
      expect(left.runs.map(({ id }) => id)).toEqual(["open", "other", "r4"]);
    });

    test("purges all but those that ended last, whenever they were created", async () => {
      await desk.hot("long");
      desk.now += 10;
      for (const id of ["r1", "r3", "r2"]) await ended(id);
      await desk.hot("r5", { createdAt: start + 500 });
      await desk.hot("r4");
      for (const id of ["r5", "r4", "long"]) await desk.append(id, finish());
      const purge = (keep: number, limit: number) =>
        desk.store.purgeRuns({ by: engineItself, workflow: "order", keep, limit });
      const left = async () =>
        (await desk.store.listRuns({ filter: {}, limit: 9 })).runs.map(({ id }) => id).toSorted();
      expect(await purge(5, 1)).toEqual({ deleted: 1 });
      expect(await left()).toEqual(["long", "r2", "r3", "r4", "r5"]);
      expect(await purge(3, 9)).toEqual({ deleted: 2 });
      // Of those that ended at one time, by id.
      expect(await left()).toEqual(["long", "r4", "r5"]);
      expect(await purge(1, 9)).toEqual({ deleted: 2 });
      expect(await left()).toEqual(["r5"]);
    });

    test("purges by age and number at once, those that ended first before the others", async () => {
      for (const id of ["r1", "r2", "r3", "r4", "r5"]) await ended(id);
      const purge = (more: object) => desk.store.purgeRuns({ by: engineItself, workflow: "order", limit: 9, ...more });
      const left = async () => (await desk.store.listRuns({ filter: {}, limit: 9 })).runs.map(({ id }) => id);
      expect(await purge({ endedBefore: start + 10, keep: 3, limit: 1 })).toEqual({ deleted: 1 });
      expect(await left()).toEqual(["r5", "r4", "r3", "r2"]);
      expect(await purge({ endedBefore: start + 10, keep: 3 })).toEqual({ deleted: 1 });
      expect(await purge({ endedBefore: start + 40, keep: 3 })).toEqual({ deleted: 2 });
      expect(await left()).toEqual(["r5"]);
    });

    test("is told for every workflow that has runs, as it was deployed last", async () => {
      const put = (...retentions: readonly RetentionRecord[]) =>
        desk.store.putVersion({
          by: engineItself,
          version: { version: "v1", createdAt: start, manifest: value([]) },
          retentions,
        });
      await put({ workflow: "days", ageMs: 9 }, { workflow: "some", keep: 0 }, { workflow: "unused", keep: 1 });
      for (const workflow of ["some", "never", "days", "days"]) await ended(`${workflow}-${desk.now}`, { workflow });
      expect(await desk.store.listRetentions()).toEqual([
        { workflow: "days", ageMs: 9 },
        { workflow: "never" },
        { workflow: "some", keep: 0 },
      ]);
      await put({ workflow: "days", keep: 3 });
      await put({ workflow: "some" });
      expect(await desk.store.listRetentions()).toEqual([
        { workflow: "days", keep: 3 },
        { workflow: "never" },
        { workflow: "some" },
      ]);
    });

    test("purges all but the newest", async () => {
      for (const id of ["r1", "r2", "r3", "r4"]) await ended(id);
      await desk.create("open");
      const purge = (limit: number) => desk.store.purgeRuns({ by: engineItself, workflow: "order", keep: 1, limit });
      expect(await purge(2)).toEqual({ deleted: 2 });
      expect(await purge(9)).toEqual({ deleted: 1 });
      expect(await purge(9)).toEqual({ deleted: 0 });
      const left = await desk.store.listRuns({ filter: {}, limit: 9 });
      expect(left.runs.map(({ id }) => id)).toEqual(["open", "r4"]);
      expect(await desk.store.purgeRuns({ by: engineItself, workflow: "order", keep: 0, limit: 9 })).toEqual({
        deleted: 1,
      });
    });

    test("sweeps old events and expired state, so many at a time", async () => {
      for (let i = 0; i < 3; i++) await desk.emit("old", i, { id: `e${i}` });
      await desk.store.setState({
        by: ada,
        scope: "global",
        key: "gone",
        value: value(1),
        expiresAt: start + 1,
        now: start,
      });
      await desk.store.setState({
        by: ada,
        scope: "global",
        key: "kept",
        value: value(1),
        expiresAt: start + 999,
        now: start,
      });
      desk.now += 100;
      await desk.emit("new", 1);
      const sweep = () => desk.store.sweep({ by: engineItself, now: desk.now, eventsBefore: start + 50, limit: 2 });
      expect(await sweep()).toEqual({ swept: 3 });
      expect(await sweep()).toEqual({ swept: 1 });
      expect(await sweep()).toEqual({ swept: 0 });
      expect(await desk.store.listEvents({ after: 0, limit: 9 })).toMatchObject([{ name: "new" }]);
      expect(await desk.emit("old", 1, { id: "e0" })).toMatchObject({ duplicate: false });
      expect((await desk.store.listState({ scope: "global", limit: 9, now: start })).entries).toMatchObject([
        { key: "kept" },
      ]);
    });
  });

  describe(`${name}: closing`, () => {
    const desk = withStore(makeStore);

    test("verbs after closing are refused, those before are kept", async () => {
      const before = desk.create("r1");
      const closing = desk.store.close();
      const after = refusal(desk.store.createRun({ by: ada, run: desk.newRun("r2"), now: start }));
      expect((await before).outcome).toBe("created");
      await closing;
      expect(await after).toBe("store_failed");
    });
  });
}

export function listingSuite(name: string, makeStore: MakeStore): void {
  lists(name, makeStore);
  retention(name, makeStore);
}
