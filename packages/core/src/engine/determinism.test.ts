// Replay: concurrent branches interleave as they did, and code that does not follow the journal is told so instead of run.
import { describe, expect, test } from "bun:test";
import { decodeErrorValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import type { Context, Workflow } from "@sluice/sdk";
import { MemoryRunStore } from "../store/memory/index.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { EngineFixture, pass, rest, tester } from "./engine-fixture.suite.ts";

/** Promises that a test resolves by name. */
class Gates {
  readonly #gates = new Map<string, PromiseWithResolvers<string>>();

  at(name: string): PromiseWithResolvers<string> {
    let gate = this.#gates.get(name);
    if (gate === undefined) {
      gate = Promise.withResolvers();
      this.#gates.set(name, gate);
    }
    return gate;
  }

  async open(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      this.at(name).resolve(name);
      await rest();
    }
  }
}

describe("concurrent branches", () => {
  /** Fetches every item, then saves it; notes the order in which the workflow got its results. */
  function fetchAndSave(gates: Gates, traces: string[][], executed: string[]): Workflow {
    return workflow({ name: "batch" }, async (ctx, items: readonly string[]) => {
      const trace: string[] = [];
      traces.push(trace);
      const saved = await Promise.all(
        items.map(async (item) => {
          const fetched = await ctx.step("fetch", () => {
            executed.push(`fetch ${item}`);
            return gates.at(`fetch ${item}`).promise;
          });
          trace.push(`fetched ${item}`);
          const done = await ctx.step("save", () => {
            executed.push(`save ${item}`);
            return gates.at(`save ${item}`).promise.then((value) => `${fetched}, ${value}`);
          });
          trace.push(`saved ${item}`);
          return done;
        }),
      );
      return { saved, trace };
    });
  }

  test("Promise.all(items.map(fetch → save)) interleaves on replay as it did, and every result finds its item", async () => {
    const items = ["a", "b", "c", "d"];
    const [gates, traces, executed] = [new Gates(), [] as string[][], [] as string[]];
    const flow = fetchAndSave(gates, traces, executed);
    const store = new MemoryRunStore();
    const first = await EngineFixture.start({ workflows: [flow], store });
    const run = await first.run(flow, items);
    await rest();
    await gates.open("fetch c", "fetch a", "save c", "fetch d", "save a");
    const before = [...(traces[0] ?? [])];
    expect(before).toEqual(["fetched c", "fetched a", "saved c", "fetched d", "saved a"]);
    first.crash();
    const second = await EngineFixture.start({ workflows: [flow], store });
    await rest();
    expect(traces[1]).toEqual(before);
    await gates.open("fetch b", "save b", "save d");
    const end = await second.ended(run);
    expect(end.output).toEqual({
      saved: items.map((item) => `fetch ${item}, save ${item}`),
      trace: [...before, "fetched b", "saved b", "saved d"],
    });
    const twice = executed.filter((step, index) => executed.indexOf(step) !== index);
    expect(twice.toSorted()).toEqual(["fetch b", "save d"]);
  });

  test("interleave alike however often the run is taken up again, one commit at a time", async () => {
    const items = ["a", "b", "c"];
    const [gates, traces] = [new Gates(), [] as string[][]];
    const flow = fetchAndSave(gates, traces, []);
    const store = new MemoryRunStore();
    let f = await EngineFixture.start({ workflows: [flow], store });
    const run = await f.run(flow, items);
    await rest();
    const order = ["fetch b", "fetch c", "save c", "fetch a", "save b", "save a"];
    const expected = ["fetched b", "fetched c", "saved c", "fetched a", "saved b", "saved a"];
    for (const [index, gate] of order.entries()) {
      await gates.open(gate);
      if (index === order.length - 1) break;
      f.crash();
      f = await EngineFixture.start({ workflows: [flow], store });
      await rest();
      expect(traces.at(-1)).toEqual(expected.slice(0, index + 1));
    }
    expect((await f.ended(run)).output).toMatchObject({ trace: expected });
  });

  test("results of one commit are handed out one by one, each with its consequences before the next", async () => {
    const trace: string[] = [];
    const flow = workflow({ name: "flow" }, async (ctx) => {
      await Promise.all(
        ["a", "b"].map(async (name) => {
          await ctx.step(name, () => 1);
          trace.push(name);
          for (let i = 0; i < 5; i++) await Promise.resolve();
          trace.push(`${name} later`);
        }),
      );
      await ctx.waitFor("end");
    });
    const store = new MemoryRunStore();
    const first = await EngineFixture.start({ workflows: [flow], store });
    const run = await first.run(flow);
    await first.until(run, "waiting");
    const expected = ["a", "a later", "b", "b later"];
    expect(trace.splice(0)).toEqual(expected);
    first.crash();
    const second = await EngineFixture.start({ workflows: [flow], store });
    await second.emit("end");
    await second.ended(run);
    expect(trace).toEqual(expected);
  });

  test("Promise.race has the winner it had, although the loser has settled since", async () => {
    const gates = new Gates();
    const winners: string[] = [];
    const flow = workflow({ name: "racing" }, async (ctx) => {
      const step = (name: string) => ctx.step(name, () => gates.at(name).promise);
      const winner = await Promise.race([step("a"), step("b"), step("c")]);
      winners.push(winner);
      const after = await ctx.step(`after ${winner}`, () => winner);
      await ctx.waitFor("end");
      return after;
    });
    const store = new MemoryRunStore();
    const first = await EngineFixture.start({ workflows: [flow], store });
    const run = await first.run(flow);
    await rest();
    await gates.open("b", "a");
    expect(winners).toEqual(["b"]);
    first.crash();
    const second = await EngineFixture.start({ workflows: [flow], store });
    await rest();
    await gates.open("c");
    await second.emit("end");
    expect((await second.ended(run)).output).toBe("b");
    expect(winners).toEqual(["b", "b"]);
  });
});

