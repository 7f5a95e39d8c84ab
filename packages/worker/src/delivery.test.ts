// Handing settlements to a workflow: one a turn, in commit order; gaps that a retry left are filled before what follows.
import { describe, expect, test } from "bun:test";
import { decodeErrorValue, encodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import type { Context } from "@sluice/sdk";
import { entry, PlayedEngine } from "./played-engine.suite.ts";

const make = (body: (ctx: Context) => Promise<unknown>) => workflow({ name: "flow" }, body);
const step = (seq: number, name: string, ord: number) =>
  entry({ seq, kind: "step", name, ord, value: encodeValue(`recorded ${name}`) });

describe("settlements", () => {
  test("are handed out one a turn, each with everything it leads to", async () => {
    const trace: string[] = [];
    const flow = make(async (ctx) => {
      await Promise.all(
        ["a", "b", "c"].map(async (name) => {
          trace.push((await ctx.waitFor<string>(name)) ?? "");
          for (let i = 0; i < 20; i++) await Promise.resolve();
          trace.push(`after ${name}`);
        }),
      );
    });
    const engine = new PlayedEngine([flow]);
    await engine.assign();
    await engine.settle([2, "C"], [0, "A"], [1, "B"]);
    expect(trace).toEqual(["C", "after c", "A", "after a", "B", "after b"]);
  });

  test("that arrive out of order wait for those before them", async () => {
    const trace: unknown[] = [];
    const flow = make(async (ctx) => {
      for (const name of ["a", "b"]) void ctx.waitFor(name).then((value) => trace.push(value));
      await ctx.waitFor("end");
    });
    const engine = new PlayedEngine([flow]);
    await engine.assign();
    const settle = (seq: number, ord: number) =>
      ({ event: "settle", seq, ord, status: "completed", at: 1_000, value: encodeValue(seq) }) as const;
    await engine.events(settle(1, 2));
    expect(trace).toEqual([]);
    await engine.events(settle(0, 1));
    expect(trace).toEqual([0, 1]);
  });

  test("of sleeps wait until the sleep is over, but not for a clock that was set back", async () => {
    const trace: unknown[] = [];
    const flow = make(async (ctx) => {
      for (const name of ["first", "second"]) {
        await ctx.sleep(name, "1s");
        trace.push(name);
      }
    });
    const engine = new PlayedEngine([flow]);
    await engine.assign();
    const over = (seq: number, at: number) =>
      ({ event: "settle", seq, ord: seq + 1, status: "completed", at, value: encodeValue(undefined) }) as const;
    const { clock } = engine;
    await engine.events(over(0, clock.now() + 3));
    await clock.pass(2);
    expect(trace).toEqual([]);
    await clock.pass(1);
    expect(trace).toEqual(["first"]);
    await engine.events(over(1, clock.now() + 3_600_000));
    await clock.pass(100);
    expect(trace).toEqual(["first", "second"]);
  });

  test("of another incarnation are not this one's", async () => {
    const trace: unknown[] = [];
    const engine = new PlayedEngine([make(async (ctx) => trace.push(await ctx.waitFor("a")))]);
    await engine.assign({ epoch: 5 });
    const event = { event: "settle", seq: 0, ord: 1, status: "completed", at: 1_000, value: encodeValue(1) } as const;
    await engine.say({ type: "events", run: "r", epoch: 4, events: [event] });
    expect(trace).toEqual([]);
    await engine.say({ type: "events", run: "r", epoch: 5, events: [event] });
    expect(trace).toEqual([1]);
  });

  test("that come before the journal is complete wait for it", async () => {
    const trace: unknown[] = [];
    const flow = make(async (ctx) => {
      trace.push(await ctx.step("a", () => "executed"), await ctx.waitFor("e"));
      await ctx.waitFor("end");
    });
    const engine = new PlayedEngine([flow]);
    await engine.assign({ more: true, ord: 1, journal: [entry({ seq: 1, kind: "event", name: "e" })] });
    const event = { event: "settle", seq: 1, ord: 2, status: "completed", at: 1_000, value: encodeValue("E") } as const;
    await engine.events(event);
    await engine.clock.pass(60_000);
    expect(trace).toEqual([]);
    await engine.say({ type: "journal", run: "r", epoch: 1, entries: [step(0, "a", 1)], more: false });
    expect(trace).toEqual(["recorded a", "E"]);
    expect(engine.said()).toEqual(["event end", "idle"]);
  });

  test("nothing is executed before everything recorded has been handed out", async () => {
    const executed: string[] = [];
    const flow = make(async (ctx) => {
      const live = ctx.step("live", () => executed.push("live"));
      await ctx.waitFor("a");
      executed.push("got a");
      await ctx.waitFor("b");
      executed.push("got b");
      await live;
    });
    const engine = new PlayedEngine([flow]);
    const event = (seq: number, name: string, ord: number) => entry({ seq, kind: "event", name, ord });
    await engine.assign({ journal: [event(1, "a", 1), event(2, "b", 2)] });
    expect(executed).toEqual(["got a", "got b", "live"]);
  });
});

describe("a recorded entry that the code does not ask for", () => {
  test("blocks the run after replayStallMs, not before", async () => {
    const engine = new PlayedEngine([make(() => new Promise(() => undefined))], { limit: { replayStallMs: 5_000 } });
    await engine.assign({ journal: [step(0, "a", 1)] });
    await engine.clock.pass(4_999);
    expect(engine.ops()).toEqual([]);
    await engine.clock.pass(1);
    const [op] = engine.ops();
    if (op?.op !== "blocked") expect.unreachable();
    expect(decodeErrorValue(op.error).details).toEqual({ step: 0, recorded: 'step "a"', asked: "nothing there" });
  });

  test("may come late: code that awaits something of its own first is waited for", async () => {
    const gate = Promise.withResolvers<void>();
    const seen: unknown[] = [];
    const flow = make(async (ctx) => {
      await gate.promise;
      seen.push(await ctx.step("a", () => "executed"));
      await ctx.waitFor("end");
    });
    const engine = new PlayedEngine([flow]);
    await engine.assign({ journal: [step(0, "a", 1)] });
    await engine.clock.pass(4_000);
    gate.resolve();
    await engine.clock.rest();
    expect(seen).toEqual(["recorded a"]);
    await engine.clock.pass(9_000);
    expect(engine.said()).not.toContain("blocked");
  });
});

describe("in a run whose journal has gaps", () => {
  /** a, then b, then c; what is not in the journal is executed again. */
  const flow = (seen: unknown[]) =>
    make(async (ctx) => {
      for (const name of ["a", "b", "c"]) seen.push(await ctx.step(name, () => `executed ${name}`));
      await ctx.waitFor("end");
    });

  test("what was taken out is executed at once, and what was recorded after it is used", async () => {
    const seen: unknown[] = [];
    const engine = new PlayedEngine([flow(seen)]);
    await engine.assign({ attempt: 2, gaps: true, generation: 1, journal: [step(1, "b", 2)], ord: 4 });
    const ops = await engine.acknowledge();
    expect(seen).toEqual(["executed a", "recorded b", "executed c"]);
    expect(ops.flatMap((op) => (op.op === "done" ? [op.name] : []))).toEqual(["a", "c"]);
  });

  test("entries that were executed again settle before those that were kept, although they were committed later", async () => {
    const seen: unknown[] = [];
    const engine = new PlayedEngine([flow(seen)]);
    await engine.assign({ attempt: 2, gaps: true, journal: [step(1, "b", 2), step(0, "a", 5), step(2, "c", 6)] });
    expect(seen).toEqual(["recorded a", "recorded b", "recorded c"]);
    expect(engine.said()).toEqual(["event end", "idle"]);
    await engine.clock.pass(60_000);
    expect(engine.said()).toEqual(["park"]);
  });

  test("a gap that waits keeps the run neither busy nor stuck: it parks", async () => {
    const failing = make(async (ctx) => {
      await ctx.waitFor("again");
      await ctx.step("b", () => 1);
    });
    const engine = new PlayedEngine([failing], { limit: { parkAfterMs: 1_000 } });
    await engine.assign({ attempt: 2, gaps: true, journal: [step(1, "b", 2)] });
    expect(engine.said()).toEqual(["event again", "idle"]);
    await engine.clock.pass(1_000);
    expect(engine.said()).toEqual(["park"]);
  });

  test("an entry that is left over at the end is reported all the same", async () => {
    const engine = new PlayedEngine([make(async (ctx) => ctx.step("a", () => 1))]);
    await engine.assign({ attempt: 2, gaps: true, journal: [step(1, "b", 2)] });
    const ops = await engine.acknowledge();
    expect(ops.map((op) => op.op)).toEqual(["done", "blocked"]);
  });

  test("what is done again in its place comes before what had settled after it, so that calls keep their order", async () => {
    const seen: unknown[] = [];
    const gate = Promise.withResolvers<unknown>();
    const branches = make(async (ctx) => {
      const left = async (): Promise<void> => {
        seen.push(await ctx.step("a", () => gate.promise));
        seen.push(await ctx.step("c", () => "never"));
      };
      const right = async (): Promise<void> => {
        seen.push(await ctx.step("b", () => "never"));
        seen.push(await ctx.step("d", () => "never"));
      };
      await Promise.all([left(), right()]);
      await ctx.waitFor("end");
    });
    const engine = new PlayedEngine([branches]);
    // The results came in the order a, b; a has been taken back.
    const kept = [step(1, "b", 2), step(2, "c", 3), step(3, "d", 4)];
    const again = entry({ seq: 0, kind: "step", name: "a", place: 1 });
    await engine.assign({ attempt: 2, gaps: true, generation: 1, journal: [...kept, again], ord: 9 });
    expect(seen).toEqual([]);
    gate.resolve("again a");
    await engine.clock.rest();
    await engine.acknowledge();
    expect(seen).toEqual(["again a", "recorded b", "recorded c", "recorded d"]);
    expect(engine.said()).not.toContain("blocked");
    const later = new PlayedEngine([branches]);
    seen.length = 0;
    await later.assign({ attempt: 2, gaps: true, journal: [...kept, { ...step(0, "a", 10), place: 1 }], ord: 10 });
    expect(seen).toEqual(["recorded a", "recorded b", "recorded c", "recorded d"]);
  });

  test("a lock that is to be taken again is asked for, though it stands in the journal, and the run parks while it waits", async () => {
    const engine = new PlayedEngine(
      [
        make(async (ctx) =>
          ctx.lock("door", async ({ fence }) => [fence, await ctx.step("a", () => 1)], { timeout: 5 }),
        ),
      ],
      { limit: { parkAfterMs: 1_000 } },
    );
    const again = entry({ seq: 0, kind: "lock", name: "door", place: 1 });
    await engine.assign({ attempt: 2, gaps: true, journal: [step(1, "a", 2), again], ord: 4 });
    expect(engine.said()).toEqual(["lock door", "idle"]);
    await engine.clock.pass(1_000);
    expect(engine.said()).toEqual(["park"]);
  });

  test("what was to be done again binds other code to nothing", async () => {
    const engine = new PlayedEngine([make(async (ctx) => ctx.step("b", () => 1))]);
    const again = (seq: number, name: string) => entry({ seq, kind: "step", name, place: seq + 1 });
    await engine.assign({ attempt: 2, gaps: true, journal: [again(0, "a"), again(1, "c")], ord: 2 });
    const ops = await engine.acknowledge();
    expect(ops.map((op) => op.op)).toEqual(["done", "finish"]);
  });
});
