// The port's records besides runs: state, schedules, versions.
import { describe, expect, test } from "bun:test";
import { engineItself } from "../kernel/inner-actor.ts";
import type { ScheduleRecord } from "../kernel/run-store.ts";
import {
  ada,
  call,
  done,
  finish,
  idle,
  problem,
  read,
  refusal,
  sleep,
  start,
  started,
  state,
  value,
  withStore,
  type MakeStore,
} from "./run-store.fixture.suite.ts";

export function keepingSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: state from outside`, () => {
    const desk = withStore(makeStore);
    const set = (key: string, given: unknown, more: object = {}) =>
      desk.store.setState({ by: ada, scope: "global", key, value: value(given), now: desk.now, ...more });
    const get = (key: string, scope = "global") => desk.store.getState({ scope, key, now: desk.now });
    const remove = (key: string, more: object = {}) =>
      desk.store.deleteState({ by: ada, scope: "global", key, now: desk.now, ...more });

    test("has versions that guard against lost updates", async () => {
      expect(await set("k", 1)).toEqual({ outcome: "ok", version: 1 });
      expect(await set("k", 2, { ifVersion: 1 })).toEqual({ outcome: "ok", version: 2 });
      expect(await set("k", 3, { ifVersion: 1 })).toEqual({ outcome: "conflict", version: 2 });
      expect(await set("k", 3, { ifVersion: 0 })).toEqual({ outcome: "conflict", version: 2 });
      expect(await set("new", 1, { ifVersion: 3 })).toEqual({ outcome: "conflict", version: 0 });
      expect(await set("new", 1, { ifVersion: 0 })).toMatchObject({ outcome: "ok" });
      const entry = await get("k");
      expect(entry).toMatchObject({ scope: "global", key: "k", version: 2 });
      expect(read(entry?.value)).toBe(2);
      expect(entry?.expiresAt).toBeUndefined();
    });

    test("is deleted under its version, once", async () => {
      await set("k", 1);
      expect(await remove("k", { ifVersion: 9 })).toEqual({ outcome: "conflict" });
      expect(await remove("k", { ifVersion: 1 })).toEqual({ outcome: "ok" });
      expect(await remove("k")).toEqual({ outcome: "not_found" });
      expect(await get("k")).toBeUndefined();
    });

    test("that comes back after it was deleted has a version that it never had", async () => {
      await set("k", 1);
      await set("k", 2);
      await remove("k");
      expect(await set("k", 3, { ifVersion: 1 })).toEqual({ outcome: "conflict", version: 0 });
      const again = await set("k", 3, { ifVersion: 0 });
      expect(again.version).toBeGreaterThan(2);
      expect(await set("k", 4, { ifVersion: 2 })).toMatchObject({ outcome: "conflict" });
      await set("k", 4, { expiresAt: start + 5 });
      const { version } = (await get("k")) ?? { version: 0 };
      desk.now = start + 9;
      await desk.store.sweep({ by: engineItself, now: desk.now, eventsBefore: 0, limit: 9 });
      expect((await set("k", 5)).version).toBeGreaterThan(version);
    });

    test("is absent from the moment it expires", async () => {
      await set("k", 1, { expiresAt: start + 100 });
      desk.now = start + 99;
      expect(await get("k")).toMatchObject({ expiresAt: start + 100 });
      desk.now = start + 100;
      expect(await get("k")).toBeUndefined();
      expect((await desk.store.listState({ scope: "global", limit: 9, now: desk.now })).entries).toEqual([]);
      expect(await remove("k")).toEqual({ outcome: "not_found" });
      expect(await set("k", 2, { ifVersion: 0 })).toMatchObject({ outcome: "ok" });
      expect((await get("k"))?.expiresAt).toBeUndefined();
    });

    test("is listed by scope and prefix, in pages", async () => {
      for (const key of ["b2", "a1", "b10", "b1", "c", "B", "ü"]) await set(key, key);
      await set("b1", 0, { scope: "workflow:order" });
      const page = async (more: object) => {
        const { entries, next } = await desk.store.listState({ scope: "global", limit: 99, now: start, ...more });
        return { keys: entries.map(({ key }) => key), next };
      };
      expect((await page({})).keys).toEqual(["B", "a1", "b1", "b10", "b2", "c", "ü"]);
      expect((await page({ prefix: "b" })).keys).toEqual(["b1", "b10", "b2"]);
      expect((await page({ prefix: "b%" })).keys).toEqual([]);
      const first = await page({ prefix: "b", limit: 2 });
      expect(first.keys).toEqual(["b1", "b10"]);
      expect(await page({ prefix: "b", limit: 2, cursor: first.next })).toEqual({ keys: ["b2"], next: undefined });
      expect(await refusal(desk.store.listState({ scope: "global", limit: 1, cursor: "nonsense", now: start }))).toBe(
        "invalid_filter",
      );
    });

    test("is changed once for a call that a run names, which answers as it did then", async () => {
      await desk.create("r1");
      const once = { run: "r1", id: "0 1" };
      const first = await set("sum", 5, { once });
      expect(first).toEqual({ outcome: "ok", version: 1 });
      await set("sum", 9);
      const again = await set("sum", 7, { once, ifVersion: 44 });
      expect(again).toMatchObject({ outcome: "ok", version: 1 });
      expect(again.outcome === "ok" && read(again.known)).toBe(5);
      expect(read((await get("sum"))?.value)).toBe(9);
      expect(await set("sum", 8, { once: { run: "r1", id: "0 2" }, ifVersion: 1 })).toEqual({
        outcome: "conflict",
        version: 2,
      });
      expect(await set("sum", 8, { once: { run: "r1", id: "0 2" }, ifVersion: 2 })).toEqual({
        outcome: "ok",
        version: 3,
      });
      await desk.claim();
      await desk.append("r1", finish("done"));
      await desk.store.deleteRuns({ by: ada, runs: ["r1"], now: desk.now });
      // Nothing is remembered of a run that is gone.
      for (const version of [4, 5]) expect(await set("sum", 1, { once })).toEqual({ outcome: "ok", version });
    });

    test("is the same state that runs see", async () => {
      await set("count", 41);
      await desk.hot("r1");
      await desk.append("r1", state(0, "incr"));
      expect(await get("count")).toMatchObject({ version: 2 });
      expect(read((await get("count"))?.value)).toBe(42);
    });
  });

  describe(`${name}: schedules`, () => {
    const desk = withStore(makeStore);
    const schedule = (
      id: string,
      more: Partial<ScheduleRecord> = {},
    ): Omit<ScheduleRecord, "paused" | "handledUntil"> => ({
      id,
      workflow: "order",
      cron: "0 2 * * *",
      timezone: "Europe/Lisbon",
      input: value({}),
      catchUp: "one",
      catchUpMax: 5,
      overlap: "allow",
      jitterMs: 0,
      createdAt: desk.now,
      source: "code",
      ...more,
    });
    const put = (schedules: readonly Omit<ScheduleRecord, "paused" | "handledUntil">[], workflows = ["order"]) =>
      desk.store.putSchedules({ by: ada, workflows, schedules, now: desk.now });
    const pause = (id: string, paused: boolean) =>
      desk.store.setSchedulePaused({ by: ada, schedule: id, paused, now: desk.now });

    test("become what the code says, and keep what was handled and paused", async () => {
      await put([schedule("a"), schedule("b"), schedule("o", { workflow: "other" })], ["order", "other"]);
      await pause("a", true);
      desk.now += 1_000;
      const changed = await put([schedule("a", { cron: "0 3 * * *" }), schedule("c", { createdAt: desk.now })]);
      const expected = [
        { id: "a", cron: "0 3 * * *", paused: true, handledUntil: start, createdAt: start },
        { id: "c", paused: false, handledUntil: start + 1_000 },
        { id: "o", workflow: "other" },
      ];
      expect(changed).toMatchObject(expected);
      expect(await desk.store.listSchedules()).toMatchObject(expected);
      expect(await put([], ["order", "other"])).toEqual([]);
    });

    test("are paused without catching up on it later", async () => {
      await put([schedule("a")]);
      expect(await pause("a", true)).toMatchObject({ id: "a", paused: true, handledUntil: start });
      desk.now += 5_000;
      expect(await pause("a", false)).toMatchObject({ paused: false, handledUntil: start + 5_000 });
      expect(await pause("none", true)).toBeUndefined();
    });

    const fire = (overlap: ScheduleRecord["overlap"], ids: readonly string[], more: object = {}) =>
      desk.store.fireSchedule({
        by: engineItself,
        schedule: "a",
        expect: start,
        handledUntil: start + 60,
        runs: ids.map((id) =>
          desk.newRun(id, { schedule: "a", ...(overlap === "queue" ? { serialKey: "schedule:a" } : {}) }),
        ),
        overlap,
        cancel: {
          notice: { status: "cancelled", reason: "cancelled_by_schedule", message: "next" },
          error: problem("next", "cancelled"),
        },
        now: desk.now,
        ...more,
      });

    test("fire once for the times they were asked about", async () => {
      await put([schedule("a")]);
      const fired = await fire("allow", ["r1", "r2"]);
      expect(fired).toMatchObject({ outcome: "ok", skipped: 0, effects: { ready: 2 } });
      if (fired.outcome === "ok")
        expect(fired.created.map(({ id, by }) => [id, by.kind, by.id])).toEqual([
          ["r1", "schedule", "a"],
          ["r2", "schedule", "a"],
        ]);
      expect(await fire("allow", ["r3"])).toEqual({ outcome: "stale" });
      expect(await fire("allow", ["r3"], { schedule: "none" })).toEqual({ outcome: "stale" });
      expect(await desk.store.listSchedules()).toMatchObject([{ handledUntil: start + 60 }]);
      expect(await desk.store.getRun({ run: "r3" })).toBeUndefined();
    });

    test("skip what overlaps, and all but the last of what was missed", async () => {
      await put([schedule("a")]);
      expect(await fire("skip", ["r1", "r2"])).toMatchObject({ outcome: "ok", created: [{ id: "r2" }], skipped: 1 });
      expect(await fire("skip", ["r3"], next)).toMatchObject({
        outcome: "ok",
        created: [],
        skipped: 1,
        effects: { ready: 0 },
      });
      await desk.claim();
      await desk.append("r2", finish());
      const later = { expect: start + 120, handledUntil: start + 180 };
      expect(await fire("skip", ["r4"], later)).toMatchObject({ outcome: "ok", created: [{ id: "r4" }], skipped: 0 });
    });

    const next = { expect: start + 60, handledUntil: start + 120 };

    test("cancel what has not ended in the commit that creates the next run", async () => {
      await put([schedule("a")]);
      await fire("allow", ["queued", "hot", "parked", "undoable", "ended"]);
      await desk.claim();
      await desk.append("ended", finish());
      await desk.append("hot", sleep(0, start + 9_000));
      const child = desk.newRun("child", { parent: { run: "parked", seq: 0, detached: false } });
      await desk.append("parked", call(0, child), idle("waiting_for_child"));
      await desk.park("parked");
      await desk.append("undoable", started(0), done(0, 1, { undo: true }));
      await desk.append("undoable", sleep(1, start + 9_000), idle("sleeping"));
      await desk.park("undoable");
      const { epoch } = await desk.run("queued");
      await desk.store.releaseRuns({
        by: engineItself,
        runs: [{ run: "queued", epoch }],
        crashed: false,
        now: desk.now,
      });
      await desk.hot("other");

      const fired = await fire("cancel", ["next"], next);

      if (fired.outcome !== "ok") throw new Error(fired.outcome);
      expect(fired.created.map(({ id }) => id)).toEqual(["next"]);
      expect(fired.effects.deliveries).toMatchObject([{ run: "hot", event: { event: "cancel", message: "next" } }]);
      expect(new Map(fired.effects.finished.map(({ run, reason }) => [run, reason]))).toEqual(
        new Map([
          ["child", "cancelled_by_parent"],
          ["parked", "cancelled_by_schedule"],
          ["queued", "cancelled_by_schedule"],
        ]),
      );
      // The run that was created, and the one whose undos have to run.
      expect(fired.effects.ready).toBe(2);
      expect(await desk.run("parked")).toMatchObject({ status: "cancelled", error: problem("next", "cancelled") });
      expect(await desk.run("hot")).toMatchObject({ status: "running", cancel: { reason: "cancelled_by_schedule" } });
      expect(await desk.run("undoable")).toMatchObject({ status: "queued", cancel: { message: "next" } });
      expect(await desk.run("ended")).toMatchObject({ status: "completed" });
      expect((await desk.run("other")).cancel).toBeUndefined();
      expect((await desk.claimIds()).toSorted()).toEqual(["next", "undoable"]);
    });

    test("cancel nothing when no run begins", async () => {
      await put([schedule("a")]);
      await fire("allow", ["r1"]);
      expect(await fire("cancel", [], next)).toMatchObject({ outcome: "ok", created: [], effects: { finished: [] } });
      expect(await desk.run("r1")).toMatchObject({ status: "queued" });
      expect(await fire("cancel", ["r2"], next)).toEqual({ outcome: "stale" });
      expect(await desk.run("r1")).toMatchObject({ status: "queued" });
    });

    test("let runs queue up", async () => {
      await put([schedule("a")]);
      await fire("allow", ["r1"]);
      desk.now++;
      const queued = await fire("queue", ["r2", "r3"], next);
      expect(queued).toMatchObject({ outcome: "ok", created: [{ id: "r2" }, { id: "r3" }], effects: { ready: 1 } });
      expect(await desk.claimIds()).toEqual(["r1", "r2"]);
    });
  });

  describe(`${name}: versions`, () => {
    const desk = withStore(makeStore);

    test("are kept in order, and counted by the runs that need them", async () => {
      const put = (version: string, createdAt: number, manifest: string) =>
        desk.store.putVersion({
          by: engineItself,
          version: { version, createdAt, manifest: value([manifest]) },
          retentions: [],
        });
      await put("v2", start + 1, "b");
      await put("v1", start, "a");
      await put("v1", start + 9, "a2");
      const versions = await desk.store.listVersions();
      expect(versions.map(({ version, createdAt, manifest }) => [version, createdAt, read(manifest)])).toEqual([
        ["v1", start, ["a2"]],
        ["v2", start + 1, ["b"]],
      ]);
      await desk.create("r1");
      await desk.hot("r2");
      await desk.hot("r3", { version: "v2" });
      await desk.hot("r4", { version: "v3" });
      await desk.append("r4", finish());
      const used = await desk.store.versionsInUse();
      expect([...used].toSorted((a, b) => a.version.localeCompare(b.version))).toEqual([
        { version: "v1", runs: 2 },
        { version: "v2", runs: 1 },
      ]);
    });
  });
}