describe("code that has changed", () => {
  type Body = (ctx: Context) => Promise<unknown>;
  const original: Body = async (ctx) => {
    const a = await ctx.step("a", () => "a");
    const b = await ctx.step("b", () => "b");
    await ctx.waitFor("go");
    const c = await ctx.step("c", () => "c");
    return a + b + c;
  };
  const make = (body: Body): Workflow => workflow({ name: "flow" }, body);

  /** Runs the original up to its wait, then takes it up with other code. */
  async function changed(body: Body, version = "v1"): Promise<{ readonly f: EngineFixture; readonly run: string }> {
    const store = new MemoryRunStore();
    const first = await EngineFixture.start({ workflows: [make(original)], store });
    const run = await first.run("flow");
    await first.until(run, "waiting");
    first.crash();
    const f = await EngineFixture.start({
      workflows: [make(body)],
      store,
      version,
      workerLimits: { replayStallMs: 20 },
    });
    await f.emit("go");
    return { f, run };
  }

  const executed: string[] = [];
  const live = (name: string) => () => {
    executed.push(name);
    return name;
  };
  const cases: readonly [what: string, body: Body, recorded: string, asked: string, step: number][] = [
    [
      "a renamed step",
      async (ctx) => [await ctx.step("a", live("a")), await ctx.step("bee", live("bee")), await ctx.waitFor("go")],
      'step "b"',
      'step "bee"',
      1,
    ],
    [
      "an inserted step",
      async (ctx) => [
        await ctx.step("a", live("a")),
        await ctx.step("new", live("new")),
        await ctx.step("b", live("b")),
        await ctx.waitFor("go"),
      ],
      'step "b"',
      'step "new"',
      1,
    ],
    [
      "a removed step",
      async (ctx) => [await ctx.step("b", live("b")), await ctx.waitFor("go"), await ctx.step("c", live("c"))],
      'step "a"',
      'step "b"',
      0,
    ],
    [
      "reordered steps",
      async (ctx) => [await ctx.step("b", live("b")), await ctx.step("a", live("a")), await ctx.waitFor("go")],
      'step "a"',
      'step "b"',
      0,
    ],
    [
      "another kind of call under the same name",
      async (ctx) => [await ctx.step("a", live("a")), await ctx.sleep("b", "1m")],
      'step "b"',
      'sleep "b"',
      1,
    ],
    [
      "another target of a wait",
      async (ctx) => [await ctx.step("a", live("a")), await ctx.step("b", live("b")), await ctx.waitFor("stop")],
      'event "go"',
      'event "stop"',
      2,
    ],
    [
      "a second occurrence of a name",
      async (ctx) => [await ctx.step("a", live("a")), await ctx.step("a", live("a")), await ctx.waitFor("go")],
      'step "b"',
      'step "a" (occurrence 2)',
      1,
    ],
    [
      "an end before everything recorded was asked for",
      async (ctx) => ctx.step("a", live("a")),
      'step "b"',
      "nothing",
      1,
    ],
    [
      "a failure before everything recorded was asked for",
      async (ctx) => {
        await ctx.step("a", live("a"));
        throw new Error("new");
      },
      'step "b"',
      "nothing",
      1,
    ],
    [
      "code that never asks for what was recorded",
      async (ctx) => {
        await ctx.step("a", live("a"));
        await new Promise(() => undefined);
      },
      'step "b"',
      "nothing",
      1,
    ],
  ];

  test.each(cases)("is reported: %s", async (_what, body, recorded, asked, step) => {
    executed.length = 0;
    const { f, run } = await changed(body);
    await f.until(run, "waiting", "non_determinism");
    const record = await f.store.getRun({ run });
    const error = decodeErrorValue(record?.error ?? new Uint8Array(0));
    expect(error.code).toBe("non_determinism");
    expect(error.details).toMatchObject({ step, recorded });
    expect((error.details as { asked: string }).asked).toStartWith(asked);
    expect(error.message).toContain(recorded);
    expect(error.message).toContain(asked);
    expect(error.hint).toContain("ctx.patched");
    expect(executed).toEqual([]);
    expect(await f.journal(run)).toEqual(["0 step a completed", "1 step b completed", "2 event go completed"]);
    expect(f.engine.hotRuns).toBe(0);
  });

  test.each(cases)("is found by the replay check before a run moves to it: %s", async (_what, body, recorded) => {
    executed.length = 0;
    const { f, run } = await changed(body, "v2");
    await f.until(run, "waiting", "replay_check_failed");
    const record = await f.store.getRun({ run });
    expect(record?.version).toBe("v1");
    expect(decodeErrorValue(record?.error ?? new Uint8Array(0)).message).toContain(recorded);
    expect(executed).toEqual([]);
    await f.attach({ workflows: [make(original)], version: "v3" });
    expect(await f.ended(run)).toMatchObject({ status: "completed", output: "abc" });
  });

  test("goes on as soon as it follows the journal again", async () => {
    const [, body] = cases[0] ?? expect.unreachable();
    const { f, run } = await changed(body);
    await f.until(run, "waiting", "non_determinism");
    f.crash();
    const mended = await EngineFixture.start({ workflows: [make(original)], store: f.store });
    await rest();
    expect((await f.store.getRun({ run }))?.reason).toBe("non_determinism");
    expect(await mended.engine.operations.resume(tester, run)).toMatchObject({ ok: true });
    expect(await mended.ended(run)).toMatchObject({ status: "completed", output: "abc" });
  });

  test("may differ in what has not been recorded yet, and moves the run to its version", async () => {
    const { f, run } = await changed(async (ctx) => {
      const a = await ctx.step("a", live("a"));
      const b = await ctx.step("b", live("b"));
      await ctx.waitFor("go");
      await ctx.sleep("a new rest", 1);
      return a + b + (await ctx.step("another c", () => "C"));
    }, "v2");
    expect(await f.ended(run)).toMatchObject({ status: "completed", output: "abC" });
    expect((await f.store.getRun({ run }))?.version).toBe("v2");
  });

  test("a run moves with what happened to it during the check", async () => {
    const store = new MemoryRunStore();
    const clock = new SimulatedClock(1_000);
    const body: Body = async (ctx) => {
      const a = await ctx.step("a", () => "a");
      const event = ctx.waitFor<string>("go");
      await ctx.sleep("rest", "1h");
      return a + (await event) + (await ctx.step("c", () => "c"));
    };
    const first = await EngineFixture.start({ workflows: [make(body)], store, clock });
    const run = await first.run("flow");
    await first.until(run, "waiting");
    first.crash();
    clock.advance(3_600_000);
    const second = await EngineFixture.start({ workflows: [make(body)], store, clock, version: "v2" });
    for (let i = 0; i < 5; i++) await Promise.resolve();
    clock.advance(0);
    while (second.engine.hotRuns === 0) await rest(1);
    await second.emit("go", "-");
    await pass(clock, 0);
    expect(await second.ended(run)).toMatchObject({ status: "completed", output: "a-c" });
  });
});

