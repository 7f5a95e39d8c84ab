import { describe, expect, test } from "bun:test";
import { NonDeterminismError, workflow } from "@sluice/sdk";
import type { Context } from "@sluice/sdk";
import { testWorkflow } from "./workflow-test.ts";

const make = (body: (ctx: Context, input: unknown) => Promise<unknown>) => workflow({ name: "flow" }, body);

const rich = make(async (ctx) => {
  const [a, b] = await Promise.all([ctx.step("a", () => 1n), ctx.step("b", () => new Map([["k", new Date(5)]]))]);
  await ctx.sleep("night", "1 day");
  const raced = await ctx.race({
    event: ctx.waitFor<string>("go"),
    late: (branch) => branch.sleep("late", "2 days"),
  });
  await ctx.lock("stock", () => ctx.step("reserve", () => "reserved"));
  const seen = await ctx.state.workflow.incr("seen");
  if (ctx.patched("check")) await ctx.step("check", () => undefined);
  return { a, b, winner: raced.winner, seen, dice: ctx.random(), at: ctx.now() };
});

describe("every prefix", () => {
  test("of a run that is deterministic is replayed without a difference", async () => {
    await using t = testWorkflow(rich);
    const run = await t.run();
    await t.emit("go", "now");
    await t.expect(run).step("check").toSucceed();
    expect(await t.replayEveryPrefix()).toEqual({ runs: 1, prefixes: (await run.journal()).length });
  });

  test("of a run that failed and was undone, was cancelled, or waits still", async () => {
    const undoing = make(async (ctx, input) => {
      await ctx.step("take", () => 1, { undo: () => undefined });
      await ctx.sleep("1 day");
      await ctx.step("fall", () => {
        if (input === "fails") throw new Error("fell");
      });
      await ctx.waitFor("never");
    });
    await using t = testWorkflow(undoing);
    const failed = await t.start("fails");
    const cancelled = await t.start("cancelled");
    await t.start("waits");
    await t.advance("1 day");
    await cancelled.cancel();
    await t.expect(failed).toHaveUndone(["take"]);
    expect((await t.replayEveryPrefix()).runs).toBe(3);
  });

  test("finds a call that depends on something that is not journaled", async () => {
    let calls = 0;
    const fickle = make(async (ctx) => {
      await ctx.step("first", () => 1);
      await ctx.step(calls++ === 0 ? "one" : "other", () => 2);
    });
    await using t = testWorkflow(fickle);
    await t.start();
    const replayed = t.replayEveryPrefix();
    expect(replayed).rejects.toBeInstanceOf(NonDeterminismError);
    expect(replayed).rejects.toThrow(
      'flow is not deterministic, replayed after 1 of 2 results: Call 1 of the workflow was recorded as step "one", but the code now asks for step "other".',
    );
  });

  test("finds a result that depends on something that is not journaled", async () => {
    let calls = 0;
    const fickle = make(async (ctx) => {
      await ctx.step("first", () => 1);
      return calls++;
    });
    await using t = testWorkflow(fickle);
    await t.start();
    expect(t.replayEveryPrefix()).rejects.toThrow("recorded as the output 0, but the code now asks for the output 1");
  });

  test("finds an order that differs between branches", async () => {
    let calls = 0;
    const fickle = make(async (ctx) => {
      const names = calls++ === 0 ? ["a", "b"] : ["b", "a"];
      await Promise.all(names.map((name) => ctx.step(name, () => name)));
    });
    await using t = testWorkflow(fickle);
    await t.start();
    expect(t.replayEveryPrefix()).rejects.toThrow('recorded as step "a"');
  });

  test("finds a call that is not made again", async () => {
    let calls = 0;
    const fickle = make(async (ctx) => {
      await ctx.step("a", () => 1);
      if (calls++ > 0) await new Promise(() => undefined);
      await ctx.step("b", () => 1);
    });
    await using t = testWorkflow(fickle);
    await t.start();
    expect(t.replayEveryPrefix()).rejects.toThrow("nothing there");
  });
});

