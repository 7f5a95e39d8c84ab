// A step from its call to its settlement, as the engine hears of it.
import { describe, expect, test } from "bun:test";
import { decodeErrorValue, decodeValue, encodeError } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import type { StepContext, StepOptions } from "@sluice/sdk";
import { entry, microtasks, PlayedEngine } from "./played-engine.suite.ts";
import { planOf } from "./step-plan.ts";

type Body = (step: StepContext) => unknown;

function stepping(body: Body, options: StepOptions<unknown> = {}) {
  return workflow({ name: "flow" }, async (ctx) => {
    const result = await ctx.step("step", body, options);
    await ctx.waitFor("end");
    return result;
  });
}

const never = () => new Promise(() => undefined);

describe("a step without undo", () => {
  test("is said to be done, once, with its result; it goes on when that is settled", async () => {
    const engine = new PlayedEngine([stepping(() => ({ answer: 42 }))]);
    await engine.assign();
    const ops = engine.ops();
    expect(ops).toMatchObject([
      { op: "done", kind: "step", seq: 0, name: "step", n: 0, attempt: 1, at: 1_000, end: 1_000 },
    ]);
    const [op] = ops;
    expect(op?.op === "done" && decodeValue(op.value ?? new Uint8Array(0))).toEqual({ answer: 42 });
    await engine.clock.pass(5);
    expect(engine.ops()).toEqual([]);
    await engine.settle(0);
    expect(engine.said()).toEqual(["event end", "idle"]);
  });

  test("is announced only after announceAfterMs, and only when it is asynchronous", async () => {
    const engine = new PlayedEngine([stepping(never)], { limit: { announceAfterMs: 50 } });
    await engine.assign();
    await engine.clock.pass(49);
    expect(engine.ops()).toEqual([]);
    await engine.clock.pass(1);
    expect(engine.ops()).toEqual([{ op: "started", seq: 0, name: "step", n: 0, at: 1_000, attempt: 1, undo: false }]);
  });

  test("whose function throws at once, rejects, or returns something thenable ends alike", async () => {
    const bodies: readonly Body[] = [
      () => {
        throw new TypeError("no");
      },
      () => Promise.reject(new TypeError("no")),
      // eslint-disable-next-line unicorn/no-thenable -- a thenable is what is tested
      () => ({ then: (_resolve: unknown, reject: (error: Error) => void) => reject(new TypeError("no")) }),
    ];
    for (const body of bodies) {
      const engine = new PlayedEngine([stepping(body)]);
      await engine.assign();
      const [op] = engine.ops();
      if (op?.op !== "done") expect.unreachable();
      expect(decodeErrorValue(op.error ?? new Uint8Array(0))).toMatchObject({ name: "TypeError", message: "no" });
    }
  });

  test("leaves evidence while it executes", async () => {
    const evidence: string[] = [];
    const gate = Promise.withResolvers<void>();
    const engine = new PlayedEngine([stepping(() => gate.promise)], {
      onStep: {
        begin: (run, step) => evidence.push(`begin ${step} of ${run}`),
        end: (slot) => evidence.push(`end ${slot}`),
      },
    });
    await engine.assign();
    expect(evidence).toEqual(["begin step of r"]);
    gate.resolve();
    await engine.clock.rest();
    expect(evidence).toEqual(["begin step of r", "end 1"]);
  });
});

describe("a step with an undo", () => {
  test("begins when its start is durable, not before", async () => {
    let executed = 0;
    const engine = new PlayedEngine([stepping(() => ++executed, { undo: () => undefined })]);
    await engine.assign();
    expect(engine.ops()).toEqual([{ op: "started", seq: 0, name: "step", n: 0, at: 1_000, attempt: 1, undo: true }]);
    await engine.clock.pass(100);
    expect(executed).toBe(0);
    await engine.events({ event: "started", seq: 0 });
    expect(executed).toBe(1);
    expect(engine.ops()).toMatchObject([{ op: "done", undo: true }]);
    await engine.events({ event: "started", seq: 0 });
    expect(executed).toBe(1);
  });

  test("does not begin when a cancellation comes before its start is durable", async () => {
    let executed = 0;
    const engine = new PlayedEngine([stepping(() => ++executed, { undo: () => undefined })]);
    await engine.assign();
    await engine.events({ event: "cancel", status: "cancelled", reason: "cancelled_by_user", message: "stop" });
    await engine.events({ event: "started", seq: 0 });
    await engine.clock.pass(60_000);
    expect(executed).toBe(0);
  });
});

