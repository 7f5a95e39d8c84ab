// The lists of the figures port: waits, runs of schedules, journals without values, attempts.
import { describe, expect, test } from "bun:test";
import { decodeErrorValue, encodeErrorValue } from "@sluice/protocol";
import { scheduledTag, type RunFigures } from "../kernel/run-figures.ts";
import type { AccessFilter, StoreOp } from "../kernel/run-store.ts";
import { attemptErrorBytesMax, attemptsKeptMax } from "./attempts.ts";
import {
  ada,
  done,
  fail,
  failed,
  finish,
  idle,
  refusal,
  retry,
  sleep,
  start,
  value,
  waitFor,
  withStore,
  type MakeStore,
} from "./run-store.fixture.suite.ts";

const billing: AccessFilter = { workflows: ["billing/*"] };
const none: AccessFilter = { workflows: [] };

function waits(name: string, makeStore: MakeStore): void {
  describe(`${name}: waits for events`, () => {
    const desk = withStore(makeStore);

    test("are listed by name and age, in pages, as far as one may see them", async () => {
      const waiting: readonly [string, string, StoreOp][] = [
        ["r1", "order", waitFor(0, "paid", { key: "k" })],
        ["r2", "billing/a", waitFor(0, "paid", { match: { total: 1 }, due: start + 99 })],
        ["r3", "order", waitFor(0, "gone")],
        ["r4", "billing/a", waitFor(0, "paid")],
      ];
      for (const [id, workflow, op] of waiting) {
        await desk.hot(id, { workflow });
        await desk.append(id, done(9), op, sleep(5, start + 9), idle("waiting_for_event"));
        desk.now++;
      }
      const { figures } = desk.store;
      const list = async (p: Partial<Parameters<RunFigures["listWaits"]>[0]> = {}) => {
        const runs: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await figures.listWaits({ limit: 1, ...p, cursor });
          expect(page.waits.length).toBeLessThanOrEqual(1);
          runs.push(...page.waits.map(({ run }) => run));
          cursor = page.next;
        } while (cursor !== undefined);
        return runs;
      };
      expect(await list()).toEqual(["r3", "r1", "r2", "r4"]);
      expect(await list({ event: "paid" })).toEqual(["r1", "r2", "r4"]);
      expect(await list({ event: "none" })).toEqual([]);
      expect(await list({ access: billing })).toEqual(["r2", "r4"]);
      expect(await list({ names: ["g*"] })).toEqual(["r3"]);
      expect(await list({ names: ["g*"], event: "paid" })).toEqual([]);
      expect(await list({ access: none })).toEqual([]);
      const r1 = { run: "r1", workflow: "order", seq: 0, event: "paid", key: "k", since: start };
      const match = { match: value({ total: 1 }), dueAt: start + 99 };
      const r2 = { run: "r2", workflow: "billing/a", seq: 0, event: "paid", since: start + 1, ...match };
      const r4 = { run: "r4", workflow: "billing/a", seq: 0, event: "paid", since: start + 3 };
      expect((await figures.listWaits({ event: "paid", limit: 9 })).waits).toEqual([r1, r2, r4]);
      expect(await refusal(figures.listWaits({ limit: 1, cursor: "?" }))).toBe("invalid_filter");
      await desk.emit("paid", { total: 1 }, { key: "k" });
      expect(await list()).toEqual(["r3"]);
    });
  });
}

