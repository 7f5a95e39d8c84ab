// What the port finds by a piece of a name, and how it says briefly how runs stand.
import { describe, expect, test } from "bun:test";
import type { AccessFilter } from "../kernel/run-store.ts";
import { ada, fail, finish, start, state, value, withStore, type MakeStore } from "./run-store.fixture.suite.ts";

const billing: AccessFilter = { workflows: ["billing/*"] };
/** What must be nothing but text to every search. */
const hostile = ["*", "%", "_", "?", "[a-z]*", "a*", "' OR 1=1 --", "\\", '"', "\u{10FFFF}", "\u202E", "-", "é", "💥"];

function runs(name: string, makeStore: MakeStore): void {
  describe(`${name}: searching runs`, () => {
    const desk = withStore(makeStore);
    const search = async (text: string, more: { limit?: number; access?: AccessFilter } = {}) => {
      const { hits, more: left } = await desk.store.searchRuns({ text, limit: 10, ...more });
      return { found: hits.map(({ run, by, value: fits }) => `${run.id} ${by} ${fits}`), more: left };
    };

    test("finds ids, keys and tags by themselves and by their beginning", async () => {
      await desk.create("run_1", { key: "order-7", tags: ["eu", "order-7"] });
      desk.now++;
      await desk.create("run_2", { key: "order-70", tags: ["eu"], workflow: "billing/a" });
      desk.now++;
      await desk.create("run_10", { key: "order-7", tags: ["europe"], workflow: "billing/a" });
      const cases: readonly (readonly [string, readonly string[]])[] = [
        ["run_1", ["run_1 id run_1", "run_10 id run_10"]],
        ["run_", ["run_2 id run_2", "run_10 id run_10", "run_1 id run_1"]],
        ["order-7", ["run_1 key order-7", "run_10 key order-7", "run_2 key order-70"]],
        ["eu", ["run_2 tag eu", "run_1 tag eu", "run_10 tag europe"]],
        ["europ", ["run_10 tag europe"]],
        ["RUN_1", []],
        ["un_1", []],
        ["", []],
      ];
      for (const [text, found] of cases) {
        expect({ text, ...(await search(text)) }).toEqual({ text, found: [...found], more: false });
      }
    });

    test("answers with no more than was asked for, and says that there is more", async () => {
      for (let i = 0; i < 5; i++) {
        await desk.create(`run_${i}`, { key: `k${i}`, tags: ["t", `t${i}`] });
        desk.now++;
      }
      expect(await search("run_", { limit: 2 })).toEqual({ found: ["run_4 id run_4", "run_3 id run_3"], more: true });
      expect(await search("k", { limit: 2 })).toEqual({ found: ["run_0 key k0", "run_1 key k1"], more: true });
      expect(await search("t", { limit: 2 })).toEqual({ found: ["run_4 tag t", "run_3 tag t"], more: true });
      expect((await search("t", { limit: 5 })).more).toBe(false);
      expect(await search("k", { limit: 5 })).toMatchObject({ more: false });
      expect(await search("run_", { limit: 0 })).toEqual({ found: [], more: false });
    });

    test("shows only runs of workflows one may see", async () => {
      for (const [index, workflow] of ["order", "billing/a", "order", "billing/b"].entries()) {
        await desk.create(`run_${index}`, { workflow, key: `key-${index}`, tags: ["all"] });
        desk.now++;
      }
      for (const [text, found] of [
        ["run_", ["run_3 id run_3", "run_1 id run_1"]],
        ["run_0", []],
        ["key-", ["run_1 key key-1", "run_3 key key-3"]],
        ["all", ["run_3 tag all", "run_1 tag all"]],
        ["al", ["run_3 tag all", "run_1 tag all"]],
      ] as const) {
        expect(await search(text, { access: billing })).toEqual({ found: [...found], more: false });
        expect((await search(text, { access: { workflows: [] } })).found).toEqual([]);
      }
    });

    test("takes every text as it is", async () => {
      await desk.create("plain", { key: "plain", tags: ["plain"] });
      for (const [index, text] of hostile.entries()) {
        expect((await search(text)).found).toEqual([]);
        await desk.create(`run_${index}`, { key: `${text}k`, tags: [`${text}t`] });
        expect((await search(text)).found).toEqual([`run_${index} key ${text}k`]);
        expect((await search(`${text}t`)).found).toEqual([`run_${index} tag ${text}t`]);
      }
    });

    test("tells how runs stand, whichever exist", async () => {
      await desk.hot("r1");
      desk.now += 5;
      await desk.append("r1", fail());
      await desk.create("r2", { workflow: "billing/a", dueAt: desk.now + 9 });
      const found = await desk.store.getRuns({ runs: ["r2", "missing", "r1", "'"] });
      expect(found.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
        {
          id: "r1",
          workflow: "order",
          status: "failed",
          reason: "error",
          createdAt: start,
          startedAt: start,
          endedAt: start + 5,
        },
        { id: "r2", workflow: "billing/a", status: "queued", reason: "delayed", createdAt: start + 5 },
      ]);
      expect(await desk.store.getRuns({ runs: [] })).toEqual([]);
    });
  });
}

