// Undos, as the engine hears of them: after the word that the run is undoing is durable, in reverse, each a step.
import { describe, expect, test } from "bun:test";
import { decodeErrorValue, encodeError } from "@sluice/protocol";
import type { UndoingOp } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { entry, PlayedEngine } from "./played-engine.suite.ts";

/** Does a and b, which can be undone, then fails. */
function failing(undone: unknown[], undoA?: () => void) {
  return workflow({ name: "flow" }, async (ctx) => {
    await ctx.step("a", () => "A", {
      undo: (result) => {
        undone.push(result);
        undoA?.();
      },
    });
    await ctx.step("b", () => "B", { undo: (result) => undone.push(result) });
    throw new Error("own");
  });
}

const outcome: UndoingOp = { op: "undoing", status: "failed", reason: "error", error: encodeError(new Error("own")) };
const value = (text: string) => new Uint8Array([0xa0 + text.length, ...new TextEncoder().encode(text)]);
const done = [
  entry({ seq: 0, kind: "step", name: "a", ord: 1, undo: true, value: value("A") }),
  entry({ seq: 1, kind: "step", name: "b", ord: 2, undo: true, value: value("B") }),
];

describe("undos", () => {
  test("wait until it is durable that the run is undoing", async () => {
    const undone: unknown[] = [];
    const engine = new PlayedEngine([failing(undone)]);
    await engine.assign({ journal: done });
    expect(engine.ops()).toMatchObject([{ op: "undoing", status: "failed", reason: "error" }]);
    await engine.clock.pass(60_000);
    expect(undone).toEqual([]);
    expect(engine.ops()).toEqual([]);
    await engine.events({ event: "undoing" });
    expect(engine.said()).toEqual(["started b"]);
  });

  test("are steps of their own with negative numbers, in reverse; then the run ends", async () => {
    const undone: unknown[] = [];
    const engine = new PlayedEngine([failing(undone)]);
    await engine.assign({ journal: done });
    const ops = await engine.acknowledge();
    expect(undone).toEqual(["B", "A"]);
    expect(ops.map((op) => ("seq" in op ? [op.op, op.seq] : op.op))).toEqual([
      "undoing",
      ["started", -2],
      ["done", -2],
      ["started", -1],
      ["done", -1],
      "finish",
    ]);
    expect(ops.flatMap((op) => (op.op === "done" ? [op.kind] : []))).toEqual(["undo", "undo"]);
  });

  test("that were recorded are not executed again by the incarnation that goes on", async () => {
    const undone: unknown[] = [];
    const engine = new PlayedEngine([failing(undone)]);
    const recorded = entry({ seq: -2, kind: "undo", name: "b", ord: 3 });
    await engine.assign({ outcome, journal: [...done, recorded] });
    const ops = await engine.acknowledge();
    expect(undone).toEqual(["A"]);
    expect(ops.map((op) => op.op)).toEqual(["started", "done", "finish"]);
  });

  test("that failed for good are named in the run's error, also those an earlier incarnation recorded", async () => {
    const engine = new PlayedEngine([failing([])]);
    const error = encodeError(new Error("no refund"));
    const recorded = entry({ seq: -2, kind: "undo", name: "b", ord: 3, status: "failed", error });
    await engine.assign({ outcome, journal: [...done, recorded] });
    const end = (await engine.acknowledge()).at(-1);
    if (end?.op !== "finish") expect.unreachable();
    expect(end).toMatchObject({ status: "failed", reason: "undo_failed" });
    expect(decodeErrorValue(end.error ?? new Uint8Array(0))).toMatchObject({
      message: "own (not undone: b)",
      details: { notUndone: [{ step: "b", message: "no refund" }] },
    });
  });

  test("are retried with growing pauses that the engine journals", async () => {
    let failures = 0;
    const engine = new PlayedEngine([
      failing([], () => {
        if (++failures < 3) throw new Error("not yet");
      }),
    ]);
    await engine.assign({ outcome, journal: done });
    const first = await engine.acknowledge();
    expect(first.at(-1)).toMatchObject({ op: "retry", kind: "undo", seq: -1, attempt: 1, delay: 1_000 });
    await engine.events({ event: "wake", seq: -1 });
    const second = await engine.acknowledge();
    expect(second.at(-1)).toMatchObject({ op: "retry", attempt: 2, delay: 2_000 });
    await engine.events({ event: "wake", seq: -1 });
    expect((await engine.acknowledge()).map((op) => op.op)).toEqual(["started", "done", "finish"]);
  });

  test("whose closures are gone block the run with the reason", async () => {
    const flow = workflow({ name: "flow" }, async () => {
      throw new Error("own");
    });
    const engine = new PlayedEngine([flow]);
    await engine.assign({ outcome, journal: done });
    await engine.clock.pass(5_000);
    const [op] = engine.ops();
    expect(op).toMatchObject({ op: "blocked", reason: "undo_unavailable" });
  });

  describe("of code that goes another way than the journal", () => {
    const notice = { status: "cancelled", reason: "cancelled_by_user", message: "Stop." } as const;
    /** Does a, which can be undone, then something else than the b on record. */
    const changed = (undone: unknown[]) =>
      workflow({ name: "flow" }, async (ctx) => {
        await ctx.step("a", () => "A", { undo: (result) => undone.push(result) });
        await ctx.step("other", () => "O");
      });
    const plain = entry({ seq: 1, kind: "step", name: "b", ord: 2, value: value("B") });
    const journal = [...done.slice(0, 1), plain];

    test("are executed when all of them have been reached", async () => {
      for (const end of [{ cancel: notice }, { outcome }]) {
        const undone: unknown[] = [];
        const engine = new PlayedEngine([changed(undone)]);
        await engine.assign({ ...end, journal });
        await engine.clock.pass(60_000);
        const ops = await engine.acknowledge();
        expect(undone).toEqual(["A"]);
        expect(ops.at(-1)).toMatchObject({ op: "finish", status: "cancel" in end ? "cancelled" : "failed" });
        expect(ops.filter((op) => op.op === "blocked" || ("name" in op && op.name === "other"))).toEqual([]);
      }
    });

    test("are not held against it in a check whether it can take the run over", async () => {
      const engine = new PlayedEngine([changed([])]);
      await engine.assign({ cancel: notice, journal, check: true });
      await engine.clock.pass(5_000);
      expect(engine.messages).toEqual([{ type: "checked", run: "r", epoch: 1, error: undefined }]);
    });

    test("are not executed when one of them was recorded beyond that, or its result", async () => {
      const beyond = new PlayedEngine([changed([])]);
      await beyond.assign({ cancel: notice, journal: done });
      await beyond.clock.pass(60_000);
      expect(beyond.ops()).toMatchObject([{ op: "blocked", reason: "undo_unavailable" }]);
      const undone: unknown[] = [];
      const beside = workflow({ name: "flow" }, async (ctx) => {
        const a = ctx.step("a", () => "A", { undo: (result) => undone.push(result) });
        await Promise.all([a, ctx.step("other", () => "O")]);
      });
      const engine = new PlayedEngine([beside]);
      await engine.assign({ cancel: notice, journal });
      await engine.clock.pass(60_000);
      expect(engine.ops()).toMatchObject([{ op: "blocked", reason: "undo_unavailable" }]);
      expect(undone).toEqual([]);
    });
  });

  describe("of a cancelled run whose code has lost a step that was begun", () => {
    const notice = { status: "cancelled", reason: "cancelled_by_user", message: "Stop." } as const;
    const begun = entry({ seq: 0, kind: "step", name: "a", undo: true });
    const refused = { op: "blocked", reason: "undo_unavailable" };

    test("are not given up when the function ends before its replay does", async () => {
      const flow = workflow({ name: "flow" }, async () => "done");
      for (const journal of [done, [begun]]) {
        const engine = new PlayedEngine([flow]);
        await engine.assign({ cancel: notice, journal });
        await engine.clock.pass(60_000);
        expect(engine.ops()).toMatchObject([refused]);
      }
    });

    test("are not given up when the code waits where it began the step", async () => {
      const flow = workflow({ name: "flow" }, async (ctx) => {
        await ctx.step("b", () => "never");
        await ctx.waitFor("end");
      });
      const journal = [
        entry({ seq: 0, kind: "step", name: "b", ord: 1 }),
        entry({ seq: 2, kind: "step", name: "a", undo: true }),
      ];
      const later = new PlayedEngine([flow]);
      await later.assign({ journal });
      expect(later.said()).toEqual(["event end", "idle"]);
      await later.events({ event: "cancel", ...notice });
      await later.clock.pass(60_000);
      expect(later.ops()).toMatchObject([refused]);
      const before = new PlayedEngine([flow]);
      await before.assign({ cancel: notice, journal });
      await before.clock.pass(60_000);
      expect(before.ops()).toMatchObject([refused]);
    });

    test("are held against it in a check whether it can take the run over", async () => {
      const check = async (name: string) => {
        const flow = workflow({ name: "flow" }, async (ctx) => {
          void ctx.step(name, () => "never", { undo: () => undefined });
        });
        const engine = new PlayedEngine([flow]);
        await engine.assign({ cancel: notice, journal: [begun], check: true });
        await engine.clock.pass(60_000);
        return engine.messages.map((message) => [message.type, "error" in message && message.error !== undefined]);
      };
      expect(await check("other")).toEqual([["checked", true]]);
      expect(await check("a")).toEqual([["checked", false]]);
    });
  });

  test("a late word about a step does not hold up the undos", async () => {
    const undone: unknown[] = [];
    const flow = workflow({ name: "flow" }, async (ctx) => {
      await ctx.step("a", () => "A", { undo: (result) => undone.push(result) });
      void ctx.step("beside", () => 1);
      throw new Error("own");
    });
    const engine = new PlayedEngine([flow]);
    await engine.assign({ journal: done.slice(0, 1) });
    expect(engine.said()).toEqual(["undoing"]);
    // The result of the step beside was on its way when the run began to undo.
    await engine.settle(1);
    await engine.events({ event: "undoing" });
    await engine.acknowledge();
    expect(undone).toEqual(["A"]);
    expect(engine.worker.size).toBe(0);
  });
});
