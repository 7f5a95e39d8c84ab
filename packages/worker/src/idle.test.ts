// A run that only waits says so, also while its replay stands still for something that a retry has done again.
import { describe, expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import type { EntryKind } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import type { Context } from "@sluice/sdk";
import { entry, PlayedEngine } from "./played-engine.suite.ts";

const make = (body: (ctx: Context) => Promise<unknown>) => workflow({ name: "flow" }, body);
const again = { attempt: 2, gaps: true };
const settled = (seq: number, kind: EntryKind, name: string, ord: number) =>
  entry({ seq, kind, name, ord, value: encodeValue(`recorded ${name}`) });
const lockAgain = (seq: number) => entry({ seq, kind: "lock", name: "door", place: 1 });
const underLock = (ctx: Context) => ctx.lock("door", async () => "inside");

describe("a replay that stands still for a lock", () => {
  const beside: readonly (readonly [EntryKind, string, (ctx: Context) => Promise<unknown>])[] = [
    ["step", "b", (ctx) => ctx.step("b", () => "never")],
    ["emit", "b", (ctx) => ctx.emit("b")],
    ["sleep", "b", (ctx) => ctx.sleep("b", "1s")],
    ["event", "b", (ctx) => ctx.waitFor("b")],
    ["approval", "b", (ctx) => ctx.approve("b")],
    ["call", "b", (ctx) => ctx.call("b", undefined)],
    ["task", "b", (ctx) => ctx.task("b", undefined)],
    ["lock", "b", (ctx) => ctx.lock("b", async () => undefined)],
  ];
  for (const [kind, name, call] of beside) {
    test(`waits for the lock, whatever a call of kind ${kind} beside it has been given that is held back`, async () => {
      const engine = new PlayedEngine([make((ctx) => Promise.all([call(ctx), underLock(ctx)]))]);
      await engine.assign({ ...again, journal: [settled(0, kind, name, 2), lockAgain(1)], ord: 4 });
      expect(engine.ops()).toMatchObject([
        { op: "lock", name: "door" },
        { op: "idle", reason: "waiting_for_lock", ord: 4 },
      ]);
      await engine.clock.pass(60_000);
      expect(engine.said()).toEqual(["park"]);
    });
  }

  test("waits still when a wait beside it has ended, and goes on in order once it has the lock", async () => {
    const seen: unknown[] = [];
    const engine = new PlayedEngine([
      make(async (ctx) => {
        const event = ctx.waitFor("paid").then((value) => seen.push(value));
        await ctx.lock("door", async ({ fence }) => seen.push(fence));
        await event;
      }),
    ]);
    await engine.assign({ ...again, journal: [lockAgain(1)], ord: 1 });
    expect(engine.said()).toEqual(["event paid", "lock door", "idle"]);
    await engine.settle([0, "yes"]);
    expect(engine.ops()).toMatchObject([{ op: "idle", reason: "waiting_for_lock", ord: 2 }]);
    expect(seen).toEqual([]);
    await engine.settle([1, { fence: 3 }]);
    expect(seen).toEqual([3, "yes"]);
  });

  test("waits again once a step that was executed beside it has its result", async () => {
    const step = Promise.withResolvers<string>();
    const engine = new PlayedEngine([
      make((ctx) => Promise.all([ctx.step("b", () => step.promise), underLock(ctx), ctx.step("c", () => "c")])),
    ]);
    await engine.assign({ ...again, journal: [lockAgain(1), settled(2, "step", "c", 2)], ord: 2 });
    expect(engine.said()).toEqual(["lock door"]);
    step.resolve("b");
    await engine.clock.rest();
    expect(engine.said()).toEqual(["done b"]);
    await engine.settle(0);
    expect(engine.ops()).toMatchObject([{ op: "idle", reason: "waiting_for_lock", ord: 3 }]);
  });

  test("is paused at once when it is asked to", async () => {
    const engine = new PlayedEngine([make((ctx) => Promise.all([ctx.step("b", () => "never"), underLock(ctx)]))]);
    await engine.assign({ ...again, journal: [settled(0, "step", "b", 2), lockAgain(1)], ord: 2 });
    engine.ops();
    await engine.events({ event: "pause" });
    expect(engine.ops()).toMatchObject([{ op: "park", paused: true }]);
  });
});

describe("a replay that stands still for a step", () => {
  const flow = (cached: boolean) =>
    make((ctx) =>
      Promise.all([
        ctx.step("a", () => Promise.reject(new Error("not yet")), {
          retry: { attempts: 9, delay: "1h" },
          ...(cached ? { cache: { key: "k", ttl: "1h", singleFlight: true } } : {}),
        }),
        ctx.step("b", () => "never"),
      ]),
    );
  const journal = [settled(1, "step", "b", 2), entry({ seq: 0, kind: "step", name: "a", place: 1 })];

  test("waits between its attempts", async () => {
    const engine = new PlayedEngine([flow(false)]);
    await engine.assign({ ...again, journal, ord: 2 });
    expect(engine.ops()).toMatchObject([
      { op: "retry", name: "a" },
      { op: "idle", reason: "waiting_for_retry", retries: [0] },
    ]);
  });

  test("waits while another run makes its result", async () => {
    const engine = new PlayedEngine([flow(true)]);
    await engine.assign({ ...again, journal, ord: 2 });
    expect(engine.said()).toEqual(["cache a"]);
    await engine.events({ event: "queued", seq: 0 });
    expect(engine.ops()).toMatchObject([{ op: "idle", reason: "waiting_for_cache", retries: [0] }]);
  });
});
