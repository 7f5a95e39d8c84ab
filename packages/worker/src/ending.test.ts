// How a run ends, as the engine hears of it.
import { describe, expect, test } from "bun:test";
import { decodeErrorValue, decodeValue, encodeError } from "@sluice/protocol";
import type { CancelNotice, FinishOp } from "@sluice/protocol";
import { CancelledError, workflow } from "@sluice/sdk";
import type { Context } from "@sluice/sdk";
import { cancelError } from "./ending.ts";
import { entry, PlayedEngine } from "./played-engine.suite.ts";

const notice: CancelNotice = { status: "cancelled", reason: "cancelled_by_user", message: "stop" };
const make = (body: (ctx: Context) => Promise<unknown>) => workflow({ name: "flow" }, body);

async function finishOf(engine: PlayedEngine): Promise<FinishOp> {
  const ops = await engine.acknowledge();
  const op = ops.find((each) => each.op === "finish");
  return op?.op === "finish" ? op : expect.unreachable(`no end in ${ops.map((each) => each.op).join(", ")}`);
}

const errorOf = (op: FinishOp) => decodeErrorValue(op.error ?? new Uint8Array(0));

describe("a function that settles", () => {
  test("with a value completes the run", async () => {
    const engine = new PlayedEngine([make(async () => new Map([[1, 2]]))]);
    await engine.assign();
    const op = await finishOf(engine);
    expect(op.status).toBe("completed");
    expect(decodeValue(op.output ?? new Uint8Array(0))).toEqual(new Map([[1, 2]]));
    expect(engine.worker.size).toBe(0);
  });

  test("with a value that cannot be stored fails it", async () => {
    const engine = new PlayedEngine([make(async () => ({ f: () => 1 }))]);
    await engine.assign();
    const op = await finishOf(engine);
    expect(op).toMatchObject({ status: "failed", reason: "error" });
    expect(errorOf(op)).toMatchObject({ code: "value_not_serializable" });
  });

  test("synchronously, although it should not, counts as well", async () => {
    const flow = make(() => {
      throw new Error("not even a promise");
    });
    const engine = new PlayedEngine([flow]);
    await engine.assign();
    expect(errorOf(await finishOf(engine)).message).toBe("not even a promise");
  });

  test("names the entry whose failure ended it, also behind an error of its own", async () => {
    const fails = (): never => {
      throw new Error("inner");
    };
    const wraps = async (ctx: Context) => {
      await ctx.step("fine", () => 1);
      await ctx.step("fails", fails).catch((cause: unknown) => {
        throw new Error("outer", { cause: new Error("middle", { cause }) });
      });
    };
    for (const body of [
      wraps,
      async (ctx: Context) => [await ctx.step("fine", () => 1), await ctx.step("fails", fails)],
    ]) {
      const engine = new PlayedEngine([make(body)]);
      await engine.assign();
      expect((await finishOf(engine)).cause).toBe(1);
    }
    const own = new PlayedEngine([
      make(async (ctx) => {
        await ctx.step("fine", () => 1);
        throw new Error("own");
      }),
    ]);
    await own.assign();
    expect((await finishOf(own)).cause).toBeUndefined();
  });

  test("while steps still run aborts their signals", async () => {
    const signals: AbortSignal[] = [];
    const engine = new PlayedEngine([
      make(async (ctx) => {
        const body = ({ signal }: { readonly signal: AbortSignal }) => {
          signals.push(signal);
          return new Promise(() => undefined);
        };
        void ctx.step("left behind", body);
        await ctx.step("one", () => 1);
      }),
    ]);
    await engine.assign();
    expect((await finishOf(engine)).status).toBe("completed");
    expect(signals[0]?.aborted).toBe(true);
  });

  test("before everything recorded was asked for blocks the run instead", async () => {
    const engine = new PlayedEngine([make(async () => "done")]);
    await engine.assign({ journal: [entry({ seq: 0, kind: "event", name: "e" })] });
    const ops = engine.ops();
    expect(ops).toMatchObject([{ op: "blocked", reason: "non_determinism" }]);
    expect(engine.worker.size).toBe(0);
  });
});

describe("a workflow that throws", () => {
  const thrown: readonly (readonly [string, Error, string, string])[] = [
    ["CancelledError", new CancelledError("not wanted"), "cancelled", "cancelled_by_workflow"],
    ["anything else", new Error("broken"), "failed", "error"],
  ];
  test.each(thrown)("%s ends its run that way", async (_what, error, status, reason) => {
    const engine = new PlayedEngine([
      make(async () => {
        throw error;
      }),
    ]);
    await engine.assign();
    const finish = await finishOf(engine);
    expect(finish).toMatchObject({ status, reason });
    expect(errorOf(finish)).toMatchObject({ name: error.name, message: error.message });
  });
});