describe("a recorded run", () => {
  /** Records a run of the first workflow and replays it against the second. */
  async function against(old: ReturnType<typeof make>, code: ReturnType<typeof make>, input?: unknown) {
    await using recording = testWorkflow(old);
    const run = await recording.run(input);
    const text = JSON.stringify(await recording.export(run));
    await using t = testWorkflow(code);
    return await t.replay(text);
  }

  test("is followed by the code that made it, values and all", async () => {
    await using t = testWorkflow(rich);
    const run = await t.run();
    await t.emit("go");
    const fixture = await t.export(run);
    const replayed = await t.replay(JSON.parse(JSON.stringify(fixture)) as typeof fixture);
    expect(replayed).toMatchObject({ id: run.id, workflow: "flow", status: "completed" });
    expect(replayed.output).toEqual(await run.result());
    expect(replayed.output).toMatchObject({ a: 1n, b: new Map([["k", new Date(5)]]) });
  });

  test("with values of ten megabytes", async () => {
    const large = make(async (ctx, input) => {
      const bytes = await ctx.step("read", () => new Uint8Array(10_000_000).fill(7));
      return { length: bytes.length, text: String(input).length };
    });
    const replayed = await against(large, large, "x".repeat(10_000_000));
    expect(replayed.output).toEqual({ length: 10_000_000, text: 10_000_000 });
  });

  test("executes nothing", async () => {
    let executed = 0;
    const counting = make((ctx) => ctx.step("count", () => ++executed));
    expect((await against(counting, counting)).output).toBe(1);
    expect(executed).toBe(1);
  });

  const old = make(async (ctx) => {
    await ctx.step("charge", () => 1);
    await ctx.step("ship", () => 2);
    return "done";
  });

  test("says which call differs where the code has changed", async () => {
    const renamed = make(async (ctx) => {
      await ctx.step("charge", () => 1);
      await ctx.step("send", () => 2);
      return "done";
    });
    const replayed = against(old, renamed);
    expect(replayed).rejects.toBeInstanceOf(NonDeterminismError);
    expect(replayed).rejects.toThrow(
      'Call 1 of the workflow was recorded as step "ship", but the code now asks for step "send".',
    );
  });

  test("says what the code asks for beyond its end, and that it ends too early", async () => {
    const longer = make(async (ctx) => {
      await ctx.step("charge", () => 1);
      await ctx.step("ship", () => 2);
      await ctx.step("thank", () => 3);
      return "done";
    });
    const shorter = make(async (ctx) => {
      await ctx.step("charge", () => 1);
      return "done";
    });
    expect(against(old, longer)).rejects.toThrow('but the code now asks for step "thank"');
    expect(against(old, shorter)).rejects.toThrow('recorded as step "ship", but the code now asks for nothing');
  });

  test("says how another output or error differs", async () => {
    const other = make(async (ctx) => {
      await ctx.step("charge", () => 1);
      await ctx.step("ship", () => 2);
      return "gone";
    });
    const failing = (message: string) =>
      make(async (ctx) => {
        await ctx.step("charge", () => 1);
        throw new Error(message);
      });
    expect(against(old, other)).rejects.toThrow(
      'recorded as the output "done", but the code now asks for the output "gone"',
    );
    expect((await against(failing("no"), failing("no"))).status).toBe("failed");
    expect(against(failing("no"), failing("yes"))).rejects.toThrow("Error: yes");
  });

  test("is followed by code that guards its change", async () => {
    const patched = make(async (ctx) => {
      await ctx.step("charge", () => 1);
      if (ctx.patched("label")) await ctx.step("label", () => 5);
      await ctx.step("ship", () => 2);
      return "done";
    });
    expect((await against(old, patched)).output).toBe("done");
  });

  test("of another workflow, or that is none, is refused", async () => {
    await using t = testWorkflow(workflow({ name: "another" }, () => Promise.resolve(1)));
    await using recording = testWorkflow(old);
    const fixture = await recording.export(await recording.run());
    expect(t.replay(fixture)).rejects.toThrow("of workflow flow, which this test does not have");
    expect(t.replay("{}")).rejects.toThrow("no exported run");
  });
});

test("a snapshot is the run and its journal as text, the same each time", async () => {
  const text = async (seed: number): Promise<string> => {
    await using t = testWorkflow(rich, { seed });
    t.mock("reserve", () => "mocked");
    const run = await t.run();
    await t.emit("go", "now");
    return await run.snapshot();
  };
  const first = await text(1);
  expect(first.split("\n").slice(1)).toEqual([
    '  0 step "a" completed +0 ms → "1n"',
    '  1 step "b" completed +0 ms → {"Map":[["k","1970-01-01T00:00:00.005Z"]]}',
    '  2 sleep "night" completed +86400000 ms',
    '  3 event "go" completed +86400000 ms → "now"',
    '  4 race "race" completed +86400000 ms → {"winner":"event"}',
    '  5 sleep "late" aborted +86400000 ms',
    '  6 lock "stock" completed +86400000 ms → {"fence":1}',
    '  7 step "reserve" completed +86400000 ms → "mocked"',
    '  8 unlock "stock" completed +86400000 ms → true',
    '  9 state "workflow:incr:seen" completed +86400000 ms → 1',
    '  10 patched "check" completed +86400000 ms',
    '  11 step "check" completed +86400000 ms',
    "",
  ]);
  expect(await text(1)).toBe(first);
});
