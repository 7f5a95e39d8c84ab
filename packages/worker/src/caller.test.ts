// What a durable call meets before it takes its place, and what becomes of one that cannot be made.
import { describe, expect, test } from "bun:test";
import { decodeErrorValue } from "@sluice/protocol";
import { CancelledError, workflow } from "@sluice/sdk";
import type { Context } from "@sluice/sdk";
import { microtasks, PlayedEngine } from "./played-engine.suite.ts";

const cancel = { event: "cancel", status: "cancelled", reason: "cancelled_by_user", message: "stop" } as const;

/** A run whose function hands its context out and waits. */
async function held(): Promise<{ readonly engine: PlayedEngine; readonly ctx: Context }> {
  const contexts: Context[] = [];
  const flow = workflow({ name: "flow" }, async (ctx) => {
    contexts.push(ctx);
    await ctx.waitFor("go").catch(() => new Promise(() => undefined));
  });
  const engine = new PlayedEngine([flow]);
  await engine.assign();
  const [ctx] = contexts;
  engine.ops();
  return ctx === undefined ? expect.unreachable() : { engine, ctx };
}

function watch(promise: Promise<unknown>): { state: string; reason?: unknown } {
  const seen: { state: string; reason?: unknown } = { state: "pending" };
  promise.then(
    () => (seen.state = "resolved"),
    (reason: unknown) => Object.assign(seen, { state: "rejected", reason }),
  );
  return seen;
}

describe("a call", () => {
  test("made together with others is sent with them, in call order", async () => {
    const { engine, ctx } = await held();
    void Promise.all([ctx.emit("one"), ctx.sleep("two", 5), ctx.state.run.get("three")]);
    await engine.clock.rest();
    expect(engine.messages.filter((message) => message.type === "ops")).toHaveLength(1);
    expect(engine.said()).toEqual(["emit one", "sleep two", "state run:get:three"]);
  });

  test("gets its settlement as the engine gives it", async () => {
    const { engine, ctx } = await held();
    const got = ctx.waitFor("paid");
    await engine.settle([1, { amount: 5 }]);
    expect(await got).toEqual({ amount: 5 });
  });

  test("that cannot be made is journaled as failed and rejects once that is durable", async () => {
    const { engine, ctx } = await held();
    const seen = watch(ctx.emit("event", () => 1));
    await engine.clock.rest();
    const [op] = engine.ops();
    if (op?.op !== "done") expect.unreachable();
    expect(op).toMatchObject({ kind: "emit", seq: 1, name: "event" });
    expect(decodeErrorValue(op.error ?? new Uint8Array(0)).code).toBe("value_not_serializable");
    expect(seen.state).toBe("pending");
    await engine.events({ event: "settle", seq: 1, ord: 1, status: "failed", at: 1_000 });
    expect(seen).toMatchObject({ state: "rejected", reason: { code: "value_not_serializable" } });
  });

  test("inside a step function is refused with what to do, and takes no place", async () => {
    const errors: unknown[] = [];
    const flow = workflow({ name: "flow" }, async (ctx) => {
      await ctx.step("outer", async () => {
        for (const call of [
          () => ctx.sleep(1),
          () => ctx.step("inner", () => 1),
          () => ctx.race({ a: async () => 1 }),
        ]) {
          await call().catch((error: unknown) => errors.push(error));
        }
      });
      await ctx.waitFor("go");
    });
    const engine = new PlayedEngine([flow]);
    await engine.assign();
    expect((await engine.acknowledge()).map((op) => op.op)).toEqual(["done", "event", "idle"]);
    expect(errors).toHaveLength(3);
    for (const error of errors) expect(error).toMatchObject({ code: "bad_request", hint: expect.any(String) });
  });

  test("of an incarnation that was dropped stays pending and sends nothing", async () => {
    const { engine, ctx } = await held();
    const before = watch(ctx.sleep(5));
    await engine.clock.rest();
    engine.ops();
    await engine.events({ event: "drop" });
    const after = [
      ctx.step("s", () => 1),
      ctx.sleep(1),
      ctx.emit("e"),
      ctx.race({ a: new Promise(() => undefined) }),
    ].map(watch);
    await engine.clock.pass(60_000);
    expect([before, ...after].map((seen) => seen.state)).toEqual(Array.from({ length: 5 }, () => "pending"));
    expect(engine.ops()).toEqual([]);
  });
});

describe("a call of a cancelled run", () => {
  test("rejects, in a later turn so that a loop around it cannot starve the worker", async () => {
    const { engine, ctx } = await held();
    await engine.events(cancel);
    const seen = watch(ctx.sleep(1));
    await microtasks();
    expect(seen.state).toBe("pending");
    await engine.clock.next();
    expect(seen.reason).toBeInstanceOf(CancelledError);
  });

  test("rejects ever more slowly when it is tried again and again", async () => {
    const { engine, ctx } = await held();
    await engine.events(cancel);
    let refused = 0;
    void (async () => {
      for (;;) await ctx.sleep(1).catch(() => refused++);
    })();
    await engine.clock.rest();
    expect(refused).toBe(100);
    await engine.clock.pass(1_000);
    expect(refused).toBe(200);
    await engine.clock.pass(60_000);
    expect(engine.said().at(-1)).toBe("finish");
    const after = refused;
    await engine.clock.pass(60_000);
    expect(refused).toBe(after);
  });
});
