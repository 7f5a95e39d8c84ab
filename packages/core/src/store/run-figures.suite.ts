// The suite of the figures port: every adapter runs all of it.
import { describe, expect, test } from "bun:test";
import type { RunStatusReason } from "@sluice/protocol";
import { engineItself } from "../kernel/inner-actor.ts";
import { hourMs, type Figures, type RunFigures } from "../kernel/run-figures.ts";
import type { AccessFilter } from "../kernel/run-store.ts";
import { figureListsSuite } from "./run-figures.lists.suite.ts";
import {
  ada,
  approval,
  idle,
  problem,
  sleep,
  start,
  value,
  waitFor,
  withStore,
  type Desk,
  type MakeStore,
} from "./run-store.fixture.suite.ts";

const billing: AccessFilter = { workflows: ["billing/*"] };
const none: AccessFilter = { workflows: [] };
/** The beginning of the hour in which the tests begin. */
const firstHour = Math.floor(start / hourMs) * hourMs;

/** What was counted, without what is zero. */
function brief(figures: Figures): Record<string, number> {
  const { p50Ms: _p50, p95Ms: _p95, ...counts } = figures;
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

async function statistics(desk: Desk, p: Partial<Parameters<RunFigures["runStatistics"]>[0]> = {}) {
  const found = await desk.store.figures.runStatistics({ from: start - hourMs, to: start + 24 * hourMs, ...p });
  return found.map(({ workflow, total, hours }) => ({
    ...(workflow === undefined ? {} : { workflow }),
    total: brief(total),
    hours: hours.map(({ at, ...figures }) => [(at - firstHour) / hourMs, brief(figures)]),
  }));
}

function byTheHour(name: string, makeStore: MakeStore): void {
  describe(`${name}: runs by the hour`, () => {
    const desk = withStore(makeStore);

    test("are counted where they were created and where they ended", async () => {
      await desk.hot("r1");
      await desk.hot("r2");
      await desk.create("r3", { dueAt: start + 9 });
      desk.now += hourMs;
      await desk.end("r1");
      await desk.end("r2", "failed");
      desk.now += 2 * hourMs;
      await desk.hot("r4");
      expect(await statistics(desk)).toEqual([
        {
          total: { created: 4, completed: 1, failed: 1 },
          hours: [
            [0, { created: 3 }],
            [1, { completed: 1, failed: 1 }],
            [3, { created: 1 }],
          ],
        },
      ]);
      expect(await statistics(desk, { from: firstHour + hourMs, to: firstHour + 2 * hourMs })).toMatchObject([
        { total: { completed: 1, failed: 1 } },
      ]);
      // An hour that is touched counts whole.
      expect(await statistics(desk, { from: start + 1, to: start + 2 })).toMatchObject([{ total: { created: 3 } }]);
      expect(await statistics(desk, { from: 0, to: firstHour })).toEqual([{ total: {}, hours: [] }]);
    });

    test("each workflow by itself, and only those one may see", async () => {
      await desk.hot("r1", { workflow: "order" });
      await desk.hot("r2", { workflow: "billing/b" });
      await desk.hot("r3", { workflow: "billing/a" });
      await desk.end("r3");
      const names = async (p: Parameters<typeof statistics>[1]) =>
        (await statistics(desk, { each: true, ...p })).map(({ workflow }) => workflow);
      expect(await names({})).toEqual(["billing/a", "billing/b", "order"]);
      expect(await names({ access: billing })).toEqual(["billing/a", "billing/b"]);
      expect(await names({ workflow: "order" })).toEqual(["order"]);
      expect(await names({ workflow: "order", access: billing })).toEqual([]);
      expect(await names({ access: none })).toEqual([]);
      expect(await statistics(desk, { access: billing })).toMatchObject([{ total: { created: 2, completed: 1 } }]);
      expect(await statistics(desk, { workflow: "billing/a" })).toMatchObject([
        { total: { created: 1, completed: 1 } },
      ]);
    });

    test("every way to end counts, every end of a run that was retried, and what was deleted stays", async () => {
      await desk.hot("r1");
      await desk.end("r1", "failed");
      await desk.store.retryRun({ by: ada, run: "r1", now: desk.now });
      await desk.claim();
      await desk.end("r1");
      await desk.create("r2");
      const notice = { status: "cancelled", reason: "cancelled_by_user", message: "no" } as const;
      await desk.store.cancelRun({ by: ada, run: "r2", notice, error: problem("no"), now: desk.now });
      await desk.create("r3", { timeoutAt: start + 5 });
      await desk.fire(start + 5);
      await desk.store.deleteRuns({ by: ada, runs: ["r1", "r2"], now: desk.now });
      await desk.store.forkRun({ by: ada, from: "r3", run: desk.newRun("r4"), now: desk.now });
      const total = { created: 4, completed: 1, failed: 1, cancelled: 1, timedout: 1 };
      expect(await statistics(desk)).toMatchObject([{ total }]);
    });

    test("durations are known within 5 %", async () => {
      const durations = Array.from({ length: 200 }, (_, i) => Math.round(1.07 ** i * 3));
      for (const [i, duration] of durations.entries()) {
        desk.now = start;
        await desk.hot(`r${i}`);
        desk.now = start + duration;
        await desk.end(`r${i}`, i % 3 === 0 ? "failed" : "completed");
      }
      const [all] = await desk.store.figures.runStatistics({ from: 0, to: start + 100_000 * hourMs });
      const near = (found: number | undefined, real: number | undefined) =>
        Math.abs((found ?? 0) / (real ?? 0) - 1) < 0.05;
      expect(near(all?.total.p50Ms, durations[99])).toBe(true);
      expect(near(all?.total.p95Ms, durations[189])).toBe(true);
      const [first] = all?.hours ?? [];
      const early = durations.filter((duration) => start + duration < firstHour + hourMs).length;
      expect(near(first?.p50Ms, durations[Math.ceil(early / 2) - 1])).toBe(true);
    });

    test("old hours are swept away, a few at a time", async () => {
      for (const id of ["r1", "r2"]) {
        await desk.hot(id);
        await desk.end(id);
        desk.now += hourMs;
      }
      const sweep = async (figuresBefore: number | undefined, limit = 9) =>
        (await desk.store.sweep({ by: engineItself, now: desk.now, eventsBefore: 0, figuresBefore, limit })).swept;
      expect(await sweep(undefined)).toBe(0);
      expect(await sweep(start + 1)).toBe(0);
      expect(await sweep(firstHour + hourMs, 1)).toBe(1);
      expect(await sweep(firstHour + hourMs)).toBe(1);
      expect(await statistics(desk)).toMatchObject([{ total: { created: 1, completed: 1 } }]);
    });
  });
}

function present(name: string, makeStore: MakeStore): void {
  describe(`${name}: what there is now`, () => {
    const desk = withStore(makeStore);
    const count = (p: Parameters<RunFigures["countByWorkflow"]>[0] = {}) => desk.store.figures.countByWorkflow(p);

    test("is counted by workflow and status, through every change", async () => {
      await desk.create("r1", { workflow: "billing/a" });
      expect(await count()).toEqual([{ workflow: "billing/a", runs: { queued: 1 }, ready: 1, lastAt: start }]);
      await desk.claim();
      expect(await count()).toMatchObject([{ runs: { running: 1 }, ready: 0 }]);
      await desk.append("r1", sleep(0, start + 5), idle("sleeping"));
      expect(await count()).toMatchObject([{ runs: { waiting: 1 } }]);
      await desk.park("r1");
      await desk.fire(start + 5);
      expect(await count()).toMatchObject([{ runs: { queued: 1 }, ready: 1 }]);
      await desk.store.pauseRun({ by: ada, run: "r1", now: desk.now });
      expect(await count()).toMatchObject([{ runs: { paused: 1 }, ready: 0 }]);
      await desk.store.resumeRun({ by: ada, run: "r1", now: desk.now });
      await desk.claim();
      await desk.end("r1", "failed");
      expect(await count()).toEqual([{ workflow: "billing/a", runs: { failed: 1 }, ready: 0, lastAt: start }]);
      await desk.store.retryRun({ by: ada, run: "r1", now: desk.now });
      expect(await count()).toMatchObject([{ runs: { queued: 1 }, ready: 1 }]);
      await desk.claim();
      await desk.end("r1");
      expect(await count()).toMatchObject([{ workflow: "billing/a", runs: { completed: 1 }, ready: 0 }]);
    });

    test("those that one run holds back are not ready; what may not be seen and what was deleted is not there", async () => {
      await desk.hot("r1", { workflow: "billing/a" });
      await desk.end("r1");
      await desk.create("first", { workflow: "order", serialKey: "k" });
      await desk.create("held", { workflow: "order", serialKey: "k", createdAt: start + 9 });
      const order = { workflow: "order", runs: { queued: 2 }, ready: 1, lastAt: start + 9 };
      expect(await count()).toMatchObject([{ workflow: "billing/a" }, order]);
      expect(await count({ access: billing })).toMatchObject([{ workflow: "billing/a", runs: { completed: 1 } }]);
      expect(await count({ workflow: "order" })).toEqual([order]);
      expect(await count({ workflow: "order", access: billing })).toEqual([]);
      await desk.store.deleteRuns({ by: ada, runs: ["r1"], now: desk.now });
      expect(await count()).toEqual([order]);
    });

    test("needs are failures of late, blocked runs by reason, and open approvals", async () => {
      const block = async (id: string, reason: RunStatusReason, workflow: string) => {
        await desk.hot(id, { workflow });
        await desk.store.blockRun({ by: engineItself, run: id, reason, error: problem("stuck"), now: desk.now });
      };
      await desk.hot("old");
      await desk.end("old", "failed");
      desk.now += 10;
      for (const workflow of ["order", "billing/a"]) {
        await desk.hot(`f ${workflow}`, { workflow });
        await desk.end(`f ${workflow}`, "failed");
        await block(`p ${workflow}`, "poison", workflow);
        await desk.hot(`a ${workflow}`, { workflow });
        await desk.append(`a ${workflow}`, approval(0, `token ${workflow}`), idle());
      }
      await block("n", "non_determinism", "order");
      const needs = (p: Partial<Parameters<RunFigures["countNeeds"]>[0]> = {}) =>
        desk.store.figures.countNeeds({ failedSince: start + 10, ...p });
      expect(await needs()).toEqual({ approvals: 2, failed: 2, blocked: { poison: 2, non_determinism: 1 } });
      expect(await needs({ failedSince: start })).toMatchObject({ failed: 3 });
      expect(await needs({ access: billing })).toEqual({ approvals: 2, failed: 1, blocked: { poison: 1 } });
      expect(await needs({ access: none, approvals: billing })).toEqual({ approvals: 1, failed: 0, blocked: {} });
      await desk.store.retryRun({ by: ada, run: "f order", now: desk.now });
      const payload = value({ approved: true });
      const decision = { by: ada, token: "token order", kind: "approval", value: payload, now: desk.now } as const;
      await desk.store.completeToken(decision);
      await desk.store.resumeRun({ by: ada, run: "n", now: desk.now });
      expect(await needs()).toEqual({ approvals: 1, failed: 1, blocked: { poison: 2 } });
    });

    test("unfinished runs are counted by version, workflow and status", async () => {
      await desk.create("a", { version: "v1" });
      await desk.hot("b", { version: "v1" });
      await desk.hot("c", { version: "v2" });
      await desk.hot("d", { version: "v1", workflow: "billing/a" });
      await desk.hot("e", { version: "v1" });
      await desk.end("e", "failed");
      const versions = (access?: AccessFilter) => desk.store.figures.countByVersion({ access });
      const others = [
        { version: "v1", workflow: "order", status: "queued", runs: 1 },
        { version: "v1", workflow: "order", status: "running", runs: 1 },
        { version: "v2", workflow: "order", status: "running", runs: 1 },
      ] as const;
      const bill = { version: "v1", workflow: "billing/a", status: "running", runs: 1 } as const;
      expect(await versions()).toEqual([bill, ...others]);
      expect(await versions(billing)).toEqual([bill]);
      expect(await versions(none)).toEqual([]);
    });

    test("timers are those of runs one may see", async () => {
      await desk.hot("r1", { workflow: "order" });
      await desk.append("r1", sleep(0, start + 5), sleep(1, start + 6), waitFor(2, "paid"));
      await desk.create("r2", { workflow: "billing/a", dueAt: start + 9 });
      const timers = (access?: AccessFilter, max = 99) => desk.store.figures.countTimers({ access, max });
      expect(await timers()).toBe(3);
      expect(await timers(undefined, 1)).toBe(3);
      expect(await timers(billing)).toBe(1);
      expect(await timers({ workflows: ["*"] }, 2)).toBe(2);
      expect(await timers(none)).toBe(0);
    });
  });
}

/** Registers the tests of the port for one adapter; `makeStore` opens an empty store for each of them. */
export function runFiguresSuite(name: string, makeStore: MakeStore): void {
  byTheHour(name, makeStore);
  present(name, makeStore);
  figureListsSuite(name, makeStore);
}
