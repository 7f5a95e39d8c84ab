// The one suite of the port of data keys: every adapter runs all of it.
import { describe, expect, test } from "bun:test";
import { engineItself } from "../kernel/inner-actor.ts";
import { erasedValue } from "../kernel/sealed.ts";
import { asked } from "./run-store.joining.suite.ts";
import { chain, outside } from "./audit-log.fixture.suite.ts";
import { ada, start, value, withStore, type MakeStore } from "./run-store.fixture.suite.ts";

const newKey = (byte: number) => ({ workflow: "bill", version: "v1", wrapped: Uint8Array.of(byte) });

/** Registers the tests of the port for one adapter. */
export function payloadKeyStoreSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: keys of payloads`, () => {
    const desk = withStore(makeStore);
    const create = (id: string, more: object) =>
      desk.store.createRun({
        by: ada,
        now: start,
        run: {
          id,
          workflow: "bill",
          version: "1",
          input: value("sealed"),
          priority: 0,
          tags: [],
          createdAt: start,
          dueAt: start,
          ...more,
        },
      });

    test("come with the run that brings them, and runs that share one find it there", async () => {
      await create("a", { payloadKey: "k1", newKey: newKey(1) });
      await create("b", { payloadKey: "k1" });
      const { payloadKeys } = desk.store;
      expect(await payloadKeys.getPayloadKey({ id: "k1" })).toEqual({ id: "k1", ...newKey(1), createdAt: start });
      expect((await desk.store.getRun({ run: "b" }))?.payloadKey).toBe("k1");
      const [claimed] = await desk.store.claimRuns({
        by: engineItself,
        owner: "e",
        limit: 1,
        now: start,
        journalBytesMax: 1_000,
      });
      expect(claimed?.run.payloadKey).toBe("k1");
      expect(claimed?.run).not.toHaveProperty("newKey");
      expect(await payloadKeys.countPayloadKeys()).toEqual([{ workflow: "bill", keys: 1, erased: 0 }]);
    });

    test("beside the span that began the run, which is kept as it came", async () => {
      const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
      await create("a", { trace });
      await create("b", {});
      expect((await desk.store.getRun({ run: "a" }))?.trace).toBe(trace);
      expect((await desk.store.getRun({ run: "b" }))?.trace).toBeUndefined();
    });

    test("go with the last run that has them, unless they were lent", async () => {
      await create("a", { payloadKey: "k1", newKey: newKey(1) });
      await create("b", { payloadKey: "k1" });
      await create("c", { payloadKey: "k2", newKey: { ...newKey(2), lent: true } });
      const cancel = {
        notice: { status: "cancelled", reason: "cancelled_by_user", message: "no" } as const,
        error: value("no"),
      };
      for (const run of ["a", "b", "c"]) await desk.store.cancelRun({ by: ada, run, ...cancel, now: start });
      await desk.store.deleteRuns({ by: ada, runs: ["a", "c"], now: start });
      const left = async () =>
        (await desk.store.payloadKeys.listPayloadKeys({ workflow: "bill", limit: 9 })).map(({ id }) => id);
      expect(await left()).toEqual(["k1", "k2"]);
      await desk.store.deleteRuns({ by: ada, runs: ["b"], now: start });
      expect(await left()).toEqual(["k2"]);
    });

    test("are exchanged where a start becomes part of a run that waits, and lent on where the one before was", async () => {
      const { payloadKeys } = desk.store;
      const quiet = asked({ debounce: { id: "w", waitMs: 100, leading: false, trailing: true } });
      const keys = async () => (await payloadKeys.listPayloadKeys({ workflow: "bill", limit: 9 })).map(({ id }) => id);
      const join = async (id: string, more: object) => {
        expect(await create(id, { ...quiet, ...more })).toMatchObject({ outcome: "joined", run: { id: "a" } });
        return (await desk.store.getRun({ run: "a" }))?.payloadKey;
      };
      await create("a", { ...quiet, payloadKey: "k1", newKey: newKey(1) });
      expect(await join("b", { payloadKey: "k2", newKey: newKey(2) })).toBe("k2");
      expect(await keys()).toEqual(["k2"]);
      expect(await join("c", {})).toBeUndefined();
      expect(await keys()).toEqual([]);
      expect(await join("d", { payloadKey: "k3", newKey: { ...newKey(3), lent: true } })).toBe("k3");
      expect(await join("e", { payloadKey: "k4", newKey: newKey(4) })).toBe("k4");
      // A lent one is kept, and what takes its place is lent, too.
      expect(await keys()).toEqual(["k3", "k4"]);
      const notice = { status: "cancelled", reason: "cancelled_by_user", message: "no" } as const;
      await desk.store.cancelRun({ by: ada, run: "a", notice, error: value("no"), now: start });
      await desk.store.deleteRuns({ by: ada, runs: ["a"], now: start });
      expect(await keys()).toEqual(["k3", "k4"]);
    });

    test("wait with what a trigger holds, go with it, and stay where it becomes a run", async () => {
      const { payloadKeys, triggers } = desk.store;
      const declared = { id: "bill:t", workflow: "bill", kind: "event", createdAt: start };
      const put = (...all: (typeof declared)[]) =>
        triggers.putTriggers({ by: ada, workflows: ["bill"], triggers: all, now: start });
      await put(declared);
      const held = (key: string, run: string, byte: number) => ({
        key,
        firstAt: start,
        dueAt: start,
        count: 1,
        input: value(`sealed for ${run}`),
        run,
        payloadKey: `key-${run}`,
        newKey: newKey(byte),
      });
      let version = 0;
      const advance = (more: object) =>
        triggers.advanceTrigger({
          by: { kind: "trigger", id: "bill:t" },
          trigger: "bill:t",
          expect: version++,
          occurrences: [],
          now: start,
          ...more,
        });
      const keys = async () => (await payloadKeys.listPayloadKeys({ workflow: "bill", limit: 9 })).map(({ id }) => id);
      await advance({ hold: [held("a", "r1", 1), held("b", "r2", 2), held("c", "r3", 3), held("d", "r4", 4)] });
      expect(await keys()).toEqual(["key-r1", "key-r2", "key-r3", "key-r4"]);
      const [first] = await triggers.listHeld({ trigger: "bill:t", limit: 1 });
      expect(first).toMatchObject({ key: "a", run: "r1", payloadKey: "key-r1" });
      expect(first).not.toHaveProperty("newKey");
      // Another takes the place of what is held.
      await advance({ hold: [held("a", "r5", 5)] });
      expect(await keys()).toEqual(["key-r2", "key-r3", "key-r4", "key-r5"]);
      const run = desk.newRun("r5", { workflow: "bill", payloadKey: "key-r5" });
      await advance({ occurrences: [{ held: "a", run }], release: ["b"] });
      expect(await keys()).toEqual(["key-r3", "key-r4", "key-r5"]);
      expect((await desk.store.getRun({ run: "r5" }))?.payloadKey).toBe("key-r5");
      // What is erased is not held any more, and becomes no run.
      expect(await payloadKeys.erasePayloadKey({ by: outside, id: "key-r3", now: start })).toMatchObject({
        outcome: "ok",
      });
      expect((await triggers.listHeld({ trigger: "bill:t", limit: 9 })).map(({ key }) => key)).toEqual(["d"]);
      const late = desk.newRun("r3", { workflow: "bill", payloadKey: "key-r3" });
      expect(await advance({ occurrences: [{ held: "c", run: late }] })).toMatchObject({ created: [] });
      await put();
      expect(await keys()).toEqual(["key-r5"]);
    });

    test("are wrapped anew, but not what was erased", async () => {
      const { payloadKeys } = desk.store;
      for (const id of ["k1", "k2", "k3"]) await payloadKeys.putPayloadKey({ id, key: newKey(1), now: start });
      await payloadKeys.putPayloadKey({ id: "k1", key: newKey(9), now: start });
      expect(await payloadKeys.erasePayloadKey({ by: outside, id: "k2", now: start + 1 })).toEqual({
        outcome: "ok",
        runs: 0,
      });
      const keys = ["k1", "k2", "k4"].map((id) => ({ id, wrapped: Uint8Array.of(7) }));
      const by = { by: outside, workflow: "bill", version: "v2", now: start };
      expect(await payloadKeys.rewrapPayloadKeys({ ...by, keys })).toEqual({ rewrapped: 1 });
      expect(await payloadKeys.listPayloadKeys({ workflow: "bill", limit: 9 })).toEqual([
        { id: "k1", workflow: "bill", version: "v2", wrapped: Uint8Array.of(7), createdAt: start },
        { id: "k3", ...newKey(1), createdAt: start },
      ]);
      expect(await payloadKeys.listPayloadKeys({ workflow: "bill", after: "k1", limit: 1 })).toHaveLength(1);
      const erased = { id: "k2", workflow: "bill", version: "v1", createdAt: start, erasedAt: start + 1 };
      expect(await payloadKeys.getPayloadKey({ id: "k2" })).toEqual(erased);
      const audited = (await chain(desk.store.audit)).map(({ action, target }) => `${action} ${target}`);
      expect(audited).toEqual(["key:erase key:k2", "key:rotate workflow:bill"]);
    });

    test("erased with every value of their runs, and only once those have ended", async () => {
      const { payloadKeys } = desk.store;
      await create("a", { payloadKey: "k1", newKey: newKey(1) });
      await create("other", {});
      expect(await payloadKeys.erasePayloadKey({ by: outside, id: "k0", now: start })).toEqual({
        outcome: "not_found",
      });
      expect(await payloadKeys.erasePayloadKey({ by: outside, id: "k1", now: start })).toEqual({
        outcome: "unfinished",
        run: "a",
      });
      await desk.store.claimRuns({ by: engineItself, owner: "e", limit: 2, now: start, journalBytesMax: 1_000 });
      const step = { seq: 0, name: "s", n: 0 };
      await desk.store.append({
        by: engineItself,
        run: "a",
        epoch: 1,
        now: start,
        ops: [
          { op: "log", level: "info", message: "", data: value("line"), at: start },
          { op: "chunk", at: start, place: [1, 0, 0], values: [value("piece")], keepBytes: 1_000 },
          { op: "retry", kind: "step", ...step, at: start, attempt: 1, error: value("e"), delay: 1, due: start + 1 },
          { op: "done", kind: "step", ...step, at: start, attempt: 2, value: value("result") },
          { op: "state", ...step, seq: 1, name: "run set k", scope: "run:a", key: "k", verb: "set", value: value(1) },
          { op: "progress", value: value(1), at: start },
          { op: "finish", status: "completed", output: value("out") },
        ],
      });
      expect(await payloadKeys.erasePayloadKey({ by: outside, id: "k1", now: start })).toEqual({
        outcome: "ok",
        runs: 1,
      });
      const run = await desk.store.getRun({ run: "a" });
      expect([run?.input, run?.output, run?.progress, run?.error]).toEqual([
        erasedValue,
        erasedValue,
        erasedValue,
        undefined,
      ]);
      const { entries } = await desk.store.readJournal({ run: "a", bytesMax: 1_000 });
      expect(entries[0]).toMatchObject({ name: "s", status: "completed", value: erasedValue });
      expect(await desk.store.listLogs({ run: "a", after: 0, limit: 9 })).toEqual([]);
      expect((await desk.store.readStream({ run: "a", after: 0, bytesMax: 1_000 })).chunks).toEqual([]);
      expect(await desk.store.getState({ scope: "run:a", key: "k", now: start })).toBeUndefined();
      expect((await desk.store.getRun({ run: "other" }))?.input).toEqual(value("sealed"));
    });
  });
}
