// What those who watch a run are told of each write, and that a step is called settled only once it is.
import { describe, expect, test } from "bun:test";
import { encodeError, encodeValue } from "@sluice/protocol";
import type { RunEvent, RunOp } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { encodeBlobRef } from "../kernel/blob-ref.ts";
import { EngineFixture } from "./engine-fixture.suite.ts";
import { publishOps, settledUpdate } from "./updates.ts";
import { Watchers } from "./watch.ts";
import type { RunUpdate } from "./watch.ts";

const placed = { seq: 0, name: "charge", n: 0 } as const;

function published(ops: readonly RunOp[], events: readonly RunEvent[] = []): RunUpdate[] {
  const watchers = new Watchers();
  const updates: RunUpdate[] = [];
  watchers.watchAll((update) => updates.push(update));
  publishOps(watchers, "r", { ops, events });
  return updates;
}

describe("a write", () => {
  test("that settled a step says so with its number and time; one that did not says that it runs", () => {
    const done: RunOp = { op: "done", ...placed, kind: "step", at: 5, attempt: 2, value: encodeValue(1) };
    const settle: RunEvent = { event: "settle", seq: 0, ord: 4, status: "completed", at: 9 };
    const data = { seq: 0, kind: "step", name: "charge", attempt: 2 };
    expect(published([done], [settle])).toEqual([
      { run: "r", id: 4, type: "step", at: 9, data: { ...data, status: "completed" } },
    ]);
    expect(published([done])).toEqual([
      { run: "r", id: undefined, type: "step", at: 5, data: { ...data, status: "running" } },
    ]);
  });

  test("that began a step and settled it says so in this order", () => {
    const started: RunOp = { op: "started", ...placed, at: 4, attempt: 1, undo: true };
    const done: RunOp = { op: "done", ...placed, kind: "step", at: 5, attempt: 1, value: encodeValue(1) };
    const settle: RunEvent = { event: "settle", seq: 0, ord: 4, status: "completed", at: 9 };
    const told = published([started, done], [settle]);
    expect(told.map(({ id, data }) => [id, data["status"]])).toEqual([
      [undefined, "running"],
      [4, "completed"],
    ]);
  });

  test("of a failure says what went wrong, and when it is tried again", () => {
    const error = encodeError(Object.assign(new TypeError("no"), { code: "odd" }));
    const shown = { name: "TypeError", message: "no", code: "odd" };
    expect(published([{ op: "done", ...placed, kind: "step", at: 5, attempt: 1, error }])[0]?.data).toMatchObject({
      error: shown,
    });
    const retry: RunOp = { op: "retry", ...placed, kind: "step", at: 5, attempt: 1, error, delay: 100 };
    expect(published([retry])[0]?.data).toMatchObject({ status: "running", error: shown, retryInMs: 100 });
    const large: RunOp = {
      op: "retry",
      ...placed,
      kind: "step",
      at: 5,
      attempt: 1,
      error: encodeBlobRef("ab".repeat(32)),
      delay: 100,
    };
    expect(published([large])[0]?.data["error"]).toEqual({ message: "too large to show here" });
  });

  test("of a log line, progress, a wait, undos and a block is told as what it is", () => {
    const ops: readonly RunOp[] = [
      { op: "log", level: "warn", message: "m", data: encodeValue({ a: 1 }), at: 1 },
      { op: "log", level: "info", message: "n", at: 1 },
      { op: "progress", value: encodeValue(0.5), at: 2 },
      { op: "idle", reason: "sleeping" },
      { op: "undoing", status: "failed" },
      { op: "blocked", reason: "non_determinism", error: encodeError(new Error("differs")) },
      { op: "finish", status: "completed" },
      { op: "park", paused: false },
    ];
    expect(published(ops).map(({ type, data }) => [type, data])).toEqual([
      ["log", { level: "warn", message: "m", data: { a: 1 } }],
      ["log", { level: "info", message: "n", data: null }],
      ["progress", { progress: 0.5 }],
      ["run", { status: "waiting", statusReason: "sleeping" }],
      ["run", { status: "undoing" }],
      [
        "run",
        {
          status: "waiting",
          statusReason: "non_determinism",
          error: { name: "Error", message: "differs", code: null },
        },
      ],
    ]);
  });

  test("that settled entries besides its own tells of them, too", () => {
    const other: RunEvent = { event: "settle", seq: 7, ord: 2, status: "failed", at: 9 };
    expect(published([{ op: "emit", ...placed, payload: encodeValue(1) }], [other])).toHaveLength(2);
    expect(settledUpdate("r", other)).toEqual({
      run: "r",
      id: 2,
      type: "step",
      at: 9,
      data: { seq: 7, status: "failed" },
    });
  });
});

test("a watcher sees a run in the order of its journal, each settlement once, and its end last", async () => {
  const two = workflow({ name: "two" }, async (ctx) => {
    ctx.progress(0.5);
    await ctx.step("a", () => 1);
    await ctx.waitFor("go");
    await ctx.step("b", () => 2);
  });
  const f = await EngineFixture.start({ workflows: [two] });
  const updates: RunUpdate[] = [];
  f.engine.watchers.watch("r", (update) => updates.push(update));
  await f.run(two, undefined, { id: "r" });
  await f.until("r", "waiting");
  await f.emit("go");
  await f.ended("r");
  const settled = updates.filter(({ id }) => id !== undefined).map(({ id, data }) => [id, data["seq"], data["status"]]);
  expect(settled).toEqual([
    [1, 0, "completed"],
    [2, 1, "completed"],
    [3, 2, "completed"],
  ]);
  expect(updates.filter(({ type }) => type === "progress")).toHaveLength(1);
  expect(updates.at(-1)).toMatchObject({ type: "run", data: { status: "completed" } });
});