function names(name: string, makeStore: MakeStore): void {
  describe(`${name}: searching names`, () => {
    const desk = withStore(makeStore);

    test("events by any piece of their name", async () => {
      for (const event of ["order.paid", "Paid", "order.new", "paid", "order.paid", "100%"]) await desk.emit(event, 1);
      const search = (text: string, more: object = {}) => desk.store.searchEventNames({ text, limit: 9, ...more });
      expect(await search("PAID")).toEqual({ names: ["Paid", "order.paid", "paid"], more: false });
      expect(await search("paid", { names: ["order.*"] })).toEqual({ names: ["order.paid"], more: false });
      expect(await search("paid", { names: [] })).toEqual({ names: [], more: false });
      expect(await search("paid", { limit: 2 })).toEqual({ names: ["Paid", "order.paid"], more: true });
      expect(await search("%")).toEqual({ names: ["100%"], more: false });
      expect((await search("*")).names).toEqual([]);
    });

    test("keys of state by their beginning, of everybody and of workflows", async () => {
      const put = (scope: string, key: string, more: object = {}) =>
        desk.store.setState({ by: ada, scope, key, value: value(1), now: start, ...more });
      for (const key of ["ci/a", "ci/b", "prod/a", "c*"]) await put("global", key);
      await put("global", "ci/over", { expiresAt: start + 1 });
      await put("workflow:order", "ci/o");
      await put("workflow:billing/a", "ci/x");
      await desk.hot("r1");
      await desk.append("r1", state(0, "set", { scope: "run:r1", value: 1 }), finish());
      const search = async (text: string, more: object = {}) => {
        const found = await desk.store.searchStateKeys({ text, limit: 9, now: start + 1, ...more });
        return { keys: found.keys.map(({ scope, key }) => `${scope} ${key}`), more: found.more };
      };
      const both = ["global ci/a", "global ci/b", "workflow:billing/a ci/x", "workflow:order ci/o"];
      expect(await search("ci/")).toEqual({ keys: both, more: false });
      expect(await search("ci/", { access: billing })).toEqual({ keys: both.slice(0, 3), more: false });
      expect(await search("", { keys: ["*/a"] })).toEqual({ keys: ["global ci/a", "global prod/a"], more: false });
      expect(await search("ci/", { keys: [] })).toEqual({ keys: [], more: false });
      expect(await search("ci/", { limit: 2 })).toEqual({ keys: both.slice(0, 2), more: true });
      expect(await search("c*")).toEqual({ keys: ["global c*"], more: false });
      expect(await search("count")).toEqual({ keys: [], more: false });
    });
  });
}

export function searchingSuite(name: string, makeStore: MakeStore): void {
  runs(name, makeStore);
  names(name, makeStore);
}
