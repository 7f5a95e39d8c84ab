// ctx.race: the winner is journaled and stays the winner, the losers are given up with everything they opened.
import { describe, expect, test } from "bun:test";
import { decodeErrorValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import type { Context, StepContext } from "@sluice/sdk";
import { MemoryRunStore } from "../store/memory/index.ts";
import { crashAt, faultyStore } from "../testing/faulty-store.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";

const never = (): Promise<never> => new Promise(() => undefined);

/** A step function that ends only by its signal, which it reports. */
const untilAborted =
  (aborted: string[], name: string) =>
  ({ signal }: StepContext): Promise<never> => {
    signal.addEventListener("abort", () => aborted.push(name));
    return never();
  };

describe("the winner", () => {
  test("is the first branch to settle, function or promise, and is journaled", async () => {
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const first = await ctx.race({
        slow: async (branch) => branch.sleep("1h"),
        quick: async (branch) => `${await branch.step("one", () => 1)}${await branch.step("two", () => 2)}`,
      });
      const second = await ctx.race({ promise: ctx.step("three", () => 3), sleep: ctx.sleep("1h") });
      return [first, second];
    });
    const f = await EngineFixture.start({ workflows: [flow] });
    const run = await f.run(flow);
    expect((await f.ended(run)).output).toEqual([
      { winner: "quick", value: "12" },
      { winner: "promise", value: 3 },
    ]);
    expect(await f.journal(run)).toEqual([
      "2 step one completed",
      "3 step two completed",
      "0 race race completed",
      "4 step three completed",
      "6 race race completed",
      "1 sleep sleep aborted",
      "5 sleep sleep aborted",
    ]);
  });

  test("may win by failing: its error is the race's", async () => {
    const fails = (): never => {
      throw new TypeError("no");
    };
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const race = ctx.race({ bad: (branch) => branch.step("fails", fails), good: (branch) => branch.sleep("1h") });
      return race.catch((error: unknown) => (error instanceof TypeError ? error.message : "another"));
    });
    const f = await EngineFixture.start({ workflows: [flow] });
    expect((await f.result(flow)).output).toBe("no");
  });

  test("is durable before the workflow sees it", async () => {
    const until = Promise.withResolvers<void>();
    const { store } = faultyStore(new MemoryRunStore(), {
      plan: (write) => {
        const { ops } = write.params as { readonly ops?: readonly { readonly op: string }[] };
        return ops?.some((op) => op.op === "race") ? { fault: "delay", until: until.promise } : undefined;
      },
      afterCrash: "silence",
    });
    const seen: string[] = [];
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const { winner } = await ctx.race({ a: ctx.step("a", () => 1), b: ctx.waitFor("b") });
      seen.push(winner);
      return ctx.step("end", () => winner);
    });
    const f = await EngineFixture.start({ workflows: [flow], store });
    const run = await f.run(flow);
    await rest();
    expect(seen).toEqual([]);
    until.resolve();
    expect((await f.ended(run)).output).toBe("a");
  });
});

