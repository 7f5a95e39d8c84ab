// Search attributes: set with a run and by it, and runs found by them.
import { describe, expect, test } from "bun:test";
import type { AttributeSetting, RunAttribute } from "@sluice/protocol";
import type { RunFilter } from "../kernel/run-store.ts";
import { ada, finish, start, withStore, type MakeStore } from "./run-store.fixture.suite.ts";

type Filters = NonNullable<RunFilter["attributes"]>;

const total = (value: number): RunAttribute => ({ name: "total", type: "number", value });
const customer = (value: string): RunAttribute => ({ name: "customer", type: "keyword", value });
const paid = (value: boolean): RunAttribute => ({ name: "paid", type: "boolean", value });
const note = (value: string): RunAttribute => ({ name: "note", type: "text", value });
const due = (value: number): RunAttribute => ({ name: "due", type: "time", value });

export function attributesSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: search attributes`, () => {
    const desk = withStore(makeStore);
    const set = (...settings: readonly AttributeSetting[]) => ({ op: "attributes", set: settings }) as const;
    const find = async (filters: Filters, more: Partial<RunFilter> = {}, access?: { workflows: readonly string[] }) => {
      const p = { filter: { ...more, attributes: filters }, access };
      const { runs } = await desk.store.listRuns({ ...p, limit: 99 });
      expect(await desk.store.countRuns(p)).toBe(runs.length);
      return runs.map(({ id }) => id);
    };

    test("come with the start, are set and taken away by the run, and stay in the order of their names", async () => {
      await desk.hot("r1", { attributes: [customer("acme"), total(1)] });
      expect((await desk.run("r1")).attributes).toEqual([customer("acme"), total(1)]);
      await desk.append("r1", set(total(2), paid(true)), set({ ...customer("x"), value: null }));
      expect((await desk.run("r1")).attributes).toEqual([paid(true), total(2)]);
      await desk.append("r1", set({ ...total(0), value: null }, { ...paid(true), value: null }));
      expect((await desk.run("r1")).attributes).toBeUndefined();
    });

    test("find runs by every operator of their type", async () => {
      const all = [
        [total(1), customer("a"), paid(true), note("First Order"), due(start)],
        [total(2.5), customer("b"), paid(false), note("second order"), due(start + 1)],
        [total(-3), customer("B"), note("third, ÜBER"), due(start - 1)],
        [],
      ];
      for (const [index, attributes] of all.entries()) {
        await desk.create(`r${index}`, { attributes });
        desk.now++;
      }
      const by = (attribute: RunAttribute, operator: Filters[number]["operator"]) => find([{ ...attribute, operator }]);
      expect(await by(total(1), ">=")).toEqual(["r1", "r0"]);
      expect(await by(total(1), ">")).toEqual(["r1"]);
      expect(await by(total(1), "<")).toEqual(["r2"]);
      expect(await by(total(1), "<=")).toEqual(["r2", "r0"]);
      expect(await by(total(2.5), "=")).toEqual(["r1"]);
      expect(await by(total(1), "!=")).toEqual(["r2", "r1"]);
      expect(await by(customer("b"), "=")).toEqual(["r1"]);
      expect(await by(customer("a"), "<")).toEqual(["r2"]);
      expect(await by(paid(false), "=")).toEqual(["r1"]);
      expect(await by(paid(false), "!=")).toEqual(["r0"]);
      expect(await by(note("ORDER"), "~")).toEqual(["r1", "r0"]);
      expect(await by(note("über"), "~")).toEqual([]);
      expect(await by(due(start), ">=")).toEqual(["r1", "r0"]);
      expect(await by({ ...total(1), type: "time" }, "=")).toEqual([]);
      expect(await by({ ...total(1), name: "none" }, "!=")).toEqual([]);
    });

    test("go with every other filter, with each other, and with what one may see", async () => {
      for (const [index, workflow] of ["order", "order", "invoice", "order"].entries()) {
        const attributes = [customer(index === 3 ? "b" : "a"), total(index)];
        await desk.create(`r${index}`, { workflow, attributes, tags: index === 0 ? ["t"] : [] });
        desk.now++;
      }
      const a: Filters[number] = { ...customer("a"), operator: "=" };
      const many: Filters[number] = { ...total(1), operator: ">=" };
      expect(await find([a])).toEqual(["r2", "r1", "r0"]);
      expect(await find([a, many])).toEqual(["r2", "r1"]);
      expect(await find([many, { ...total(3), operator: "<" }])).toEqual(["r2", "r1"]);
      expect(await find([a], { workflow: "order" })).toEqual(["r1", "r0"]);
      expect(await find([a], { tag: "t" })).toEqual(["r0"]);
      expect(await find([a], { status: ["completed"] })).toEqual([]);
      expect(await find([a], {}, { workflows: ["inv*"] })).toEqual(["r2"]);
      expect(await find([many], {}, { workflows: ["inv*", "none"] })).toEqual(["r2"]);
      const first = await desk.store.listRuns({ filter: { attributes: [a] }, limit: 2 });
      const second = await desk.store.listRuns({ filter: { attributes: [a] }, limit: 2, cursor: first.next });
      expect([...first.runs, ...second.runs].map(({ id }) => id)).toEqual(["r2", "r1", "r0"]);
      expect(second.next).toBeUndefined();
    });

    test("are handed on by a run that goes on, and go with a run that is deleted", async () => {
      await desk.hot("r1", { attributes: [total(1)] });
      const child = desk.newRun("r2");
      const end = { op: "finish", status: "completed", input: child.input, child } as const;
      await desk.append("r1", set(customer("a")), end);
      expect((await desk.run("r2")).attributes).toEqual([customer("a"), total(1)]);
      await desk.claim();
      await desk.append("r2", set(total(2)), finish());
      expect(await find([{ ...total(2), operator: "=" }])).toEqual(["r2"]);
      await desk.store.deleteRuns({ by: ada, runs: ["r1", "r2"], now: desk.now });
      expect(await find([{ ...customer("a"), operator: "=" }])).toEqual([]);
    });
  });
}
