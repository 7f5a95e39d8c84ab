// The journal: what a workflow sees is durable, what is durable is not done again, and a run is replayed once when it must be.
import { describe, expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import type { StoreOp } from "../kernel/run-store.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { crashAt, faultyStore } from "../testing/faulty-store.ts";
import type { FaultPlan, StoreWrite } from "../testing/faulty-store.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { EngineFixture, pass, rest } from "./engine-fixture.suite.ts";

function opsOf(write: StoreWrite): readonly StoreOp[] {
  return write.verb === "append" ? (write.params as { readonly ops: readonly StoreOp[] }).ops : [];
}

function settles(write: StoreWrite, name: string): boolean {
  return opsOf(write).some((op) => op.op === "done" && op.name === name);
}

/** A plan that answers the commit of a step's result only when `release` is called. */
function holding(name: string): { readonly plan: FaultPlan; readonly held: Promise<void>; release(): void } {
  const until = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  return {
    plan: (write) => {
      if (!settles(write, name)) return undefined;
      held.resolve();
      return { fault: "delay", until: until.promise };
    },
    held: held.promise,
    release: until.resolve,
  };
}

describe("a step's result", () => {
  test("is durable before the workflow sees it, and before the next step begins", async () => {
    const hold = holding("first");
    const { store } = faultyStore(new MemoryRunStore(), { plan: hold.plan, afterCrash: "silence" });
    const seen: string[] = [];
    const two = workflow({ name: "two" }, async (ctx) => {
      const first = await ctx.step("first", () => "1");
      seen.push(`result ${first}`);
      return ctx.step("second", () => {
        seen.push("second begins");
        return first;
      });
    });
    const f = await EngineFixture.start({ workflows: [two], store });
    const run = await f.run(two);
    await hold.held;
    await rest();
    expect(seen).toEqual([]);
    hold.release();
    expect((await f.ended(run)).output).toBe("1");
    expect(seen).toEqual(["result 1", "second begins"]);
  });

  test("that could not be made durable was never seen: the step runs again", async () => {
    let failing = true;
    const { store } = faultyStore(new MemoryRunStore(), {
      plan: (write) => (settles(write, "dice") && failing ? { fault: "fail" } : undefined),
      afterCrash: "silence",
    });
    let thrown = 0;
    const attempts = (): number => thrown;
    const seen: number[] = [];
    const dice = workflow({ name: "dice" }, async (ctx) => {
      seen.push(await ctx.step("dice", () => ++thrown));
      return ctx.step("end", () => seen.length);
    });
    const f = await EngineFixture.start({ workflows: [dice], store, limits: { reloadDelayMs: 1 } });
    const run = await f.run(dice);
    for (let turns = 0; turns < 5_000 && attempts() < 3; turns++) await rest(1);
    expect(seen).toEqual([]);
    failing = false;
    expect((await f.ended(run)).output).toBe(1);
    expect(seen).toEqual([thrown]);
    expect(f.engine.counters.commit_failures).toBeGreaterThanOrEqual(2);
  });

  test("of the last step shares a commit with the end of the run", async () => {
    const appends: string[][] = [];
    const { store } = faultyStore(new MemoryRunStore(), {
      plan: (write) => {
        if (write.verb === "append") appends.push(opsOf(write).map((op) => op.op));
        return undefined;
      },
      afterCrash: "silence",
    });
    const short = workflow({ name: "short" }, async (ctx, input: number) => ctx.step("only", () => input + 1));
    const f = await EngineFixture.start({ workflows: [short], store });
    await f.result(short, 1);
    appends.length = 0;
    expect((await f.result(short, 2)).output).toBe(3);
    expect(appends).toEqual([["done", "finish"]]);
  });

  test("is durable before anything follows it, also where earlier runs had ended there", async () => {
    const hold = holding("maybe last");
    let holds = false;
    const { store } = faultyStore(new MemoryRunStore(), {
      plan: (write) => (holds ? hold.plan(write) : undefined),
      afterCrash: "silence",
    });
    const begun: string[] = [];
    const varying = workflow({ name: "varying" }, async (ctx, more: boolean) => {
      const first = await ctx.step("maybe last", () => 1);
      if (!more) return first;
      return ctx.step("after it", () => {
        begun.push("after it");
        return 2;
      });
    });
    const f = await EngineFixture.start({ workflows: [varying], store });
    expect((await f.result(varying, false)).output).toBe(1);
    holds = true;
    const run = await f.run(varying, true);
    await hold.held;
    await rest();
    expect(begun).toEqual([]);
    hold.release();
    expect((await f.ended(run)).output).toBe(2);
    expect(begun).toEqual(["after it"]);
  });
});

describe("a run", () => {
  /** Counts how often the function is called and how often each step is executed. */
  function counting(): { readonly flow: ReturnType<typeof make>; readonly count: Map<string, number> } {
    const count = new Map<string, number>();
    const add = (what: string): void => void count.set(what, (count.get(what) ?? 0) + 1);
    const make = () =>
      workflow({ name: "counting" }, async (ctx, steps: number) => {
        add("function");
        let sum = 0;
        for (let i = 0; i < steps; i++) {
          sum += await ctx.step(`step ${i}`, () => {
            add(`step ${i}`);
            return i;
          });
          if (i === 1) await ctx.waitFor("go");
        }
        return sum;
      });
    return { flow: make(), count };
  }

  test("in memory is never replayed, whatever it waits for", async () => {
    const { flow, count } = counting();
    const f = await EngineFixture.start({ workflows: [flow] });
    const run = await f.run(flow, 20);
    await f.until(run, "waiting");
    await f.emit("go");
    expect((await f.ended(run)).output).toBe(190);
    expect(count.get("function")).toBe(1);
  });

  test("of a process that was killed is replayed once and no completed step is executed again", async () => {
    const { flow, count } = counting();
    const store = new MemoryRunStore();
    const first = await EngineFixture.start({ workflows: [flow], store });
    const run = await first.run(flow, 4);
    await first.until(run, "waiting");
    first.crash();
    const second = await EngineFixture.start({ workflows: [flow], store });
    await rest();
    expect(second.engine.hotRuns).toBe(0);
    await second.emit("go");
    expect((await second.ended(run)).output).toBe(6);
    expect(Object.fromEntries(count)).toEqual({ function: 2, "step 0": 1, "step 1": 1, "step 2": 1, "step 3": 1 });
  });

  test("completes with every result it ever recorded, whichever write the machine stops before or after", async () => {
    const writes = await crashed(Number.MAX_SAFE_INTEGER, "before");
    expect(writes).toBeGreaterThan(6);
    for (let number = 1; number <= writes; number++) {
      await crashed(number, "before");
      await crashed(number, "after");
    }
  });

  /** Runs with a crash at a write; the writes there were until then. */
  async function crashed(number: number, when: "before" | "after"): Promise<number> {
    const made = new Map<string, number>();
    let places = 0;
    // Each execution returns another number, so that a result that changed its mind is noticed.
    const body = (name: string) => (): number => {
      made.set(name, ++places);
      return places;
    };
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const a = await ctx.step("a", body("a"));
      const [b, c] = await Promise.all([
        ctx.step("b", body("b"), { undo: () => undefined }),
        ctx.step("c", async () => Promise.resolve().then(body("c"))),
      ]);
      await ctx.sleep(0);
      return { a, b, c, d: await ctx.step("d", body("d")) };
    });
    const inner = new MemoryRunStore();
    const faulty = faultyStore(inner, { plan: crashAt(number, when), afterCrash: "silence" });
    const first = new EngineFixture({ workflows: [flow], store: faulty.store });
    void first.engine.start().then(() => first.attach());
    await rest(4);
    void first.run(flow, undefined, { id: "r" }).catch(() => undefined);
    await rest(40);
    first.crash();
    const before = await results(inner);
    const second = await EngineFixture.start({ workflows: [flow], store: inner });
    if ((await inner.getRun({ run: "r" })) === undefined) await second.run(flow, undefined, { id: "r" });
    const end = await second.ended("r");
    expect({ number, when, status: end.status, output: end.output }).toEqual({
      number,
      when,
      status: "completed",
      output: Object.fromEntries(made),
    });
    expect(await results(inner)).toMatchObject(before);
    return faulty.writes;
  }

  async function results(store: MemoryRunStore): Promise<Record<string, string>> {
    const { entries } = await store.readJournal({ run: "r", bytesMax: Number.MAX_SAFE_INTEGER });
    const settled = entries.filter((entry) => entry.ord > 0);
    return Object.fromEntries(settled.map((entry) => [entry.name, `${entry.ord} ${entry.value?.join(" ")}`]));
  }
});

