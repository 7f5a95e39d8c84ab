// The one suite of the trigger port: every adapter runs all of it.
import { describe, expect, test } from "bun:test";
import { gateId, ruleId } from "../kernel/flow.ts";
import { engineItself } from "../kernel/inner-actor.ts";
import type { DeliveryRecord, TriggerRecord, TriggerStore } from "../kernel/trigger-store.ts";
import { asked } from "./run-store.joining.suite.ts";
import { ada, problem, read, start, value, withStore, type Desk, type MakeStore } from "./run-store.fixture.suite.ts";

const id = "order:new";

function triggersOf(desk: Desk) {
  const store = (): TriggerStore => desk.store.triggers;
  const declared = (name: string, workflow = "order") => ({
    id: `${workflow}:${name}`,
    workflow,
    kind: "poll",
    createdAt: desk.now,
  });
  return {
    get store() {
      return store();
    },
    declared,
    put: (...names: readonly string[]) =>
      store().putTriggers({
        by: ada,
        workflows: ["order"],
        triggers: names.map((name) => declared(name)),
        now: desk.now,
      }),
    async get(): Promise<TriggerRecord> {
      const found = (await store().listTriggers()).find((each) => each.id === id);
      if (found === undefined) throw new Error("the trigger is not there");
      return found;
    },
    advance: (expect_: number, more: Partial<Parameters<TriggerStore["advanceTrigger"]>[0]> = {}) =>
      store().advanceTrigger({
        by: engineItself,
        trigger: id,
        expect: expect_,
        occurrences: [],
        now: desk.now,
        ...more,
      }),
    once: (key: string, more: { readonly mark?: string; readonly expiresAt?: number; readonly run?: string } = {}) => {
      const { run = `run-${key}`, ...rest } = more;
      return { key, run: desk.newRun(run), ...rest };
    },
  };
}

