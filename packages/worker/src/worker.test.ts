// The worker host: what it takes from an engine, what it keeps in memory, and how it leaves.
import { describe, expect, test } from "bun:test";
import { decodeErrorValue, decodeValue, encodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import type { Context } from "@sluice/sdk";
import { PlayedEngine } from "./played-engine.suite.ts";

const make = (body: (ctx: Context, input: unknown) => Promise<unknown>) => workflow({ name: "flow" }, body);
const waiting = make(async (ctx) => ctx.waitFor("go"));

describe("an assignment", () => {
  test("for a workflow this version does not have is answered with the reason", async () => {
    const engine = new PlayedEngine([waiting]);
    await engine.assign({ workflow: "unknown" });
    const [op] = engine.ops();
    if (op?.op !== "blocked") expect.unreachable();
    expect(op.reason).toBe("workflow_unknown");
    expect(decodeErrorValue(op.error)).toMatchObject({ code: "workflow_not_found", hint: expect.any(String) });
    expect(engine.worker.size).toBe(0);
  });

  test("of a run that is here already replaces the older incarnation, which says nothing more", async () => {
    const gate = Promise.withResolvers<string>();
    const flow = make(async (ctx) => ctx.step("a", () => gate.promise));
    const engine = new PlayedEngine([flow]);
    await engine.assign();
    await engine.assign({ epoch: 2 });
    gate.resolve("done");
    await engine.clock.rest();
    const sent = engine.messages.flatMap((message) => (message.type === "ops" ? [message.epoch] : []));
    expect(sent).toEqual([2]);
    expect(engine.worker.size).toBe(1);
  });

  test("gets each run its own copy of the input", async () => {
    const seen: unknown[] = [];
    const flow = make(async (_ctx, input) => {
      seen.push(structuredClone(input));
      (input as { list: number[] }).list.push(1);
    });
    const engine = new PlayedEngine([flow]);
    const input = encodeValue({ list: [] });
    await engine.assign({ run: "a", input });
    await engine.assign({ run: "b", input });
    expect(seen).toEqual([{ list: [] }, { list: [] }]);
  });
});

describe("parking", () => {
  test("says so after parkAfterMs of nothing but waiting, and forgets the run", async () => {
    const engine = new PlayedEngine([waiting], { limit: { parkAfterMs: 1_000 } });
    await engine.assign();
    expect(engine.said()).toEqual(["event go", "idle"]);
    await engine.clock.pass(999);
    expect(engine.ops()).toEqual([]);
    await engine.clock.pass(1);
    expect(engine.ops()).toMatchObject([{ op: "park", paused: false }]);
    expect(engine.worker.size).toBe(0);
    await engine.settle([0, 1]);
    expect(engine.messages).toEqual([]);
  });

  test("parks each run in its own time", async () => {
    const engine = new PlayedEngine([waiting], { limit: { parkAfterMs: 1_000 } });
    const parked = (): string[] =>
      engine.messages
        .splice(0)
        .flatMap((message) =>
          message.type === "ops" && message.ops.some((op) => op.op === "park") ? [message.run] : [],
        );
    for (const run of ["a", "b", "c"]) {
      await engine.assign({ run });
      await engine.clock.pass(300);
    }
    await engine.clock.pass(100);
    expect(parked()).toEqual(["a"]);
    await engine.clock.pass(300);
    expect(parked()).toEqual(["b"]);
    await engine.clock.pass(300);
    expect(parked()).toEqual(["c"]);
    expect(engine.worker.size).toBe(0);
  });

  test("does not happen while the function awaits something of its own", async () => {
    const engine = new PlayedEngine([make(() => new Promise(() => undefined))], { limit: { parkAfterMs: 10 } });
    await engine.assign();
    await engine.clock.pass(60_000);
    expect(engine.ops()).toEqual([]);
    expect(engine.worker.size).toBe(1);
  });
});

describe("a pause", () => {
  test("lets running steps end, begins nothing more, and parks as paused", async () => {
    const gate = Promise.withResolvers<string>();
    const executed: string[] = [];
    const flow = make(async (ctx) => {
      await ctx.step("a", () => gate.promise);
      await ctx.step("b", () => executed.push("b"));
    });
    const engine = new PlayedEngine([flow]);
    await engine.assign();
    await engine.events({ event: "pause" });
    await engine.clock.pass(5_000);
    expect(engine.said()).toEqual(["started a"]);
    gate.resolve("done");
    await engine.clock.rest();
    expect(engine.said()).toEqual(["done a"]);
    await engine.settle(0);
    expect(engine.ops()).toMatchObject([{ op: "park", paused: true }]);
    expect(executed).toEqual([]);
    expect(engine.worker.size).toBe(0);
  });
});

describe("validation", () => {
  const schema = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value: unknown) => {
        if (value === "broken") throw new Error("the schema has a bug");
        return typeof value === "number"
          ? { value: value + 1 }
          : { issues: [{ message: "is no number", path: ["a", 0] }] };
      },
    },
  } as const;
  const strict = workflow({ name: "strict", input: schema }, async () => undefined);

  test.each([
    ["strict", 1, { input: 2 }],
    ["strict", "x", { issues: [{ path: "/a/0", message: "is no number" }] }],
    ["strict", "broken", { issues: [{ path: "", message: "the schema itself failed: the schema has a bug" }] }],
    ["flow", "anything", { input: "anything" }],
  ])("of an input of %s: %p", async (name, input, expected) => {
    const engine = new PlayedEngine([strict, waiting]);
    await engine.say({ type: "validate", request: "v1", workflow: name, input: encodeValue(input) });
    const [answer] = engine.messages;
    if (answer?.type !== "validated") expect.unreachable();
    const { request, issues } = answer;
    expect(request).toBe("v1");
    expect(issues === undefined ? { input: decodeValue(answer.input ?? new Uint8Array(0)) } : { issues }).toEqual(
      expected,
    );
  });
});