describe("losers", () => {
  test("are aborted: their signals fire, in functions and promises, inner scopes included", async () => {
    const aborted: string[] = [];
    const gate = Promise.withResolvers<void>();
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const { winner } = await ctx.race({
        winner: (branch) => branch.step("wins", () => gate.promise),
        promise: ctx.step("promise", untilAborted(aborted, "promise")),
        branch: async (branch) => {
          branch.signal.addEventListener("abort", () => aborted.push("branch.signal"));
          await branch.step("function", untilAborted(aborted, "function"));
        },
        outer: (branch) =>
          branch.race({ inner: (inner) => inner.step("inner", untilAborted(aborted, "inner")), other: never }),
      });
      expect(ctx.signal.aborted).toBe(false);
      await ctx.waitFor("end");
      return winner;
    });
    const f = await EngineFixture.start({ workflows: [flow] });
    const run = await f.run(flow);
    await rest();
    expect(aborted).toEqual([]);
    gate.resolve();
    await rest();
    expect(aborted.toSorted()).toEqual(["branch.signal", "function", "inner", "promise"]);
    await f.emit("end");
    expect((await f.ended(run)).output).toBe("winner");
  });

  test("never settle, never go on and never write, whatever their functions still do", async () => {
    const notes: string[] = [];
    const [late, other] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const promise = ctx.step("promise", () => late.promise);
      void promise.finally(() => notes.push("promise settled"));
      const { winner } = await ctx.race({
        quick: (branch) => branch.sleep(1),
        promise,
        branch: async (branch) => {
          await other.promise;
          notes.push("went on outside");
          await branch.step("after", () => notes.push("executed"));
          notes.push("never here");
        },
      });
      await ctx.waitFor("end");
      return winner;
    });
    const clock = new SimulatedClock(1_000);
    const f = await EngineFixture.start({ workflows: [flow], clock });
    const run = await f.run(flow);
    await pass(clock, 1);
    late.resolve("late");
    other.resolve("late");
    await rest();
    await f.emit("end");
    expect((await f.ended(run)).output).toBe("quick");
    expect(notes).toEqual(["went on outside"]);
    expect(await f.journal(run)).toEqual(["2 sleep sleep completed", "1 race race completed", "3 event end completed"]);
  });

  test("consume nothing: an event that two branches got in one commit is there for the next wait", async () => {
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const { winner } = await ctx.race({ a: ctx.waitFor("paid"), b: ctx.waitFor("paid") });
      return [winner, await ctx.waitFor("paid"), await ctx.waitFor("paid", { timeout: 5, onTimeout: "none left" })];
    });
    const f = await EngineFixture.start({ workflows: [flow] });
    const run = await f.run(flow);
    await f.until(run, "waiting");
    await f.emit("paid", 1);
    await f.emit("paid", 2);
    expect((await f.ended(run)).output).toEqual(["a", 2, "none left"]);
  });

  test("are over for others, too: their approvals expire and the runs they called are cancelled", async () => {
    const child = workflow({ name: "child" }, async (ctx) => ctx.waitFor("never"));
    const flow = workflow({ name: "flow" }, async (ctx) => {
      return ctx.race({
        boss: ctx.approve("boss"),
        child: (branch) => branch.call(child, undefined),
        go: ctx.waitFor("go"),
      });
    });
    const f = await EngineFixture.start({ workflows: [flow, child] });
    const run = await f.run(flow);
    await f.until(run, "waiting");
    const [token] = await f.store.listTokens({ kind: "approval", status: "open", limit: 10 });
    await f.emit("go", "went");
    expect((await f.ended(run)).output).toEqual({ winner: "go", value: "went" });
    expect((await f.store.getToken({ token: token?.token ?? "" }))?.status).toBe("expired");
    const [called] = (await f.store.listRuns({ filter: { workflow: "child" }, limit: 1 })).runs;
    expect(called).toMatchObject({ status: "cancelled", reason: "cancelled_by_parent" });
  });

  test("that had begun are undone when the run fails later", async () => {
    const notes: string[] = [];
    const gate = Promise.withResolvers<void>();
    const flow = workflow({ name: "flow" }, async (ctx) => {
      await ctx.race({
        loser: (branch) => branch.step("reserve", never, { undo: (result) => notes.push(`undo reserve: ${result}`) }),
        winner: (branch) => branch.step("quick", () => gate.promise),
      });
      throw new Error("later");
    });
    const f = await EngineFixture.start({ workflows: [flow], workerLimits: { cancelGraceMs: 5 } });
    const run = await f.run(flow);
    await rest();
    gate.resolve();
    expect((await f.ended(run)).status).toBe("failed");
    expect(notes).toEqual(["undo reserve: undefined"]);
  });

  test("that had finished are undone with their result, also when the run was taken up again in between", async () => {
    for (const restart of [false, true]) {
      const notes: string[] = [];
      const flow = workflow({ name: "flow" }, async (ctx) => {
        await ctx.race({
          winner: (branch) => branch.step("quick", () => "quick"),
          loser: (branch) =>
            branch.step("reserve", () => "seat 7", { undo: (result) => void notes.push(`undo: ${result}`) }),
        });
        await ctx.waitFor("go");
        throw new Error("later");
      });
      const store = new MemoryRunStore();
      let f = await EngineFixture.start({ workflows: [flow], store });
      const run = await f.run(flow);
      await f.until(run, "waiting", "waiting_for_event");
      expect((await f.journal(run)).toSorted()).toContain("2 step reserve completed");
      if (restart) {
        f.crash();
        f = await EngineFixture.start({ workflows: [flow], store });
      }
      await f.emit("go");
      expect((await f.ended(run)).status).toBe("failed");
      expect(notes).toEqual(["undo: seat 7"]);
    }
  });

  test("keep no run in memory: it parks with the wait that is left", async () => {
    const clock = new SimulatedClock(1_000);
    const flow = workflow({ name: "flow" }, async (ctx) => {
      await ctx.race({ a: ctx.waitFor("a"), b: (branch) => branch.sleep("1m") });
      return ctx.waitFor("end");
    });
    const f = await EngineFixture.start({ workflows: [flow], clock, workerLimits: { parkAfterMs: 100 } });
    const run = await f.run(flow);
    await f.until(run, "waiting", "waiting_for_event");
    await pass(clock, 100);
    expect(f.engine.hotRuns).toBe(0);
    await pass(clock, 59_900);
    await pass(clock, 100);
    expect(f.engine.hotRuns).toBe(0);
    await f.emit("a");
    await rest();
    expect(f.engine.hotRuns).toBe(0);
    await f.emit("end", "over");
    expect((await f.ended(run)).output).toBe("over");
  });
});

