// What crosses on its way between engine and worker, and what is left of branches that nobody waits for: regressions that the
// simulation found, each as the shortest exchange that shows it.
import { describe, expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import type { CancelNotice } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import type { Context } from "@sluice/sdk";
import { entry, PlayedEngine } from "./played-engine.suite.ts";

const make = (body: (ctx: Context) => Promise<unknown>) => workflow({ name: "flow" }, body);
const settled = (seq: number, ord: number) => {
  return { event: "settle", seq, ord, status: "completed", at: 1_100, value: encodeValue(seq) } as const;
};
const notice: CancelNotice = { status: "cancelled", reason: "cancelled_by_user", message: "enough" };

describe("an idle run", () => {
  test("says which settlement it has had last, and which attempts it waits for", async () => {
    const engine = new PlayedEngine([
      make(async (ctx) => {
        await ctx.waitFor("go");
        const failing = (): never => {
          throw new Error("again");
        };
        await Promise.all([
          ctx.sleep("1h"),
          ctx.step("s", failing, { retry: { attempts: 2, delay: "1h", maxDelay: "1h" } }),
        ]);
      }),
    ]);
    await engine.assign();
    expect(engine.ops().at(-1)).toEqual({ op: "idle", reason: "waiting_for_event", ord: 0 });
    await engine.settle([0, "gone"]);
    expect(engine.ops().at(-1)).toEqual({ op: "idle", reason: "sleeping", ord: 1, retries: [2] });
  });
});

describe("a journal that comes in pieces", () => {
  test("goes before what is told while it comes", async () => {
    const seen: number[] = [];
    const engine = new PlayedEngine([
      make((ctx) => Promise.all(["a", "b", "c"].map(async (name) => seen.push(await ctx.waitFor<number>(name))))),
    ]);
    const first = entry({ seq: 2, kind: "event", name: "c", ord: 1, value: encodeValue(2) });
    await engine.assign({ journal: [first], ord: 2, more: true });
    await engine.events(settled(1, 3));
    const rest = [
      entry({ seq: 0, kind: "event", name: "a", ord: 2, value: encodeValue(0) }),
      entry({ seq: 1, kind: "event", name: "b", ord: 3, value: encodeValue(1) }),
    ];
    await engine.say({ type: "journal", run: "r", epoch: 1, entries: rest, more: false });
    expect(seen).toEqual([2, 0, 1]);
  });
});

describe("a call of a lost branch", () => {
  test("whose start was being journaled does not begin, and the run is idle without it", async () => {
    let begun = 0;
    const engine = new PlayedEngine([
      make(async (ctx) => {
        await ctx.race({
          slow: (branch) => branch.step("slow", () => ++begun, { undo: () => undefined }),
          quick: (branch) => branch.waitFor("go"),
        });
        await ctx.waitFor("end");
      }),
    ]);
    await engine.assign();
    expect(engine.said()).toEqual(["started slow", "event go"]);
    await engine.settle([2, "gone"]);
    expect(engine.said()).toEqual(["race race"]);
    await engine.events({ event: "started", seq: 1 });
    await engine.settle(0);
    expect(engine.said()).toEqual(["event end", "idle"]);
    expect(begun).toBe(0);
  });

  test("that was held back by the replay does not begin after it", async () => {
    let begun = 0;
    const engine = new PlayedEngine([
      make(async (ctx) => {
        await ctx.race({
          slow: (branch) => branch.step("slow", () => ++begun),
          quick: (branch) => branch.waitFor("go"),
        });
        await ctx.waitFor("end");
      }),
    ]);
    const journal = [
      entry({ seq: 2, kind: "event", name: "go", ord: 1, value: encodeValue("gone") }),
      entry({ seq: 0, kind: "race", name: "race", ord: 2, value: encodeValue({ winner: "quick" }) }),
    ];
    await engine.assign({ journal });
    expect(engine.said()).toEqual(["event end", "idle"]);
    expect(begun).toBe(0);
  });

  test("is not asked for after a replay in which it has lost, and takes no lock", async () => {
    const engine = new PlayedEngine([
      make(async (ctx) => {
        await ctx.race({
          slow: (branch) => branch.lock("door", async () => "inside"),
          quick: (branch) => branch.waitFor("go"),
        });
        await ctx.lock("door", async () => "after");
      }),
    ]);
    // As copied from another run: what had not settled there is missing.
    const journal = [
      entry({ seq: 2, kind: "event", name: "go", ord: 1, value: encodeValue("gone") }),
      entry({ seq: 0, kind: "race", name: "race", ord: 2, value: encodeValue({ winner: "quick" }) }),
    ];
    await engine.assign({ journal, gaps: true });
    expect(engine.ops().map((op) => ("seq" in op ? [op.op, op.seq] : op.op))).toEqual([["lock", 3], "idle"]);
  });

  test("gives its lock back after a replay in which it has lost", async () => {
    const engine = new PlayedEngine([
      make(async (ctx) => {
        await ctx.race({
          slow: async (branch) => {
            await branch.lock("door", async () => "inside");
            await branch.waitFor("never");
          },
          quick: (branch) => branch.waitFor("go"),
        });
        await ctx.waitFor("end");
      }),
    ]);
    const journal = [
      entry({ seq: 1, kind: "lock", name: "door", ord: 1, value: encodeValue({ fence: 7 }) }),
      entry({ seq: 2, kind: "event", name: "go", ord: 2, value: encodeValue("gone") }),
      entry({ seq: 0, kind: "race", name: "race", ord: 3, value: encodeValue({ winner: "quick" }) }),
    ];
    await engine.assign({ journal, gaps: true });
    const unlock = { op: "unlock", seq: 3, name: "door", n: 0, fence: 7 };
    expect(engine.ops()).toMatchObject([unlock, { op: "event", name: "end" }, { op: "idle" }]);
  });

  test("that ends later leaves a run that is idle", async () => {
    const slow = Promise.withResolvers<void>();
    const engine = new PlayedEngine([
      make(async (ctx) => {
        await ctx.race({
          slow: (branch) => branch.step("slow", () => slow.promise),
          quick: (branch) => branch.waitFor("go"),
        });
        await ctx.waitFor("end");
      }),
    ]);
    await engine.assign();
    await engine.settle([2, "gone"]);
    await engine.settle(0);
    expect(engine.said()).toEqual(["event go", "race race", "event end"]);
    slow.resolve();
    await engine.clock.rest();
    expect(engine.said()).toEqual(["idle"]);
  });
});

describe("a run that has failed", () => {
  test("journals nothing more of the branches that go on, while its undos are being prepared", async () => {
    const slow = Promise.withResolvers<void>();
    const engine = new PlayedEngine([
      make(async (ctx) => {
        const undoable = ctx.step("undoable", () => slow.promise, { undo: () => undefined });
        const branch = async (): Promise<void> => {
          await ctx.waitFor("go");
          await ctx.waitFor("too late");
        };
        const failing = async (): Promise<never> => {
          await ctx.waitFor("go");
          throw new Error("over");
        };
        await Promise.all([undoable, failing(), branch()]);
      }),
    ]);
    await engine.assign();
    await engine.events({ event: "started", seq: 0 });
    engine.ops();
    await engine.settle([1, "gone"], [2, "gone"]);
    slow.resolve();
    await engine.clock.rest();
    expect(engine.said()).toEqual(["done undoable", "undoing"]);
  });

  test("undoes although it was asked to pause too late", async () => {
    const undone: string[] = [];
    const engine = new PlayedEngine([
      make(async (ctx) => {
        await ctx.step("charge", () => 1, { undo: () => undone.push("charge") });
        throw new Error("over");
      }),
    ]);
    await engine.assign();
    await engine.events({ event: "started", seq: 0 });
    await engine.settle(0);
    expect(engine.said()).toContain("undoing");
    await engine.events({ event: "pause" }, { event: "undoing" });
    const ops = await engine.acknowledge();
    expect(undone).toEqual(["charge"]);
    expect(ops.at(-1)).toMatchObject({ op: "finish", status: "failed" });
  });
});

describe("a replay check", () => {
  test("executes nothing when the run is cancelled meanwhile", async () => {
    const undone: string[] = [];
    const engine = new PlayedEngine([
      make(async (ctx) => {
        await ctx.step("charge", () => 1, { undo: () => undone.push("charge") });
        await ctx.waitFor("go");
      }),
    ]);
    const journal = [
      entry({ seq: 0, kind: "step", name: "charge", ord: 1, undo: true, value: encodeValue(1) }),
      entry({ seq: 1, kind: "event", name: "go" }),
    ];
    engine.worker.receive([
      { type: "assign", assignment: assignmentOf(journal) },
      { type: "events", run: "r", epoch: 1, events: [{ event: "cancel", ...notice }] },
    ]);
    await engine.clock.pass(60_000);
    expect(engine.messages).toEqual([{ type: "checked", run: "r", epoch: 1 }]);
    expect(undone).toEqual([]);
  });
});

describe("a patch", () => {
  test("does not apply where older code had passed without asking for anything more", async () => {
    const said: boolean[] = [];
    const engine = new PlayedEngine([
      make(async (ctx) => {
        const other = ctx.waitFor("go");
        said.push(ctx.patched("p"));
        await other;
        await ctx.waitFor("end");
      }),
    ]);
    await engine.assign({ journal: [entry({ seq: 0, kind: "event", name: "go", ord: 1, value: encodeValue(1) })] });
    expect(said).toEqual([false]);
    expect(engine.said()).toEqual(["event end", "idle"]);
  });
});

function assignmentOf(journal: readonly ReturnType<typeof entry>[]) {
  return {
    run: "r",
    epoch: 1,
    workflow: "flow",
    version: "v1",
    input: encodeValue(undefined),
    created: 900,
    started: 1_000,
    attempt: 1,
    generation: 0,
    tags: [],
    ord: 1,
    journal,
    check: true,
    url: "http://127.0.0.1:1",
  };
}