function progress(name: string, makeStore: MakeStore): void {
  describe(`${name}: triggers`, () => {
    const desk = withStore(makeStore);
    const on = triggersOf(desk);

    test("are those that the code declares; those that stay keep how far they have got", async () => {
      await desk.emit("before", {});
      await on.put("new", "gone");
      await on.advance(0, { progress: { cursor: value(7), nextAt: start + 5 } });
      await on.store.putTriggers({
        by: ada,
        workflows: ["other"],
        triggers: [on.declared("x", "other")],
        now: desk.now,
      });
      desk.now += 10;
      const all = await on.put("new", "late");
      expect(all.map((each) => each.id)).toEqual(["order:late", "order:new", "other:x"]);
      expect(await on.get()).toEqual({
        id,
        workflow: "order",
        kind: "poll",
        createdAt: start,
        paused: false,
        version: 1,
        position: 1,
        cursor: value(7),
        nextAt: start + 5,
        fired: 0,
        failures: 0,
      });
    });

    test("forget everything when the code has them no more", async () => {
      await on.put("new");
      const hold = [{ key: "h", firstAt: 1, dueAt: 2, count: 1, input: value(1) }];
      await on.advance(0, { occurrences: [on.once("a")], hold });
      await on.put();
      await on.put("new");
      expect(await on.get()).toMatchObject({ version: 0, fired: 0 });
      expect(await on.store.listMarks({ trigger: id, limit: 9 })).toEqual([]);
      expect(await on.store.listHeld({ trigger: id, limit: 9 })).toEqual([]);
    });

    test("start a run for each key, once, and move on in the same commit", async () => {
      await on.put("new");
      const first = await on.advance(0, {
        occurrences: [on.once("a"), on.once("b")],
        progress: { cursor: value("after b"), lookedAt: start },
      });
      expect(first).toMatchObject({ outcome: "ok", duplicates: 0, trigger: { version: 1, fired: 2, firedAt: start } });
      if (first.outcome !== "ok") throw new Error("unreachable");
      expect(first.created.map((run) => run.id)).toEqual(["run-a", "run-b"]);
      expect(first.effects.ready).toBe(2);
      expect((await desk.run("run-a")).by).toEqual({ kind: "trigger", id });
      // The same again under another id, as after a crash between the look outside and the commit.
      const again = await on.advance(1, { occurrences: [on.once("b", { run: "other" }), on.once("c")] });
      expect(again).toMatchObject({ outcome: "ok", duplicates: 1, trigger: { fired: 3 } });
      expect(await desk.store.getRun({ run: "other" })).toBeUndefined();
      expect(await desk.claimIds()).toEqual(["run-a", "run-b", "run-c"]);
    });

    test("an advance made for an earlier state changes nothing", async () => {
      await on.put("new");
      await on.advance(0);
      const late = await on.advance(0, { occurrences: [on.once("a")], progress: { cursor: value(1) } });
      expect(late).toEqual({ outcome: "stale" });
      expect(await desk.store.getRun({ run: "run-a" })).toBeUndefined();
      expect((await on.get()).cursor).toBeUndefined();
      expect(
        await on.store.advanceTrigger({ by: engineItself, trigger: "none", expect: 0, occurrences: [], now: 1 }),
      ).toEqual({
        outcome: "stale",
      });
    });

    test("a key counts again in another form, after its time, and when it was forgotten", async () => {
      await on.put("new");
      await on.advance(0, { occurrences: [on.once("f", { mark: "v1" })], marks: [{ key: "seen", mark: "v0" }] });
      const same = await on.advance(1, { occurrences: [on.once("f", { mark: "v1", run: "again" })] });
      expect(same).toMatchObject({ duplicates: 1 });
      const other = await on.advance(2, { occurrences: [on.once("f", { mark: "v2", run: "changed" })] });
      expect(other).toMatchObject({ duplicates: 0, trigger: { fired: 2 } });
      expect(await on.store.findMarks({ trigger: id, keys: ["f", "seen", "none"] })).toEqual([
        { key: "f", mark: "v2", run: "changed", at: start },
        { key: "seen", mark: "v0", at: start },
      ]);
      await on.advance(3, { forget: ["f", "none"] });
      expect(await on.store.findMarks({ trigger: id, keys: ["f"] })).toEqual([]);
      await on.advance(4, { occurrences: [on.once("old", { expiresAt: start + 5 })] });
      const sweep = (now: number) =>
        on.store.sweepTriggers({ by: engineItself, now, deliveriesBefore: 0, keep: 9, limit: 9 });
      expect(await sweep(start + 4)).toEqual({ swept: 0 });
      expect(await sweep(start + 5)).toEqual({ swept: 1 });
      const after = await on.advance(5, { occurrences: [on.once("old", { run: "old-2" })] });
      expect(after).toMatchObject({ duplicates: 0 });
    });

    test("an occurrence without a key leaves no mark", async () => {
      await on.put("new");
      const { key: _key, ...bare } = on.once("a");
      expect(await on.advance(0, { occurrences: [bare], progress: { position: 5 } })).toMatchObject({
        trigger: { fired: 1, position: 5 },
      });
      expect(await on.store.listMarks({ trigger: id, limit: 9 })).toEqual([]);
    });

    test("marks are listed by key in pages", async () => {
      await on.put("new");
      await on.advance(0, { marks: ["b", "a", "c"].map((key) => ({ key })) });
      const page = await on.store.listMarks({ trigger: id, limit: 2 });
      expect(page.map(({ key }) => key)).toEqual(["a", "b"]);
      expect((await on.store.listMarks({ trigger: id, after: "b", limit: 2 })).map(({ key }) => key)).toEqual(["c"]);
      const many = Array.from({ length: 1_200 }, (_, index) => `k${index}`);
      await on.advance(1, { marks: many.map((key) => ({ key })) });
      expect(await on.store.findMarks({ trigger: id, keys: many })).toHaveLength(1_200);
    });

    test("a paused one does not move until it is resumed", async () => {
      await on.put("new");
      const by = { ...ada, origin: {} };
      const pause = (paused: boolean, trigger = id) =>
        on.store.setTriggerPaused({ by, trigger, paused, now: desk.now });
      expect(await pause(true)).toMatchObject({ paused: true, version: 1 });
      expect(await pause(true)).toMatchObject({ version: 1 });
      expect(await on.advance(1, { occurrences: [on.once("a")] })).toEqual({ outcome: "stale" });
      expect(await pause(false)).toMatchObject({ paused: false, version: 2 });
      expect(await on.advance(2, { occurrences: [on.once("a")] })).toMatchObject({ outcome: "ok" });
      expect(await pause(true, "none")).toBeUndefined();
      const { records } = await desk.store.audit.searchAudit({ filter: { action: "trigger:pause" }, limit: 9 });
      expect(records.map(({ target, outcome }) => [target, outcome])).toEqual([
        ["trigger:none", "refused"],
        [`trigger:${id}`, "done"],
        [`trigger:${id}`, "done"],
      ]);
    });

    test("failures are kept until it works again", async () => {
      await on.put("new");
      await on.advance(0, { progress: { failures: 1, error: problem("no way"), nextAt: start + 9 } });
      expect(await on.get()).toMatchObject({ failures: 1, error: problem("no way"), nextAt: start + 9 });
      await on.advance(1, { progress: { failures: 0, error: null } });
      expect((await on.get()).error).toBeUndefined();
      expect(await on.get()).toMatchObject({ failures: 0, nextAt: start + 9 });
    });

    test("what waits for quiet is held by key and due time, and let go with its run", async () => {
      await on.put("new");
      const held = (key: string, dueAt: number, count = 1) => ({
        key,
        firstAt: start,
        dueAt,
        count,
        input: value(key),
      });
      await on.advance(0, { hold: [held("late", 30), held("soon", 10)] });
      await on.advance(1, { hold: [held("late", 5, 2)] });
      const all = await on.store.listHeld({ trigger: id, limit: 9 });
      expect(all.map(({ key, dueAt, count, input }) => [key, dueAt, count, read(input)])).toEqual([
        ["late", 5, 2, "late"],
        ["soon", 10, 1, "soon"],
      ]);
      expect(await on.store.findHeld({ trigger: id, keys: ["soon", "none"] })).toEqual([held("soon", 10)]);
      await on.advance(2, { hold: [held("other", 10)] });
      const after = async (given: { readonly dueAt: number; readonly key?: string }) =>
        (await on.store.listHeld({ trigger: id, limit: 9, after: given })).map(({ key }) => key);
      expect(await after({ dueAt: 5, key: "late" })).toEqual(["other", "soon"]);
      expect(await after({ dueAt: 10, key: "other" })).toEqual(["soon"]);
      expect(await after({ dueAt: 9 })).toEqual(["other", "soon"]);
      expect(await after({ dueAt: 10 })).toEqual([]);
      await on.advance(3, { release: ["other"] });
      const late = { ...on.once("late@5"), held: "late" };
      await on.advance(4, { occurrences: [late] });
      expect((await on.store.listHeld({ trigger: id, limit: 9 })).map(({ key }) => key)).toEqual(["soon"]);
    });
  });
}