describe("ctx.patched", () => {
  /** With `patch` the code has a new step before the last. */
  function flow(patch: boolean): Workflow {
    return workflow({ name: "flow" }, async (ctx) => {
      const a = await ctx.step("a", () => "a");
      const extra = patch && ctx.patched("extra") ? await ctx.step("extra", () => "+") : "";
      await ctx.waitFor("go");
      const late = patch && ctx.patched("late") ? await ctx.step("late", () => "!") : "";
      return a + extra + (await ctx.step("b", () => "b")) + late;
    });
  }

  test("is false in runs that are past the point, true in runs that reach it with the new code", async () => {
    const store = new MemoryRunStore();
    const first = await EngineFixture.start({ workflows: [flow(false)], store });
    const old = await first.run("flow");
    await first.until(old, "waiting");
    first.crash();
    const second = await EngineFixture.start({ workflows: [flow(true)], store, version: "v2" });
    const fresh = await second.run("flow");
    await second.until(fresh, "waiting");
    await second.emit("go");
    expect((await second.ended(old)).output).toBe("ab!");
    expect((await second.ended(fresh)).output).toBe("a+b!");
  });

  test("stays what it was when the run is taken up again", async () => {
    const store = new MemoryRunStore();
    const first = await EngineFixture.start({ workflows: [flow(true)], store });
    const run = await first.run("flow");
    await first.until(run, "waiting");
    first.crash();
    const second = await EngineFixture.start({ workflows: [flow(true)], store });
    await second.emit("go");
    expect((await second.ended(run)).output).toBe("a+b!");
    expect(await second.journal(run)).toEqual([
      "0 step a completed",
      "1 patched extra completed",
      "2 step extra completed",
      "3 event go completed",
      "4 patched late completed",
      "5 step late completed",
      "6 step b completed",
    ]);
  });
});
