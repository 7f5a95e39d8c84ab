// Starting other workflows: what is asked of the engine, and what comes back when the child does not complete.
import { describe, expect, test } from "bun:test";
import { decodeErrorValue, decodeValue, encodeError, encodeErrorValue } from "@sluice/protocol";
import { CancelledError, ChildRunError, workflow } from "@sluice/sdk";
import type { Context } from "@sluice/sdk";
import { buildInput } from "./child-call.ts";
import { PlayedEngine } from "./played-engine.suite.ts";

/** Takes numbers as text, makes them numbers. */
const strict = workflow(
  {
    name: "strict",
    input: {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value: unknown) =>
          Number.isNaN(Number(value))
            ? { issues: [{ message: "is no number", path: ["amount"] }] }
            : { value: Number(value) },
      },
    },
  },
  async (_ctx, input: unknown) => input,
);

const make = (body: (ctx: Context) => Promise<unknown>) => workflow({ name: "flow" }, body);
const failed = (seq: number, error: Uint8Array) =>
  ({ event: "settle", seq, ord: 1, status: "failed", at: 1_000, error }) as const;

describe("what is asked", () => {
  test("has the options in the engine's words", async () => {
    const options = { idempotencyKey: "k", tags: ["eu"], priority: 5, delay: "2m" } as const;
    const engine = new PlayedEngine([make(async (ctx) => ctx.call("other", { a: 1 }, options))]);
    await engine.assign();
    const [op, idle] = engine.ops();
    expect(op).toMatchObject({
      op: "call",
      seq: 0,
      name: "other",
      n: 0,
      key: "k",
      tags: ["eu"],
      priority: 5,
      delay: 120_000,
    });
    expect(op?.op === "call" && decodeValue(op.input)).toEqual({ a: 1 });
    expect(idle).toMatchObject({ op: "idle", reason: "waiting_for_child" });
  });

  test("is the parsed input where the worker knows the workflow's schema", async () => {
    const bodies = [(ctx: Context) => ctx.start(strict, "42"), (ctx: Context) => ctx.start("strict", "42")];
    for (const body of bodies) {
      const engine = new PlayedEngine([make(body), strict]);
      await engine.assign();
      const [op] = engine.ops();
      expect(op?.op === "start" && decodeValue(op.input)).toBe(42);
    }
  });

  test("is nothing when the input is refused: the call is journaled as failed", async () => {
    const seen: unknown[] = [];
    const flow = make(async (ctx) => ctx.call(strict, "x").catch((error: unknown) => seen.push(error)));
    const engine = new PlayedEngine([flow, strict]);
    await engine.assign();
    const [op] = engine.ops();
    if (op?.op !== "done") expect.unreachable();
    const error = decodeErrorValue(op.error ?? new Uint8Array(0));
    expect(op.kind).toBe("call");
    expect(error).toMatchObject({ code: "invalid_input" });
    expect(error.message).toContain("is no number");
    await engine.events({ event: "settle", seq: 0, ord: 1, status: "failed", at: 1_000 });
    expect(seen).toMatchObject([{ code: "invalid_input" }]);
  });
});

describe("what comes back", () => {
  test("of a call is the child's result, of a start its id", async () => {
    const seen: unknown[] = [];
    const engine = new PlayedEngine([
      make(async (ctx) => {
        seen.push(await ctx.call("other", 1), await ctx.start("other", 2));
      }),
    ]);
    await engine.assign();
    await engine.settle([0, { answer: 42 }]);
    await engine.settle([1, "run_2"]);
    expect(seen).toEqual([{ answer: 42 }, "run_2"]);
  });

  const cases: readonly [string, Uint8Array, string, string][] = [
    ["fails", encodeError(new TypeError("no")), "child_failed", "TypeError"],
    ["is cancelled", encodeError(new CancelledError("stop")), "child_cancelled", "CancelledError"],
    [
      "times out",
      encodeErrorValue({ name: "TimeoutError", message: "late", code: "timeout" }),
      "child_failed",
      "TimeoutError",
    ],
  ];
  test.each(cases)("of a child that %s is a ChildRunError with the cause", async (_what, error, code, cause) => {
    const seen: unknown[] = [];
    const engine = new PlayedEngine([make(async (ctx) => ctx.call("other", 1).catch((e: unknown) => seen.push(e)))]);
    await engine.assign();
    await engine.events(failed(0, error));
    const [caught] = seen;
    expect(caught).toBeInstanceOf(ChildRunError);
    expect(caught).toMatchObject({ code, cause: { name: cause } });
    expect((caught as Error).message).toContain("other");
  });

  test("of a key that belongs to another input is that conflict, not a failed child", async () => {
    const seen: unknown[] = [];
    const engine = new PlayedEngine([make(async (ctx) => ctx.call("other", 1).catch((e: unknown) => seen.push(e)))]);
    await engine.assign();
    const conflict = { name: "SluiceError", code: "idempotency_conflict", message: "another input" };
    await engine.events(failed(0, encodeErrorValue(conflict)));
    expect(seen).toMatchObject([{ code: "idempotency_conflict", message: "another input" }]);
    expect(seen[0]).not.toBeInstanceOf(ChildRunError);
  });
});

describe("what a build is asked for", () => {
  test("is tasks, filters, arguments, and whether the cache counts", () => {
    expect(buildInput("app#build", {})).toEqual({ tasks: ["app#build"], filters: [], force: false, args: [] });
    expect(buildInput(["lint", "test"], { filter: ["app..."], force: true, args: ["-v"] })).toEqual({
      tasks: ["lint", "test"],
      filters: ["app..."],
      force: true,
      args: ["-v"],
    });
  });
});