describe("draining", () => {
  test("gives running steps their time, takes what they bring along, and hands every run back", async () => {
    const gate = Promise.withResolvers<string>();
    const executed: string[] = [];
    const flow = make(async (ctx) => {
      await ctx.step("a", () => gate.promise);
      await ctx.step("b", () => executed.push("b"));
    });
    const engine = new PlayedEngine([flow, workflow({ name: "waiting" }, (ctx) => ctx.waitFor("go"))]);
    await engine.assign({ run: "busy" });
    await engine.assign({ run: "idle", workflow: "waiting", epoch: 3 });
    engine.ops();
    await engine.say({ type: "drain", ms: 10_000 });
    await engine.clock.pass(5_000);
    expect(engine.messages.filter((message) => message.type === "handback")).toEqual([]);
    gate.resolve("in time");
    await engine.clock.rest();
    const [done, handback] = engine.messages.filter(
      (message) =>
        message.type === "handback" || (message.type === "ops" && message.ops.some((op) => op.op === "done")),
    );
    expect(done).toMatchObject({ type: "ops", run: "busy", ops: [{ op: "done", name: "a" }] });
    expect(handback).toEqual({
      type: "handback",
      runs: [
        { run: "busy", epoch: 1 },
        { run: "idle", epoch: 3 },
      ],
    });
    expect(executed).toEqual([]);
    expect(engine.worker.size).toBe(0);
  });

  test("does not wait longer than it was given", async () => {
    const aborted: boolean[] = [];
    const flow = make(async (ctx) => {
      await ctx.step("hangs", ({ signal }) => {
        signal.addEventListener("abort", () => aborted.push(true));
        return new Promise(() => undefined);
      });
    });
    const engine = new PlayedEngine([flow]);
    await engine.assign();
    await engine.say({ type: "drain", ms: 100 });
    await engine.clock.pass(99);
    expect(engine.messages.map((message) => message.type)).not.toContain("handback");
    await engine.clock.pass(1);
    expect(engine.messages.at(-1)).toEqual({ type: "handback", runs: [{ run: "r", epoch: 1 }] });
    expect(aborted).toEqual([true]);
  });
});

describe("a result that ends a run", () => {
  const flow = make(async (ctx, more) => {
    const a = await ctx.step("a", () => 1);
    if (more === true) await ctx.step("b", () => 2);
    return a;
  });

  test("is sent together with the end where earlier runs ended there", async () => {
    const engine = new PlayedEngine([flow]);
    await engine.assign({ run: "r" });
    expect((await engine.acknowledge()).map((op) => op.op)).toEqual(["done", "finish"]);
    await engine.assign({ run: "r", epoch: 1 });
    expect(engine.messages.filter((message) => message.type === "ops")).toHaveLength(1);
    expect(engine.said()).toEqual(["done a", "finish"]);
  });

  test("is sent alone where the run goes on after all, and nothing begins before it is durable", async () => {
    const engine = new PlayedEngine([flow]);
    await engine.assign();
    await engine.acknowledge();
    await engine.assign({}, true);
    expect(engine.said()).toEqual(["done a"]);
    await engine.settle(0);
    expect((await engine.acknowledge()).map((op) => op.op)).toEqual(["done", "finish"]);
  });
});

describe("a worker in a test", () => {
  const flow = workflow({ name: "flow" }, async (ctx) => {
    await ctx.step("charge", () => "real", { undo: () => "real undo" });
    return ctx.step("charge", () => "real");
  });

  test("executes what stands in for a step, told which one it is", async () => {
    const calls: unknown[] = [];
    const engine = new PlayedEngine([flow], {
      standIn: (call, own) => {
        calls.push([call, own.undo !== undefined]);
        return { body: () => `instead of the ${call.n}. ${call.name}`, undo: own.undo };
      },
    });
    await engine.assign();
    const values = (await engine.acknowledge()).flatMap((op) =>
      op.op === "done" && op.value !== undefined ? [decodeValue(op.value)] : [],
    );
    expect(values).toEqual(["instead of the 0. charge", "instead of the 1. charge"]);
    const call = { workflow: "flow", run: "r", name: "charge" };
    expect(calls).toEqual([
      [{ ...call, n: 0, seq: 0 }, true],
      [{ ...call, n: 1, seq: 1 }, false],
    ]);
  });

  test("that is abandoned says nothing more, whatever its steps come to", async () => {
    let finish = (_value: string): void => undefined;
    const slow = workflow({ name: "flow" }, (ctx) =>
      ctx.step("slow", () => new Promise<string>((resolve) => void (finish = resolve))),
    );
    const engine = new PlayedEngine([slow]);
    await engine.assign();
    engine.worker.abandon();
    expect(engine.worker.size).toBe(0);
    finish("too late");
    await engine.clock.pass(60_000);
    expect(engine.ops()).toEqual([]);
  });
});