describe("attempts", () => {
  const flaky = (attempts: number[], options: StepOptions<unknown> = {}) =>
    stepping(
      ({ attempt }) => {
        attempts.push(attempt);
        throw new Error(`no ${attempt}`);
      },
      { retry: { attempts: 3, backoff: "fixed", delay: "10s" }, ...options },
    );

  test("that fail are said with the pause, and the next begins when the engine says so", async () => {
    const attempts: number[] = [];
    const engine = new PlayedEngine([flaky(attempts)]);
    await engine.assign();
    expect(engine.ops()).toMatchObject([
      { op: "retry", kind: "step", seq: 0, attempt: 1, delay: 10_000, undo: false },
      { op: "idle", reason: "waiting_for_retry" },
    ]);
    await engine.clock.pass(9_000);
    expect(attempts).toEqual([1]);
    await engine.events({ event: "wake", seq: 0 });
    expect(attempts).toEqual([1, 2]);
    engine.ops();
    await engine.events({ event: "wake", seq: 0 });
    expect(engine.ops()).toMatchObject([{ op: "done", attempt: 3 }]);
    expect(attempts).toEqual([1, 2, 3]);
  });

  test("go on in another incarnation where they were: not before the next is due, with the right number", async () => {
    const attempts: number[] = [];
    const engine = new PlayedEngine([flaky(attempts)]);
    const failed = { attempt: 1, error: encodeError(new Error("no 1")), due: 5_000 };
    await engine.assign({ journal: [entry({ seq: 0, kind: "step", name: "step", ...failed })] });
    expect(attempts).toEqual([]);
    expect(engine.ops()).toMatchObject([{ op: "idle", reason: "waiting_for_retry" }]);
    await engine.events({ event: "wake", seq: 0 });
    expect(attempts).toEqual([2]);
  });

  test("whose time has come begin as soon as the journal is replayed, and one that was cut off begins anew", async () => {
    for (const [due, error, first] of [
      [1_000, encodeError(new Error("no")), 2],
      [undefined, encodeError(new Error("no")), 2],
      [undefined, undefined, 1],
    ] as const) {
      const attempts: number[] = [];
      const engine = new PlayedEngine([flaky(attempts)]);
      const open = { attempt: 1, ...(due === undefined ? {} : { due }), ...(error === undefined ? {} : { error }) };
      await engine.assign({ journal: [entry({ seq: 0, kind: "step", name: "step", ...open })] });
      expect(attempts).toEqual([first]);
    }
  });

  test("a wake that comes before the call is made is not lost", async () => {
    const attempts: number[] = [];
    const gate = Promise.withResolvers<void>();
    const flow = workflow({ name: "flow" }, async (ctx) => {
      await gate.promise;
      await ctx.step("step", ({ attempt }) => attempts.push(attempt), { retry: { attempts: 3 } });
    });
    const engine = new PlayedEngine([flow]);
    const failed = { attempt: 1, error: encodeError(new Error("no")), due: 9_000_000 };
    await engine.assign({ journal: [entry({ seq: 0, kind: "step", name: "step", ...failed })] });
    await engine.events({ event: "wake", seq: 0 });
    gate.resolve();
    await engine.clock.rest();
    expect(attempts).toEqual([2]);
  });
});

describe("a time limit", () => {
  test("fires the signal only for those who asked for it, and clears its timer", async () => {
    const seen: unknown[] = [];
    const body: Body = ({ signal }) => {
      signal.addEventListener("abort", () => seen.push(signal.reason));
      return never();
    };
    const engine = new PlayedEngine([stepping(body, { timeout: 100 })]);
    await engine.assign();
    await engine.clock.pass(100);
    expect(seen).toMatchObject([{ name: "TimeoutError" }]);
    expect(engine.said()).toEqual(["started step", "done step"]);
    const quick = new PlayedEngine([stepping(() => Promise.resolve(1), { timeout: 100 })]);
    await quick.assign();
    expect(quick.said()).toEqual(["done step"]);
    await quick.clock.pass(200);
    expect(quick.ops()).toEqual([]);
  });
});