describe("a cancellation", () => {
  test("lets the workflow clean up, but no longer than cancelGraceMs", async () => {
    const cleaning = Promise.withResolvers<void>();
    const notes: string[] = [];
    const flow = make(async (ctx) => {
      try {
        await ctx.waitFor("go");
      } finally {
        notes.push(ctx.signal.aborted ? "aborted" : "not aborted");
        await cleaning.promise;
        notes.push("cleaned");
      }
    });
    const patient = new PlayedEngine([flow], { limit: { cancelGraceMs: 1_000 } });
    await patient.assign();
    await patient.events({ event: "cancel", ...notice });
    await patient.clock.pass(999);
    expect(patient.said()).toEqual(["event go", "idle"]);
    await patient.clock.pass(1);
    expect(await finishOf(patient)).toMatchObject({ status: "cancelled", reason: "cancelled_by_user" });
    expect(notes).toEqual(["aborted"]);

    const quick = new PlayedEngine([flow], { limit: { cancelGraceMs: 1_000 } });
    await quick.assign();
    await quick.events({ event: "cancel", ...notice });
    cleaning.resolve();
    await quick.clock.pass(1);
    expect(errorOf(await finishOf(quick))).toMatchObject({ name: "CancelledError", message: "stop" });
    expect(notes).toContain("cleaned");
  });

  test("waits for steps that are running, and discards what they bring", async () => {
    const gate = Promise.withResolvers<string>();
    const engine = new PlayedEngine([make(async (ctx) => ctx.step("step", () => gate.promise))]);
    await engine.assign();
    await engine.events({ event: "cancel", ...notice });
    await engine.clock.pass(100);
    expect(engine.said()).not.toContain("finish");
    gate.resolve("late");
    await engine.clock.rest();
    expect(engine.said()).toEqual(["finish"]);
  });

  test("comes once: a second one changes nothing", async () => {
    const engine = new PlayedEngine([make(async (ctx) => ctx.waitFor("go"))]);
    await engine.assign();
    await engine.events({ event: "cancel", ...notice });
    await engine.events({ event: "cancel", status: "timedout", reason: "run_timeout", message: "late" });
    await engine.clock.pass(10_000);
    expect((await engine.acknowledge()).filter((op) => op.op === "finish")).toMatchObject([{ status: "cancelled" }]);
  });

  test("that comes with the assignment is carried out when the journal is replayed", async () => {
    const seen: string[] = [];
    const engine = new PlayedEngine([
      make(async (ctx) => {
        seen.push(await ctx.step("done before", () => "executed"));
        await ctx.waitFor("go").catch((error: unknown) => seen.push((error as Error).name));
      }),
    ]);
    const { value } = { value: new Uint8Array([0xa8, ...new TextEncoder().encode("recorded")]) };
    await engine.assign({
      cancel: notice,
      journal: [entry({ seq: 0, kind: "step", name: "done before", ord: 1, value })],
    });
    expect(await finishOf(engine)).toMatchObject({ status: "cancelled" });
    expect(seen).toEqual(["recorded", "CancelledError"]);
  });

  test("that comes while undoing changes nothing", async () => {
    const gate = Promise.withResolvers<void>();
    const engine = new PlayedEngine([
      make(async (ctx) => {
        await ctx.step("a", () => 1, { undo: () => gate.promise });
        throw new Error("own");
      }),
    ]);
    await engine.assign();
    await engine.acknowledge();
    await engine.events({ event: "cancel", ...notice });
    gate.resolve();
    await engine.clock.rest();
    expect(await finishOf(engine)).toMatchObject({ status: "failed" });
  });

  test("is a CancelledError or a TimeoutError to user code", () => {
    expect(cancelError(notice)).toMatchObject({ name: "CancelledError", code: "cancelled", message: "stop" });
    expect(cancelError({ ...notice, status: "timedout" })).toMatchObject({ name: "TimeoutError", code: "timeout" });
  });
});

describe("a replay check", () => {
  const flow = make(async (ctx) => {
    await ctx.step("a", () => 1);
    await ctx.step("b", () => expect.unreachable("a check executes nothing"));
  });

  test("answers that the code follows, executes nothing and forgets the run", async () => {
    const engine = new PlayedEngine([flow]);
    await engine.assign({ check: true, journal: [entry({ seq: 0, kind: "step", name: "a", ord: 1 })] });
    expect(engine.messages).toEqual([{ type: "checked", run: "r", epoch: 1, error: undefined }]);
    expect(engine.worker.size).toBe(0);
  });

  test("answers with the difference", async () => {
    const engine = new PlayedEngine([flow]);
    await engine.assign({ check: true, journal: [entry({ seq: 0, kind: "step", name: "x", ord: 1 })] });
    const [message] = engine.messages;
    if (message?.type !== "checked") expect.unreachable();
    expect(decodeErrorValue(message.error ?? new Uint8Array(0))).toMatchObject({
      code: "non_determinism",
      details: { step: 0, recorded: 'step "x"', asked: 'step "a"' },
    });
    expect(engine.messages).toHaveLength(1);
  });

  test("of a run whose recorded failure ends it passes", async () => {
    const failing = make(async (ctx) => ctx.step("a", () => 1));
    const engine = new PlayedEngine([failing]);
    const error = encodeError(new Error("no"));
    await engine.assign({
      check: true,
      journal: [entry({ seq: 0, kind: "step", name: "a", ord: 1, status: "failed", error })],
    });
    expect(engine.messages).toEqual([{ type: "checked", run: "r", epoch: 1, error: undefined }]);
  });
});