/** What a limit of the workflow turns away. */
function limits(name: string, makeStore: MakeStore): void {
  describe(`${name}: occurrences past a limit`, () => {
    const desk = withStore(makeStore);
    const on = triggersOf(desk);
    const limited = (key: string, run = `run-${key}`) => ({
      key,
      run: desk.newRun(run, { input: value(key), ...asked({ rate: { id: "w", count: 1, perMs: 1_000 } }) }),
    });
    const held = () => on.store.listHeld({ trigger: id, limit: 9 });

    test("are held in the commit that turned them away, and not taken for new again", async () => {
      await on.put("new");
      const first = await on.advance(0, { occurrences: [limited("a"), limited("b"), limited("c")] });
      expect(first).toMatchObject({
        outcome: "ok",
        duplicates: 0,
        refused: { count: 2, retryAt: start + 1_000 },
        trigger: { fired: 1 },
      });
      expect((await held()).map(({ dueAt, input }) => `${dueAt} ${String(read(input))}`).toSorted()).toEqual([
        `${start} b`,
        `${start} c`,
      ]);
      expect(await on.store.countHeld({ trigger: id })).toBe(2);
      const again = await on.advance(1, { occurrences: [limited("b", "run-b2")] });
      expect(again).toMatchObject({ duplicates: 1 });
      expect(await on.store.countHeld({ trigger: id })).toBe(2);
    });

    test("are let go with their run, and stay as they are when they are turned away again", async () => {
      await on.put("new");
      await on.advance(0, { occurrences: [limited("a"), limited("b"), limited("c")] });
      const [b, c] = await held();
      if (b === undefined || c === undefined) throw new Error("nothing is held");
      const retry = ({ key, input }: typeof b) => {
        const { run } = limited(String(read(input)), `again-${String(read(input))}`);
        return { held: key, run: { ...run, input } };
      };
      const early = await on.advance(1, { occurrences: [retry(b), retry(c)] });
      expect(early).toMatchObject({ created: [], refused: { count: 2, retryAt: start + 1_000 } });
      expect(await held()).toEqual([b, c]);
      desk.now = start + 1_000;
      const late = await on.advance(2, { occurrences: [retry(b), retry(c)] });
      expect(late).toMatchObject({ created: [{ input: b.input }], refused: { count: 1, retryAt: start + 2_000 } });
      expect(await held()).toEqual([c]);
    });

    test("are held when too many runs of the workflow are queued", async () => {
      await on.put("new");
      const gate = gateId(ruleId("order", "concurrency"));
      const full = (key: string) => ({ key, run: desk.newRun(`run-${key}`, asked({ queuedMax: 1 }, [gate])) });
      await on.advance(0, { occurrences: [full("a")] });
      await desk.claim(0);
      expect(await on.advance(1, { occurrences: [full("b")] })).toMatchObject({
        created: [],
        refused: { count: 1, retryAt: start + 1_000 },
      });
      expect(await on.store.countHeld({ trigger: id })).toBe(1);
    });
  });
}

