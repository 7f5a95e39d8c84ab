// What somebody sees of the port's lists, counts and single reads who may see only some workflows, events or keys.
import { describe, expect, test } from "bun:test";
import type { AccessFilter } from "../kernel/run-store.ts";
import {
  ada,
  approval,
  done,
  fail,
  finish,
  idle,
  log,
  sleep,
  start,
  value,
  withStore,
  type Desk,
  type MakeStore,
} from "./run-store.fixture.suite.ts";

const billing: AccessFilter = { workflows: ["billing/*"] };
const none: AccessFilter = { workflows: [] };

/** One run of each of these workflows, a millisecond apart; every third is left running. */
async function fill(desk: Desk, workflows: readonly string[]): Promise<void> {
  for (const [index, workflow] of workflows.entries()) {
    const id = `r${index}`;
    await desk.hot(id, { workflow, tags: ["all"] });
    if (index % 3 !== 2) await desk.append(id, index % 3 === 0 ? finish() : fail());
    desk.now++;
  }
}

function runs(name: string, makeStore: MakeStore): void {
  describe(`${name}: access to runs`, () => {
    const desk = withStore(makeStore);
    const list = async (access: AccessFilter, filter: object = {}, more: object = {}) =>
      (await desk.store.listRuns({ filter, limit: 99, access, ...more })).runs.map(({ id }) => id);

    test("is by patterns, in every list and count, with every other filter", async () => {
      const workflows = ["billing/a", "order", "billing/b", "billing", "ship?x", "billing/a", "Billing/a", "shipyx"];
      await fill(desk, workflows);
      const cases: readonly (readonly [AccessFilter, object, readonly string[]])[] = [
        [billing, {}, ["r5", "r2", "r0"]],
        [none, {}, []],
        [{ workflows: ["*"] }, {}, ["r7", "r6", "r5", "r4", "r3", "r2", "r1", "r0"]],
        [{ workflows: ["order", "missing", "bill*/b"] }, {}, ["r2", "r1"]],
        [{ workflows: ["billing/*", "*/a"] }, {}, ["r6", "r5", "r2", "r0"]],
        [{ workflows: ["ship?x", "[o]rder"] }, {}, ["r4"]],
        [billing, { workflow: "billing/a" }, ["r5", "r0"]],
        [billing, { workflow: "order" }, []],
        [billing, { status: ["running"] }, ["r5", "r2"]],
        [billing, { status: ["completed", "running"] }, ["r5", "r2", "r0"]],
        [billing, { status: ["failed"] }, []],
        [billing, { tag: "all" }, ["r5", "r2", "r0"]],
        [billing, { from: start + 1, to: start + 5 }, ["r2"]],
        [billing, { version: "v1", status: ["completed"] }, ["r0"]],
      ];
      for (const [access, filter, expected] of cases) {
        expect({ access, filter, seen: await list(access, filter) }).toEqual({ access, filter, seen: [...expected] });
        expect(await desk.store.countRuns({ filter, access })).toBe(expected.length);
      }
    });

    test("shows the same pages whatever else there is", async () => {
      const workflows = Array.from({ length: 23 }, (_, i) => ["billing/a", "order", "billing/b", "x"][(i * 7) % 4]!);
      await fill(desk, workflows);
      desk.now = start;
      await desk.hot("same-time", { workflow: "billing/b" });
      for (const filter of [{}, { status: ["running"] }, { tag: "all" }, { from: start + 2 }] as const) {
        const all = await list(billing, filter);
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const more = cursor === undefined ? {} : { cursor };
          const page = await desk.store.listRuns({ filter, limit: 3, access: billing, ...more });
          seen.push(...page.runs.map(({ id }) => id));
          cursor = page.next;
        } while (cursor !== undefined);
        expect(seen).toEqual(all);
        expect(all.length).toBeGreaterThan(3);
      }
    });

    test("is asked for in single reads too", async () => {
      await desk.hot("r1", { workflow: "order", key: "k" });
      await desk.append("r1", done(0, "x"), log("hello"), approval(1, "t1"), idle());
      for (const [access, seen] of [
        [{ workflows: ["or*"] }, true],
        [billing, false],
        [none, false],
      ] as const) {
        const { store } = desk;
        expect((await store.getRun({ run: "r1", access })) !== undefined).toBe(seen);
        expect((await store.findByKey({ workflow: "order", key: "k", access })) !== undefined).toBe(seen);
        expect((await store.getToken({ token: "t1", access })) !== undefined).toBe(seen);
        expect((await store.readJournal({ run: "r1", bytesMax: 999, access })).entries).toHaveLength(seen ? 2 : 0);
        expect(await store.listLogs({ run: "r1", after: 0, limit: 9, access })).toHaveLength(seen ? 1 : 0);
        expect(await store.listTokens({ kind: "approval", limit: 9, access })).toHaveLength(seen ? 1 : 0);
      }
    });
  });
}

