// The context's calls, as the engine hears of them, with their options in its words.
import { describe, expect, test } from "bun:test";
import { decodeValue, encodeValue } from "@sluice/protocol";
import { DeniedError, TimeoutError, workflow } from "@sluice/sdk";
import type { Context } from "@sluice/sdk";
import { PlayedEngine } from "./played-engine.suite.ts";

/** What a body asks for in its first turn, and what it sees of the answers. */
class Asked {
  readonly seen: unknown[] = [];
  readonly engine: PlayedEngine;

  constructor(body: (ctx: Context, see: (value: unknown) => unknown) => Promise<unknown>) {
    const see = (value: unknown): unknown => this.seen.push(value);
    this.engine = new PlayedEngine([workflow({ name: "flow" }, async (ctx) => body(ctx, see))]);
  }

  async ops() {
    await this.engine.assign({ key: "k", parent: "p", tags: ["t"], attempt: 3 });
    return this.engine.ops();
  }
}

const timedOut = (seq: number, ord = 1) =>
  ({ event: "settle", seq, ord, status: "failed", at: 1_000, error: new Uint8Array(0) }) as const;

describe("a wait", () => {
  test("for an event has key, pattern and time limit; without one a passed limit throws, with one it answers", async () => {
    const asked = new Asked(async (ctx, see) => {
      const options = { key: "o-1", match: { paid: true }, timeout: "2h" } as const;
      await Promise.all([
        ctx.waitFor("paid", options).catch(see),
        ctx.waitFor("paid", { timeout: 5, onTimeout: null }).then(see),
        ctx.waitFor("paid", { timeout: 5, onTimeout: undefined }).then(see),
      ]);
    });
    const [first, second] = await asked.ops();
    expect(first).toMatchObject({ op: "event", seq: 0, name: "paid", n: 0, key: "o-1", timeout: 7_200_000 });
    expect(first?.op === "event" && decodeValue(first.match ?? new Uint8Array(0))).toEqual({ paid: true });
    expect(second).toEqual({ op: "event", seq: 1, name: "paid", n: 1, timeout: 5 });
    await asked.engine.events(timedOut(0), timedOut(1, 2), timedOut(2, 3));
    expect(asked.seen).toEqual([expect.any(TimeoutError), null, undefined]);
    expect((asked.seen[0] as Error).message).toContain("paid");
  });

  test("for an approval gives the decision, throws DeniedError for a no, and has description and data", async () => {
    const asked = new Asked(async (ctx, see) => {
      await ctx.approve("boss", { description: "Order 7", data: { total: 5n }, timeout: "1d" }).then(see);
      await ctx.approve("boss").catch(see);
      await ctx.approve("late", { timeout: 1, onTimeout: "nobody" }).then(see);
    });
    const [op] = await asked.ops();
    expect(op).toMatchObject({ op: "approval", name: "boss", n: 0, description: "Order 7", timeout: 86_400_000 });
    expect(op?.op === "approval" && decodeValue(op.data ?? new Uint8Array(0))).toEqual({ total: 5n });
    const decision = { by: "ann", reason: "too much", at: 5, payload: { seen: 1 } };
    await asked.engine.settle([0, { approved: true, ...decision }]);
    await asked.engine.settle([1, { approved: false, ...decision }]);
    await asked.engine.events(timedOut(2, 3));
    expect(asked.seen[0]).toEqual({ approved: true, ...decision });
    expect(asked.seen[1]).toBeInstanceOf(DeniedError);
    expect(asked.seen[1]).toMatchObject({
      message: "too much",
      code: "denied",
      details: { by: "ann", payload: { seen: 1 } },
    });
    expect(asked.seen[2]).toBe("nobody");
  });

  test("for a token comes in two calls: its making, which gives the URL, and its completion", async () => {
    const asked = new Asked(async (ctx, see) => {
      const token = await ctx.token("pay", { timeout: "1h" });
      see([token.token, token.url]);
      see(await token.wait({ timeout: "5m" }));
    });
    const [made] = await asked.ops();
    expect(made).toEqual({ op: "token", seq: 0, name: "pay", n: 0, timeout: 3_600_000 });
    await asked.engine.settle([0, "tok_1"]);
    expect(asked.engine.ops()[0]).toMatchObject({
      op: "callback",
      seq: 1,
      name: "pay",
      token: "tok_1",
      timeout: 300_000,
    });
    await asked.engine.settle([1, { paid: true }]);
    expect(asked.seen).toEqual([["tok_1", "http://127.0.0.1:1/api/v1/callbacks/tok_1"], { paid: true }]);
  });

  test("for time is a delay that counts from the commit, or a time", async () => {
    const asked = new Asked(async (ctx) => {
      await Promise.all([
        ctx.sleep("2m"),
        ctx.sleep("named", 5),
        ctx.sleepUntil(new Date(7_000)),
        ctx.sleepUntil("at", 8_000),
      ]);
    });
    expect((await asked.ops()).slice(0, 4)).toEqual([
      { op: "sleep", seq: 0, name: "sleep", n: 0, delay: 120_000 },
      { op: "sleep", seq: 1, name: "named", n: 0, delay: 5 },
      { op: "sleep", seq: 2, name: "sleep", n: 1, until: 7_000 },
      { op: "sleep", seq: 3, name: "at", n: 0, until: 8_000 },
    ]);
  });
});