describe("on replay", () => {
  /** Two nested races whose branches settle in an order the test decides. */
  const nested = workflow({ name: "nested" }, async (ctx) => {
    const wait = (branch: Context, name: string) => branch.waitFor<string>(name);
    const first = await ctx.race({
      left: async (left) => {
        const inner = await left.race({ x: (each) => wait(each, "x"), y: (each) => wait(each, "y") });
        return `${inner.winner} then ${await wait(left, "z")}`;
      },
      right: async (right) => `${await wait(right, "r1")} ${await wait(right, "r2")}`,
    });
    const after = await ctx.step(`after ${first.winner}`, () => first.value);
    return [after, await ctx.waitFor("end")];
  });

  const orders: readonly (readonly [readonly string[], string])[] = [
    [["x", "z"], "x then z"],
    [["y", "r1", "z", "r2"], "y then z"],
    [["r1", "x", "r2", "y", "z"], "r1 r2"],
    [["y", "x", "r1", "r2", "z"], "r1 r2"],
  ];

  test.each(orders)("the same branches win, after a crash between any two events: %p", async (order, expected) => {
    for (let crashAfter = 0; crashAfter <= order.length; crashAfter++) {
      const store = new MemoryRunStore();
      let f = await EngineFixture.start({ workflows: [nested], store });
      const run = await f.run(nested);
      await f.until(run, "waiting");
      for (const [index, name] of [...order, "end"].entries()) {
        if (index === crashAfter) {
          f.crash();
          f = await EngineFixture.start({ workflows: [nested], store });
        }
        await f.emit(name, name);
        await rest();
      }
      expect({ crashAfter, output: (await f.ended(run)).output }).toEqual({ crashAfter, output: [expected, "end"] });
    }
  });

  test.each(orders)("what won after everything came while nobody listened wins again: %p", async (order) => {
    const store = new MemoryRunStore();
    const first = await EngineFixture.start({ workflows: [nested], store });
    const run = await first.run(nested);
    await first.until(run, "waiting");
    first.crash();
    const dead = new EngineFixture({ workflows: [nested], store });
    for (const name of order) await dead.emit(name, name);
    dead.crash();
    const second = await EngineFixture.start({ workflows: [nested], store });
    await rest();
    const decided = await second.journal(run);
    const winner = decided.some((line) => line.includes("after left")) ? "then z" : "r1 r2";
    second.crash();
    const third = await EngineFixture.start({ workflows: [nested], store });
    await third.emit("end", "end");
    expect((await third.ended(run)).output).toEqual([expect.stringContaining(winner), "end"]);
    expect(await third.journal(run)).toEqual(expect.arrayContaining(decided.filter((line) => !line.includes("end"))));
  });

  test("the winner stays, whichever write the machine stops before or after", async () => {
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const race = await ctx.race({
        a: (branch) => branch.step("a", () => "a"),
        b: (branch) => branch.step("b", () => Promise.resolve("b")),
        c: (branch) => branch.waitFor("c"),
      });
      return [race.winner, await ctx.step("after", () => race.value)];
    });
    const crashed = async (number: number, when: "before" | "after"): Promise<number> => {
      const inner = new MemoryRunStore();
      const faulty = faultyStore(inner, { plan: crashAt(number, when), afterCrash: "silence" });
      const first = new EngineFixture({ workflows: [flow], store: faulty.store });
      void first.engine.start().then(() => first.attach());
      await rest(4);
      void first.run(flow, undefined, { id: "r" }).catch(() => undefined);
      await rest(40);
      first.crash();
      const second = await EngineFixture.start({ workflows: [flow], store: inner });
      if ((await inner.getRun({ run: "r" })) === undefined) await second.run(flow, undefined, { id: "r" });
      const { status, output } = await second.ended("r");
      expect({ number, when, status, output }).toEqual({ number, when, status: "completed", output: ["a", "a"] });
      return faulty.writes;
    };
    const writes = await crashed(Number.MAX_SAFE_INTEGER, "before");
    for (let number = 1; number <= writes; number++) {
      await crashed(number, "before");
      await crashed(number, "after");
    }
  });

  test("a winner that awaits something of its own before it returns is waited for", async () => {
    const store = new MemoryRunStore();
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const { winner } = await ctx.race({
        a: async (branch) => {
          await branch.step("a", () => 1);
          await rest(3);
        },
        b: (branch) => branch.waitFor("b"),
      });
      await ctx.waitFor("end");
      return winner;
    });
    const first = await EngineFixture.start({ workflows: [flow], store });
    const run = await first.run(flow);
    await first.until(run, "waiting");
    await rest();
    first.crash();
    const second = await EngineFixture.start({ workflows: [flow], store });
    await second.emit("end");
    expect(await second.ended(run)).toMatchObject({ status: "completed", output: "a" });
  });

  test("code in which another branch wins is reported", async () => {
    const store = new MemoryRunStore();
    const flow = (names: readonly [string, string]) =>
      workflow({ name: "flow" }, async (ctx) => {
        await ctx.race({
          [names[0]]: (branch: Context) => branch.step("one", () => 1),
          [names[1]]: (branch: Context) => branch.waitFor("two"),
        });
        await ctx.waitFor("end");
      });
    const first = await EngineFixture.start({ workflows: [flow(["a", "b"])], store });
    const run = await first.run("flow");
    await first.until(run, "waiting");
    first.crash();
    const second = await EngineFixture.start({ workflows: [flow(["b", "a"])], store });
    await second.emit("end");
    await second.until(run, "waiting", "non_determinism");
    const error = decodeErrorValue((await store.getRun({ run }))?.error ?? new Uint8Array(0));
    expect(error.message).toContain("a race won by a");
    expect(error.message).toContain("a race won by b");
    expect(await second.engine.operations.cancel({ by: tester, run })).toMatchObject({ ok: true });
  });
});