function others(name: string, makeStore: MakeStore): void {
  describe(`${name}: access to the rest`, () => {
    const desk = withStore(makeStore);

    test("schedules are those of workflows one may see", async () => {
      const schedule = (id: string, workflow: string) => {
        const rule = { cron: "0 0 * * *", timezone: "UTC", catchUp: "skip", catchUpMax: 1, overlap: "allow" } as const;
        return { id, workflow, ...rule, input: value(null), jitterMs: 0, createdAt: start, source: "code" } as const;
      };
      const schedules = [schedule("s1", "order"), schedule("s2", "billing/a")];
      await desk.store.putSchedules({ by: ada, workflows: ["order", "billing/a"], schedules, now: start });
      const ids = async (access?: AccessFilter) => (await desk.store.listSchedules({ access })).map(({ id }) => id);
      expect(await ids()).toEqual(["s1", "s2"]);
      expect(await ids(billing)).toEqual(["s2"]);
      expect(await ids(none)).toEqual([]);
    });

    test("what is said about retention is of workflows one may see", async () => {
      await fill(desk, ["billing/a", "order"]);
      const names = async (access?: AccessFilter) =>
        (await desk.store.listRetentions({ access })).map(({ workflow }) => workflow);
      expect(await names()).toEqual(["billing/a", "order"]);
      expect(await names(billing)).toEqual(["billing/a"]);
      expect(await names(none)).toEqual([]);
    });

    test("what stands beside an approval is for those who may see its workflow", async () => {
      await desk.hot("r1", { workflow: "billing/a" });
      await desk.append("r1", approval(0, "t1"));
      await desk.store.commentApproval({ by: ada, token: "t1", text: "why?", limit: 9, now: start });
      const texts = async (access?: AccessFilter) =>
        (await desk.store.listComments({ token: "t1", limit: 9, access })).map(({ text }) => text);
      expect(await texts()).toEqual(["why?"]);
      expect(await texts(billing)).toEqual(["why?"]);
      expect(await texts({ workflows: ["order"] })).toEqual([]);
    });

    test("events by patterns of their names, in pages", async () => {
      for (const event of ["paid", "order.new", "order.gone", "orders", "order.new"]) await desk.emit(event, 1);
      const list = async (names: readonly string[], more: object = {}) =>
        (await desk.store.listEvents({ names, after: 0, limit: 9, ...more })).map(({ id }) => id);
      expect(await list(["order.*"])).toEqual([2, 3, 5]);
      expect(await list(["order.*"], { after: 2, limit: 1 })).toEqual([3]);
      expect(await list(["order.*", "paid"], { name: "paid" })).toEqual([1]);
      expect(await list(["order.*"], { name: "paid" })).toEqual([]);
      expect(await list(["*"])).toHaveLength(5);
      expect(await list([])).toEqual([]);
    });

    test("state by patterns of its keys, in pages", async () => {
      for (const key of ["ci/a", "ci/b", "ci/c", "prod/a", "ci"]) {
        await desk.store.setState({ by: ada, scope: "global", key, value: value(1), now: start });
      }
      const list = async (keys: readonly string[], more: object = {}) => {
        const page = await desk.store.listState({ scope: "global", keys, limit: 9, now: start, ...more });
        return page.entries.map(({ key }) => key);
      };
      expect(await list(["ci/*"])).toEqual(["ci/a", "ci/b", "ci/c"]);
      expect(await list(["*/a"])).toEqual(["ci/a", "prod/a"]);
      expect(await list(["ci/*"], { prefix: "prod" })).toEqual([]);
      expect(await list([])).toEqual([]);
      const first = await desk.store.listState({ scope: "global", keys: ["*/a", "ci"], limit: 2, now: start });
      expect(first.entries.map(({ key }) => key)).toEqual(["ci", "ci/a"]);
      expect(await list(["*/a", "ci"], { cursor: first.next })).toEqual(["prod/a"]);
    });

    test("figures count what one may see", async () => {
      await fill(desk, ["billing/a", "billing/a", "billing/a", "order"]);
      await desk.create("q1", { workflow: "billing/b" });
      await desk.create("q2", { workflow: "order" });
      await desk.create("later", { workflow: "order", dueAt: desk.now + 9 });
      await desk.append("r2", sleep(0, start + 100));
      for (const event of ["paid", "order.new"]) await desk.emit(event, 1);
      expect(await desk.store.stats({ access: billing, names: ["order.*"] })).toMatchObject({
        runs: { completed: 1, failed: 1, running: 1, queued: 1 },
        ready: 1,
        timers: 1,
        events: 1,
      });
      const nothing = { runs: {}, ready: 0, timers: 0, events: 0, held: {} };
      const { bytes: _bytes, ...seen } = await desk.store.stats({ access: none, names: [] });
      expect(seen).toEqual(nothing);
      const all = {
        runs: { completed: 2, failed: 1, running: 1, queued: 3 },
        ready: 2,
        timers: 2,
        events: 2,
        held: {},
      };
      expect(await desk.store.stats({ access: { workflows: ["*"] }, names: ["*"] })).toMatchObject(all);
      expect(await desk.store.stats()).toMatchObject(all);
    });
  });
}

export function accessSuite(name: string, makeStore: MakeStore): void {
  runs(name, makeStore);
  others(name, makeStore);
}