describe("a lock", () => {
  test("is asked for, held while the function runs with its fence, and given back whatever comes of it", async () => {
    const asked = new Asked(async (ctx, see) => {
      const options = { ttl: "1m", timeout: "10s" } as const;
      const fails = async (lock: unknown): Promise<never> => {
        see(lock);
        throw new Error("inside");
      };
      await ctx.lock("door", fails, options).catch((error: unknown) => see((error as Error).message));
    });
    const [lock] = await asked.ops();
    expect(lock).toEqual({ op: "lock", seq: 0, name: "door", n: 0, ttl: 60_000, timeout: 10_000 });
    await asked.engine.settle([0, { fence: 9 }]);
    expect(asked.engine.ops()).toEqual([{ op: "unlock", seq: 1, name: "door", n: 0, fence: 9 }]);
    expect(asked.seen).toEqual([{ fence: 9 }]);
    await asked.engine.settle([1, true]);
    expect(asked.seen).toEqual([{ fence: 9 }, "inside"]);
  });

  test("that is not had in time throws, and nothing is given back", async () => {
    const asked = new Asked(async (ctx, see) => {
      await ctx.lock("door", async () => see("inside"), { timeout: 5 }).catch(see);
    });
    await asked.ops();
    await asked.engine.events(timedOut(0));
    expect(asked.seen).toEqual([expect.any(TimeoutError)]);
    expect(asked.engine.said()).toEqual(["finish"]);
  });
});

describe("what a context knows", () => {
  test("is its run as it was assigned", async () => {
    const asked = new Asked(async (ctx, see) => see([ctx.run, ctx.attempt]));
    await asked.ops();
    expect(asked.seen).toEqual([
      [
        {
          id: "r",
          workflow: "flow",
          version: "v1",
          tags: ["t"],
          parent: "p",
          idempotencyKey: "k",
          createdAt: 900,
        },
        3,
      ],
    ]);
  });

  test("of time is when the last thing settled, not what the clock shows", async () => {
    const asked = new Asked(async (ctx, see) => {
      see(ctx.now());
      await ctx.waitFor("a");
      see(ctx.now());
      await ctx.waitFor("b");
      see(ctx.now());
    });
    await asked.ops();
    await asked.engine.clock.pass(500);
    const settle = (seq: number, at: number) =>
      ({ event: "settle", seq, ord: seq + 1, status: "completed", at, value: encodeValue(1) }) as const;
    await asked.engine.events(settle(0, 1_400));
    await asked.engine.clock.pass(500);
    // A clock that went back does not take time back.
    await asked.engine.events(settle(1, 1_200));
    expect(asked.seen).toEqual([1_000, 1_400, 1_400]);
  });

  test("of chance is the same for every incarnation, and goes on from call to call", async () => {
    const draw = async (): Promise<unknown[]> => {
      const asked = new Asked(async (ctx, see) => see([ctx.random(), ctx.random(), ctx.uuid(), ctx.uuid()]));
      await asked.ops();
      return asked.seen;
    };
    const [first] = (await draw()) as [unknown[]];
    expect(await draw()).toEqual([first]);
    expect(new Set(first).size).toBe(4);
  });
});

describe("ctx.map", () => {
  test("keeps results in the order of the items and begins no more than `concurrency`", async () => {
    const gates = [1, 2, 3].map(() => Promise.withResolvers<string>());
    const begun: number[] = [];
    const asked = new Asked(async (ctx, see) => {
      const body = async (_item: unknown, index: number): Promise<string | undefined> => {
        begun.push(index);
        return gates[index]?.promise;
      };
      see(await ctx.map(["a", "b", "c"], body, { concurrency: 2 }));
    });
    await asked.ops();
    expect(begun).toEqual([0, 1]);
    gates[1]?.resolve("B");
    await asked.engine.clock.rest();
    expect(begun).toEqual([0, 1, 2]);
    gates[2]?.resolve("C");
    gates[0]?.resolve("A");
    await asked.engine.clock.rest();
    expect(asked.seen).toEqual([["A", "B", "C"]]);
  });
});

describe("ctx.emit", () => {
  test("has payload, key and dedupe id", async () => {
    const asked = new Asked(async (ctx) => ctx.emit("paid", { a: 1 }, { key: "o", id: "evt-9" }));
    const [op] = await asked.ops();
    expect(op).toMatchObject({ op: "emit", seq: 0, name: "paid", n: 0, key: "o", id: "evt-9" });
    expect(op?.op === "emit" && decodeValue(op.payload)).toEqual({ a: 1 });
  });
});