describe("the idempotency key", () => {
  test("names run and place, and is new once the step's effects have been undone", async () => {
    const keys: string[] = [];
    const flow = stepping(({ idempotencyKey }) => keys.push(idempotencyKey));
    for (const generation of [0, 0, 1, 2]) await new PlayedEngine([flow]).assign({ generation });
    await new PlayedEngine([flow]).assign({ run: "other" });
    expect(keys).toEqual(["r:0", "r:0", "r:0:1", "r:0:2", "other:0"]);
  });
});

describe("planOf", () => {
  test("takes the step's policy before the workflow's, and none for one attempt", () => {
    expect(planOf(undefined, undefined, undefined)).toMatchObject({ retry: { attemptsMax: 1 }, timeoutMs: undefined });
    expect(planOf(undefined, { attempts: 4 }, "2s")).toMatchObject({ retry: { attemptsMax: 4 }, timeoutMs: 2_000 });
    expect(planOf({ attempts: 2 }, { attempts: 4 }, undefined).retry.attemptsMax).toBe(2);
    expect(planOf(false, { attempts: 4 }, undefined).retry.attemptsMax).toBe(1);
    const when = () => true;
    expect(planOf({ when }, undefined, undefined).when).toBe(when);
  });
});

test("a result is lost with its incarnation: nothing is said after a drop", async () => {
  const gate = Promise.withResolvers<string>();
  const signals: AbortSignal[] = [];
  const body: Body = ({ signal }) => {
    signals.push(signal);
    return gate.promise;
  };
  const engine = new PlayedEngine([stepping(body)]);
  await engine.assign();
  await engine.events({ event: "drop" });
  expect(signals[0]?.aborted).toBe(true);
  gate.resolve("late");
  await microtasks();
  await engine.clock.pass(60_000);
  expect(engine.ops()).toEqual([]);
  expect(engine.worker.size).toBe(0);
});

describe("what throws when it is looked at ends the attempt", () => {
  const no = (): never => {
    throw new Error("no");
  };
  const hostile = new Proxy({}, { get: no, ownKeys: no, getPrototypeOf: no });
  const silent = Object.defineProperty(new Error("own"), "message", { get: no });
  // eslint-disable-next-line unicorn/no-thenable -- that is the point
  const thenable = Object.defineProperty({}, "then", { get: no });
  const thrower = (thrown: unknown) => (): never => {
    throw thrown;
  };
  test.each<[string, Body]>([
    ["a proxy", thrower(hostile)],
    ["an error without a readable message", thrower(silent)],
    [
      "a rejection",
      async () => {
        await Promise.resolve();
        thrower(hostile)();
      },
    ],
    ["a result that cannot be asked whether it is a promise", () => thenable],
    // eslint-disable-next-line unicorn/no-thenable -- that is the point
    ["a promise that cannot be waited for", () => ({ then: no })],
  ])("%s", async (_what, body) => {
    const engine = new PlayedEngine([stepping(body, { retry: false })]);
    await engine.assign();
    await microtasks();
    const [op] = engine.ops();
    expect(op).toMatchObject({ op: "done", error: expect.any(Uint8Array) });
  });

  test("and so does it end the run", async () => {
    const engine = new PlayedEngine([workflow({ name: "flow" }, thrower(hostile))]);
    await engine.assign();
    await microtasks();
    expect(engine.ops()).toMatchObject([{ op: "finish", status: "failed" }]);
  });
});

describe("a step whose result is shared", () => {
  const cached = (executed: string[]) =>
    stepping(() => executed.push("made"), { cache: { key: "k", ttl: "1h", singleFlight: true } });

  test("asks once at a time: word that comes before the answer makes it ask again only if it has to wait", async () => {
    const executed: string[] = [];
    const engine = new PlayedEngine([cached(executed)]);
    await engine.assign();
    expect(engine.said()).toEqual(["cache step"]);
    await engine.events({ event: "wake", seq: 0 });
    expect(engine.said()).toEqual([]);
    await engine.events({ event: "queued", seq: 0 });
    expect(engine.said()).toEqual(["cache step"]);
    await engine.events({ event: "wake", seq: 0 });
    await engine.events({ event: "started", seq: 0 });
    expect(engine.said()).toEqual(["done step"]);
    expect(executed).toEqual(["made"]);
  });
});
