// A race, as the engine hears of it: who won, and which open entries nobody waits for any more.
import { describe, expect, test } from "bun:test";
import { decodeErrorValue, decodeValue, encodeValue } from "@sluice/protocol";
import type { RaceOp } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import type { Context } from "@sluice/sdk";
import { entry, PlayedEngine } from "./played-engine.suite.ts";

const make = (body: (ctx: Context) => Promise<unknown>) => workflow({ name: "flow" }, body);

function raceIn(engine: PlayedEngine): RaceOp & { readonly winner: unknown } {
  const op = engine.ops().find((each) => each.op === "race");
  if (op?.op !== "race") expect.unreachable();
  return { ...op, winner: (decodeValue(op.value) as { winner: unknown }).winner };
}

describe("the end of a race", () => {
  test("names the winner and every open entry of the losers, inner races included, and nothing of the winner", async () => {
    const engine = new PlayedEngine([
      make(async (ctx) => {
        const promise = ctx.sleep("promise", "1h");
        const own = ctx.sleep("own", "1h");
        await ctx.race({
          promise,
          functions: (branch) => Promise.all([branch.sleep("f1", "1h"), branch.waitFor("f2")]),
          nested: (branch) => branch.race({ x: branch.waitFor("x"), y: (inner) => inner.approve("y") }),
          winner: async (branch) => {
            void branch.sleep("beside", "1h");
            return branch.waitFor("win");
          },
        });
        await own;
      }),
    ]);
    await engine.assign();
    expect(engine.said()).toEqual([
      "sleep promise",
      "sleep own",
      "sleep f1",
      "event f2",
      "event x",
      "approval y",
      "sleep beside",
      "event win",
      "idle",
    ]);
    // 0 promise, 1 own, 2 the race, 3 f1, 4 f2, 5 x, 6 the inner race, 7 y, 8 beside, 9 win
    await engine.settle([9, 1]);
    const op = raceIn(engine);
    expect(op).toMatchObject({ seq: 2, name: "race", n: 0, winner: "winner" });
    expect(op.losers.toSorted((a, b) => a - b)).toEqual([0, 3, 4, 5, 6, 7]);
  });

  test("comes after its winner is settled, and the workflow goes on after it", async () => {
    const seen: unknown[] = [];
    const engine = new PlayedEngine([
      make(async (ctx) => {
        seen.push(await ctx.race({ a: ctx.waitFor("a"), b: ctx.waitFor("b") }));
        await ctx.waitFor("end");
      }),
    ]);
    await engine.assign();
    engine.ops();
    await engine.settle([1, "B"], [0, "A"]);
    expect(raceIn(engine)).toMatchObject({ winner: "b", losers: [0] });
    expect(seen).toEqual([]);
    await engine.settle(2);
    expect(seen).toEqual([{ winner: "b", value: "B" }]);
    expect(engine.said()).toEqual(["event end", "idle"]);
  });

  test("of branches that await nothing durable is journaled as well, and waited for meanwhile", async () => {
    const gate = Promise.withResolvers<string>();
    const seen: unknown[] = [];
    const engine = new PlayedEngine([make(async (ctx) => seen.push(await ctx.race({ a: () => gate.promise })))]);
    await engine.assign();
    await engine.clock.pass(60_000);
    expect(engine.ops()).toEqual([]);
    expect(engine.worker.size).toBe(1);
    gate.resolve("own");
    await engine.clock.rest();
    expect(raceIn(engine)).toMatchObject({ winner: "a", losers: [] });
    await engine.settle(0);
    expect(seen).toEqual([{ winner: "a", value: "own" }]);
  });
});

describe("why a run waits", () => {
  test("is what the branches wait for, not the race itself", async () => {
    const engine = new PlayedEngine([
      make(async (ctx) => ctx.race({ a: (branch) => branch.approve("boss"), b: (branch) => branch.sleep("1h") })),
    ]);
    await engine.assign();
    expect(engine.ops().at(-1)).toMatchObject({ op: "idle", reason: "waiting_for_approval" });
  });
});

describe("on replay", () => {
  const flow = make(async (ctx) => {
    const race = await ctx.race({
      a: (branch) => branch.waitFor<string>("a"),
      b: (branch) => branch.waitFor<string>("b"),
    });
    await ctx.waitFor(`after ${race.winner}`);
  });
  const value = (winner: string) => encodeValue({ winner });
  const a = entry({ seq: 1, kind: "event", name: "a", ord: 1, value: encodeValue("A") });
  const lost = entry({ seq: 2, kind: "event", name: "b", status: "aborted" });

  test("a recorded winner wins without another word", async () => {
    const engine = new PlayedEngine([flow]);
    await engine.assign({
      journal: [a, entry({ seq: 0, kind: "race", name: "race", ord: 2, value: value("a") }), lost],
    });
    expect(engine.said()).toEqual(["event after a", "idle"]);
  });

  test("one whose end was not journaled is decided by the order of commits, and what else has come is given back", async () => {
    const engine = new PlayedEngine([flow]);
    const b = entry({ seq: 2, kind: "event", name: "b", ord: 2, value: encodeValue("B") });
    await engine.assign({ journal: [a, b] });
    expect(raceIn(engine)).toMatchObject({ seq: 0, winner: "a", losers: [2] });
    await engine.settle(0);
    expect(engine.said()).toEqual(["event after a", "idle"]);
  });

  test("another winner than the recorded one blocks the run", async () => {
    const engine = new PlayedEngine([flow]);
    await engine.assign({
      journal: [a, entry({ seq: 0, kind: "race", name: "race", ord: 2, value: value("b") }), lost],
    });
    const [op] = engine.ops();
    if (op?.op !== "blocked") expect.unreachable();
    expect(decodeErrorValue(op.error).details).toMatchObject({
      step: 0,
      recorded: "a race won by b",
      asked: "a race won by a",
    });
  });

  test("a recorded winner that does not come blocks the run after replayStallMs", async () => {
    const stuck = make(async (ctx) => {
      await ctx.race({
        a: async (branch) => {
          await branch.waitFor("a");
          await new Promise(() => undefined);
        },
        b: (branch) => branch.waitFor("b"),
      });
    });
    const engine = new PlayedEngine([stuck], { limit: { replayStallMs: 500 } });
    await engine.assign({
      journal: [a, entry({ seq: 0, kind: "race", name: "race", ord: 2, value: value("a") }), lost],
    });
    await engine.clock.pass(499);
    expect(engine.said()).not.toContain("blocked");
    await engine.clock.pass(1);
    expect(engine.said()).toContain("blocked");
  });
});