function others(name: string, makeStore: MakeStore): void {
  describe(`${name}: lists for people`, () => {
    const desk = withStore(makeStore);

    test("runs of schedules come by the time they were started for", async () => {
      const scheduled = (id: string, nominal: number, more: object = {}) =>
        desk.create(id, { schedule: "s1", tags: ["x", scheduledTag(nominal)], ...more });
      await scheduled("late", start - 5_000);
      await scheduled("r2", start + 2_000, { workflow: "billing/a", schedule: "s2" });
      await scheduled("r1", start + 1_000);
      await desk.create("by hand", { tags: [scheduledTag(start)] });
      await scheduled("now", start, { tags: ["scheduled:now", "scheduled:2023-12-01"] });
      const { figures } = desk.store;
      const list = async (p: Partial<Parameters<RunFigures["listScheduledRuns"]>[0]> = {}) => {
        const runs = await figures.listScheduledRuns({ from: start - 9_000, to: start + 1e9, limit: 9, ...p });
        return runs.map(({ run }) => run);
      };
      expect(await list()).toEqual(["late", "r1", "r2"]);
      expect(await list({ limit: 2 })).toEqual(["late", "r1"]);
      expect(await list({ from: start + 1_000, to: start + 2_000 })).toEqual(["r1"]);
      expect(await list({ workflow: "order" })).toEqual(["late", "r1"]);
      expect(await list({ access: billing })).toEqual(["r2"]);
      expect(await list({ workflow: "order", access: billing })).toEqual([]);
      const [late] = await figures.listScheduledRuns({ from: 0, to: start, limit: 1 });
      const what = { run: "late", schedule: "s1", workflow: "order", status: "queued" } as const;
      expect(late).toEqual({ ...what, nominalAt: start - 5_000, createdAt: start });
    });

    test("an entry by its number", async () => {
      await desk.hot("r1", { workflow: "billing/a" });
      await desk.append("r1", done(0, "result"), waitFor(1, "paid"));
      const { figures } = desk.store;
      expect(await figures.getEntry({ run: "r1", seq: 0 })).toMatchObject({ seq: 0, ord: 1, value: value("result") });
      expect(await figures.getEntry({ run: "r1", seq: 1, access: billing })).toMatchObject({ status: "running" });
      expect(await figures.getEntry({ run: "r1", seq: 0, access: none })).toBeUndefined();
      expect(await figures.getEntry({ run: "r1", seq: 2 })).toBeUndefined();
      expect(await figures.getEntry({ run: "r2", seq: 0 })).toBeUndefined();
    });

    test("outlines of journals, the newest run first, in pages", async () => {
      for (const id of ["r1", "r2", "other"]) {
        await desk.hot(id, { workflow: id === "other" ? "other" : "order" });
        await desk.append(id, done(1, "large"), failed(0), waitFor(2, "paid"));
        desk.now++;
      }
      await desk.end("r1");
      const { figures } = desk.store;
      const first = await figures.listOutlines({ workflow: "order", limit: 1, entriesMax: 9 });
      expect(first.outlines).toEqual([
        {
          run: "r2",
          status: "running",
          entries: [
            { seq: 0, kind: "step", name: "step 0", status: "failed", ord: 2, at: start, end: start + 1 },
            { seq: 1, kind: "step", name: "step 1", status: "completed", ord: 1, at: start, end: start + 1 },
            { seq: 2, kind: "event", name: "paid", status: "running", ord: 0, at: start + 1, end: 0 },
          ],
        },
      ]);
      const cursor = first.next;
      const second = await figures.listOutlines({ workflow: "order", limit: 1, entriesMax: 1, cursor });
      expect(second).toMatchObject({ outlines: [{ run: "r1", status: "completed", entries: [{ seq: 0 }] }] });
      expect(second.outlines[0]?.entries).toHaveLength(1);
      expect(second.next).toBeUndefined();
    });
  });
}

function attempts(name: string, makeStore: MakeStore): void {
  describe(`${name}: attempts that failed`, () => {
    const desk = withStore(makeStore);
    const list = (run: string, access?: AccessFilter) => desk.store.figures.listAttempts({ run, access });

    test("are kept with their errors and times, until the entry or the run goes", async () => {
      await desk.hot("r1");
      desk.now = start + 10;
      await desk.append("r1", retry(0, start + 50, 1));
      desk.now = start + 60;
      await desk.append("r1", retry(0, start + 90, 2), retry(1, start + 70, 1));
      await desk.append("r1", done(0, "at last", { attempt: 3 }));
      const shown = [
        [0, 1, start, start + 10],
        [0, 2, start + 50, start + 60],
        [1, 1, start, start + 60],
      ];
      const times = async (run: string) =>
        (await list(run)).map(({ seq, attempt, at, end }) => [seq, attempt, at, end]);
      expect(await times("r1")).toEqual(shown);
      expect(decodeErrorValue((await list("r1"))[0]!.error).message).toBe("again");
      expect(await list("r1", billing)).toEqual([]);
      expect(await list("none")).toEqual([]);
      await desk.append("r1", fail(1));
      await desk.store.retryRun({ by: ada, run: "r1", now: desk.now });
      expect(await times("r1")).toEqual(shown.slice(0, 2));
      await desk.claim();
      await desk.append("r1", finish());
      await desk.store.deleteRuns({ by: ada, runs: ["r1"], now: desk.now });
      await desk.hot("r1");
      expect(await list("r1")).toEqual([]);
    });

    test("the last few are kept, and of a long error the beginning", async () => {
      await desk.hot("r1");
      const long = encodeErrorValue({ name: "E", message: "m".repeat(attemptErrorBytesMax), code: "c" });
      for (let attempt = 1; attempt <= attemptsKeptMax + 3; attempt++) {
        await desk.append("r1", { ...retry(0, start, attempt), error: long } as StoreOp);
      }
      const kept = await list("r1");
      expect(kept.map(({ attempt }) => attempt)).toEqual(Array.from({ length: attemptsKeptMax }, (_, i) => i + 4));
      for (const { error } of kept) {
        expect(error.length).toBeLessThan(2_048);
        expect(decodeErrorValue(error)).toMatchObject({ name: "E", code: "c" });
      }
    });
  });
}

export function figureListsSuite(name: string, makeStore: MakeStore): void {
  waits(name, makeStore);
  others(name, makeStore);
  attempts(name, makeStore);
}