describe("a failed attempt", () => {
  test("is journaled with the time of the next one, which a restart neither forgets nor hastens", async () => {
    const clock = new SimulatedClock(1_000);
    const store = new MemoryRunStore();
    const attempts: number[] = [];
    const flaky = workflow({ name: "flaky" }, async (ctx) => {
      return ctx.step(
        "flaky",
        ({ attempt }) => {
          attempts.push(attempt);
          if (attempt < 3) throw new Error(`no ${attempt}`);
          return attempt;
        },
        { retry: { attempts: 5, backoff: "fixed", delay: "1m" } },
      );
    });
    const first = await EngineFixture.start({ workflows: [flaky], store, clock });
    const run = await first.run(flaky);
    await first.until(run, "waiting", "waiting_for_retry");
    const [entry] = (await store.readJournal({ run, bytesMax: 1_000_000 })).entries;
    expect(entry).toMatchObject({ status: "running", attempt: 1, due: 61_000 });
    expect(entry?.error).toBeDefined();
    first.crash();
    await pass(clock, 30_000);
    const second = await EngineFixture.start({ workflows: [flaky], store, clock });
    await pass(clock, 29_999);
    expect(attempts).toEqual([1]);
    await pass(clock, 1);
    expect(attempts).toEqual([1, 2]);
    await pass(clock, 60_000);
    expect((await second.ended(run)).output).toBe(3);
    expect(attempts).toEqual([1, 2, 3]);
  });

  test("whose time came while nothing was running is made up for at once", async () => {
    const clock = new SimulatedClock(1_000);
    const store = new MemoryRunStore();
    let attempts = 0;
    const flaky = workflow({ name: "flaky" }, async (ctx) => {
      const body = (): number => {
        if (++attempts === 1) throw new Error("no");
        return attempts;
      };
      return ctx.step("flaky", body, { retry: { attempts: 2, delay: "1m" } });
    });
    const first = await EngineFixture.start({ workflows: [flaky], store, clock });
    const run = await first.run(flaky);
    await first.until(run, "waiting", "waiting_for_retry");
    first.crash();
    clock.advance(3_600_000);
    const second = await EngineFixture.start({ workflows: [flaky], store, clock });
    await pass(clock, 0);
    expect((await second.ended(run)).output).toBe(2);
  });
});