function deliveries(name: string, makeStore: MakeStore): void {
  describe(`${name}: deliveries`, () => {
    const desk = withStore(makeStore);
    const on = triggersOf(desk);
    const delivery = (number: number, more: Partial<DeliveryRecord> = {}): DeliveryRecord => ({
      id: `dlv_${number}`,
      trigger: id,
      workflow: "order",
      at: start + number,
      kind: "live",
      method: "POST",
      path: "/orders",
      query: "a=1",
      headers: '{"x":"y"}',
      bytes: 3,
      status: "started",
      code: 202,
      tookMs: 1.5,
      ...more,
    });
    const list = (p: Partial<Parameters<TriggerStore["listDeliveries"]>[0]> = {}) =>
      on.store.listDeliveries({ limit: 9, ...p });

    test("come back whole, lists without their bodies, and mark their key in the same commit", async () => {
      await on.put("new");
      const full = delivery(1, {
        kind: "redelivery",
        of: "dlv_0",
        body: new Uint8Array([1, 0, 2]),
        address: "10.0.0.1",
        run: "r1",
        error: '{"code":"x"}',
      });
      await on.store.recordDelivery({
        by: engineItself,
        delivery: full,
        mark: { key: "d1", run: "r1", expiresAt: start + 99 },
      });
      expect(await on.store.getDelivery({ delivery: "dlv_1" })).toEqual(full);
      const { body: _body, ...about } = full;
      expect(await list()).toEqual([about]);
      expect(await on.store.findMarks({ trigger: id, keys: ["d1"] })).toEqual([
        { key: "d1", run: "r1", at: start + 1, expiresAt: start + 99 },
      ]);
    });

    test("are listed newest first, by trigger, workflow and status, for those who may see them", async () => {
      await on.store.recordDelivery({ by: engineItself, delivery: delivery(1) });
      await on.store.recordDelivery({ by: engineItself, delivery: delivery(2, { status: "refused" }) });
      await on.store.recordDelivery({
        by: engineItself,
        delivery: delivery(3, { trigger: "bill:in", workflow: "bill" }),
      });
      const ids = async (p?: Parameters<typeof list>[0]) => (await list(p)).map((each) => each.id);
      expect(await ids()).toEqual(["dlv_3", "dlv_2", "dlv_1"]);
      expect(await ids({ limit: 1, before: "dlv_3" })).toEqual(["dlv_2"]);
      expect(await ids({ trigger: id, status: "refused" })).toEqual(["dlv_2"]);
      expect(await ids({ workflow: "bill" })).toEqual(["dlv_3"]);
      expect(await ids({ access: { workflows: ["bi*"] } })).toEqual(["dlv_3"]);
      const access = { workflows: ["bill"] };
      expect(await on.store.getDelivery({ delivery: "dlv_1", access })).toBeUndefined();
      expect(await on.store.getDelivery({ delivery: "dlv_3", access })).toBeDefined();
    });

    test("are let go when they are old, or too many of their trigger", async () => {
      for (const number of [1, 2, 3, 4])
        await on.store.recordDelivery({ by: engineItself, delivery: delivery(number) });
      await on.store.recordDelivery({ by: engineItself, delivery: delivery(5, { trigger: "other" }) });
      const sweep = (limit: number) =>
        on.store.sweepTriggers({ by: engineItself, now: 0, deliveriesBefore: start + 2, keep: 2, limit });
      expect(await sweep(1)).toEqual({ swept: 1 });
      expect((await list()).map((each) => each.id)).toEqual(["dlv_5", "dlv_4", "dlv_3", "dlv_2"]);
      expect(await sweep(9)).toEqual({ swept: 1 });
      expect((await list()).map((each) => each.id)).toEqual(["dlv_5", "dlv_4", "dlv_3"]);
    });
  });
}

/** Registers the tests of the port for one adapter; `makeStore` opens an empty store for each of them. */
export function triggerStoreSuite(name: string, makeStore: MakeStore): void {
  progress(name, makeStore);
  limits(name, makeStore);
  deliveries(name, makeStore);
}
