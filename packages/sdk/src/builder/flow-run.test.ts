// A flow is executed as its calls say, in the real engine: outputs, order, branches, what stands in for failures.
import { describe, expect, test } from "bun:test";
import { testEngine } from "sluice/testing";
import type { TestEngine } from "sluice/testing";
import { NonRetryableError } from "../errors.ts";
import { FlowWorkflow } from "./flow-workflow.ts";
import type { FlowHost } from "./host.ts";
import type { CronflowContext, DefineOptions } from "./types.ts";

const shared = new Map<string, unknown>();
const host: FlowHost = {
  state: (scope) => ({
    get: async (key, fallback): Promise<unknown> => shared.get(`${scope} ${key}`) ?? fallback,
    set: async (key, value) => void shared.set(`${scope} ${key}`, value),
    incr: () => Promise.reject(new Error("nothing is added up in this test")),
    delete: async (key) => shared.delete(`${scope} ${key}`),
  }),
  secret: () => Promise.reject(new Error("no secrets in this test")),
  mock: () => undefined,
};

function define(options: Partial<DefineOptions> = {}): FlowWorkflow {
  return new FlowWorkflow({ definition: { id: "flow", ...options }, host, now: () => new Date(0) });
}

async function playing<T>(flows: readonly FlowWorkflow[], play: (engine: TestEngine) => Promise<T>): Promise<T> {
  const engine = await testEngine({ workflows: flows });
  try {
    return await play(engine);
  } finally {
    await engine.close();
  }
}

/** Runs a flow to its end. */
function outputOf(flow: FlowWorkflow, payload?: unknown): Promise<unknown> {
  return playing([flow], async (engine) => (await engine.start(flow, payload)).result());
}

/** Names of the journal's entries. */
function namesOf(flow: FlowWorkflow, payload?: unknown): Promise<string[]> {
  return playing([flow], async (engine) => {
    const run = await engine.start(flow, payload);
    await run.result().catch(() => undefined);
    return (await run.steps()).map(({ name }) => name);
  });
}

const notDurable = (c: CronflowContext): unknown => c.last;

describe("steps", () => {
  test("see the payload, what came before, and the outputs by name; the last output is the run's", async () => {
    const flow = define()
      .step("double", (c) => ({ value: c.payload.value * 2 }))
      .step("add", (c) => c.last.value + c.steps["double"]?.output.value + 1);
    expect(await outputOf(flow, { value: 5 })).toBe(21);
  });

  test.each([[0], [false], [""], [null], [undefined]])("hand on %p, and take it as a payload", async (value) => {
    const flow = define().step("give", (c) => [c.payload, value]);
    expect(await outputOf(flow, value)).toEqual([value, value]);
  });

  test("get copies: what one of them changes stays its own, as after a replay", async () => {
    const flow = define()
      .step("make", () => ({ list: [1] }))
      .step("change", (c) => {
        c.last.list.push(2);
        c.payload.changed = true;
        return c.last.list.length;
      })
      .step("look", (c) => [c.steps["make"]?.output.list.length, c.payload.changed === undefined, c.last]);
    expect(await outputOf(flow, {})).toEqual([1, true, 2]);
  });

  test("take a title and a description, and are journaled under their id", async () => {
    const flow = define().step({ id: "pay", title: "Pay", description: "Takes the money" }, () => 1);
    expect(await namesOf(flow)).toEqual(["pay"]);
    expect(flow.getStep("pay")).toMatchObject({ title: "Pay", description: "Takes the money" });
  });

  test("are tried again as their policy says, and tell about it", async () => {
    const told: unknown[] = [];
    let tries = 0;
    const flow = define()
      .step("flaky", () => {
        if (++tries < 3) throw new Error(`try ${tries}`);
        return "done";
      })
      .retry({
        attempts: 5,
        backoff: { strategy: "linear", delay: "2s" },
        onRetry: (error, attempt, nextMs) => told.push([error.message, attempt, nextMs]),
      });
    const output = await playing([flow], async (engine) => {
      const run = await engine.start(flow);
      await engine.advance("10s");
      return run.result();
    });
    expect(output).toBe("done");
    expect(told).toEqual([
      ["try 1", 1, 2000],
      ["try 2", 2, 4000],
    ]);
  });

  test.each([
    ["errors that are not meant", { retryOn: { errors: ["timeout"] } }, 1],
    ["errors that are meant", { retryOn: { errors: ["broken"] } }, 3],
    ["conditions before errors", { retryOn: { conditions: () => false, errors: ["broken"] } }, 1],
    ["status codes", { retryOn: { statusCodes: [503] } }, 3],
    ["other status codes", { retryOn: { statusCodes: [500] } }, 1],
    ["errors before status codes", { retryOn: { errors: ["timeout"], statusCodes: [503] } }, 1],
  ])("are tried again on %s or not", async (_what, retry, tries) => {
    let made = 0;
    const flow = define()
      .step("flaky", () => {
        made++;
        throw Object.assign(new Error("broken"), { status: 503 });
      })
      .retry({ backoff: { delay: 1 }, ...retry });
    await playing([flow], async (engine) => {
      const run = await engine.start(flow);
      await engine.advance("10s");
      expect(run.result()).rejects.toThrow("broken");
    });
    expect(made).toBe(tries);
  });

  test("that take too long fail with a time limit", async () => {
    const flow = define()
      .step("slow", () => new Promise(() => undefined))
      .timeout("5s");
    await playing([flow], async (engine) => {
      const run = await engine.start(flow);
      await engine.advance("6s");
      expect(run.result()).rejects.toThrow("took longer than 5000 ms");
    });
  });

  test("wait before they begin, through the journal", async () => {
    const flow = define()
      .step("late", (c) => c.attempt)
      .delay("1h");
    await playing([flow], async (engine) => {
      const run = await engine.start(flow);
      await engine.advance("59m");
      expect(await run.get()).toMatchObject({ status: "waiting", statusReason: "sleeping" });
      await engine.advance("2m");
      expect(await run.result()).toBe(1);
    });
  });

  test("that fail have something stand in for their output", async () => {
    const flow = define()
      .step("broken", () => {
        throw new NonRetryableError("no luck");
      })
      .onError((c) => ({ stood: c.error?.message }))
      .step("after", notDurable);
    expect(await outputOf(flow)).toEqual({ stood: "no luck" });
  });

  test("that fail without, fail the run with their error", async () => {
    const flow = define()
      .step("broken", () => {
        throw new RangeError("out of it");
      })
      .step("never", () => 1);
    const failed = outputOf(flow);
    expect(failed).rejects.toThrow(RangeError);
    expect(failed).rejects.toThrow("out of it");
  });

  test("remember their output under a key, for other runs too, until it is too old", async () => {
    let made = 0;
    const flow = define()
      .step("price", () => ++made)
      .cache({ key: (c) => `price-${c.payload}`, ttl: "1h" });
    await playing([flow], async (engine) => {
      const price = async (of: string): Promise<unknown> => (await engine.start(flow, of)).result();
      expect([await price("tea"), await price("tea"), await price("milk")]).toEqual([1, 1, 2]);
      await engine.advance("2h");
      expect(await price("tea")).toBe(3);
    });
  });
});

describe("actions", () => {
  test("run beside the flow, are durable, and their output is ignored", async () => {
    const done: string[] = [];
    const gate = Promise.withResolvers<void>();
    const flow = define()
      .step("first", () => "first")
      .action("beside", async (c) => {
        await gate.promise;
        done.push(`beside ${c.last}`);
        return "ignored";
      })
      .step("second", (c) => {
        done.push("second");
        gate.resolve();
        return `second after ${c.last}`;
      });
    await playing([flow], async (engine) => {
      const run = await engine.start(flow);
      expect(await run.result()).toBe("second after first");
      expect(done).toEqual(["second", "beside first"]);
      const steps = await run.steps();
      expect(steps.find(({ name }) => name === "beside")).toMatchObject({ status: "completed", output: "ignored" });
    });
  });

  test("that fail do not fail the run", async () => {
    const flow = define()
      .action("broken", () => {
        throw new Error("nobody minds");
      })
      .step("go on", () => 7);
    expect(await outputOf(flow)).toBe(7);
  });
});

describe("cancelling", () => {
  test("ends the run as cancelled, from the flow", async () => {
    const flow = define()
      .step("first", () => 1)
      .cancel("not wanted")
      .step("never", () => 2);
    await playing([flow], async (engine) => {
      const run = await engine.start(flow);
      expect(run.result()).rejects.toThrow("not wanted");
      await engine.settle();
      expect(await run.get()).toMatchObject({ status: "cancelled", statusReason: "cancelled_by_workflow" });
    });
  });

  test.each([
    ["text", "ignored type"],
    ["an object", { reason: "ignored type" }],
  ])("ends the run as cancelled, from a step, with %s", async (_what, reason) => {
    const flow = define()
      .step("look", (c) => c.cancel(reason))
      .step("never", () => 2);
    await playing([flow], async (engine) => {
      const run = await engine.start(flow);
      expect(run.result()).rejects.toThrow("ignored type");
      await engine.settle();
      expect((await run.get()).status).toBe("cancelled");
      expect((await run.steps()).map(({ name }) => name)).toEqual(["look"]);
    });
  });
});

describe("hooks", () => {
  test("are told of each step and of the end, with results", async () => {
    const told: unknown[] = [];
    const flow = define({
      hooks: {
        onStart: () => told.push("start"),
        onSuccess: (c, step) => told.push([step ?? "run", c.step_result, c.step_status, c.last]),
        onComplete: () => told.push("complete"),
      },
    })
      .step("one", () => 1)
      .step("two", () => 2);
    await outputOf(flow);
    expect(told).toEqual([
      "start",
      ["one", 1, "completed", 1],
      ["two", 2, "completed", 2],
      ["run", 2, "completed", 2],
      "complete",
    ]);
  });

  test("are told of failures, once for the step and once for the run, and theirs are only logged", async () => {
    const told: unknown[] = [];
    const flow = define({
      hooks: {
        onFailure: (c, step) => {
          told.push([step ?? "run", c.error?.message, c.step_error]);
          throw new Error("the hook is broken");
        },
      },
    }).step("broken", () => {
      throw new Error("bad");
    });
    expect(outputOf(flow)).rejects.toThrow("bad");
    await outputOf(flow).catch(() => undefined);
    expect(told.slice(-2)).toEqual([
      ["broken", "bad", "bad"],
      ["run", "bad", "bad"],
    ]);
  });

  test("of failures are called when the time of a run is up", async () => {
    const told: unknown[] = [];
    const flow = define({ timeout: "10m", hooks: { onFailure: (c) => told.push(c.error?.name) } }).sleep("1h");
    await playing([flow], async (engine) => {
      const run = await engine.start(flow);
      await engine.advance("11m");
      expect(await run.get()).toMatchObject({ status: "failed", error: { message: "The run took longer than 10m." } });
    });
    expect(told).toEqual(["TimeoutError"]);
  });
});

describe("the log", () => {
  test("gets text and what is made of the context, with its level", async () => {
    const flow = define()
      .step("one", () => 41)
      .log((c) => `it is ${c.last + 1}`, "warn")
      .step("two", notDurable);
    expect(await outputOf(flow)).toBe(41);
  });
});

test("the limit of a run is half an hour, and none where it waits", () => {
  expect(define().step("a", () => 1).timeoutMs).toBe(1_800_000);
  expect(define().humanInTheLoop({ timeout: "3d" }).timeoutMs).toBeUndefined();
  expect(define({ timeout: "5m" }).waitForEvent("x").timeoutMs).toBe(300_000);
});

describe("an operator's retry", () => {
  const nothing = (): void => undefined;
  test.each([
    ["without hooks", {}],
    ["with hooks for failures", { onFailure: nothing, onComplete: nothing }],
    ["with hooks for everything", { onStart: nothing, onSuccess: nothing, onFailure: nothing }],
  ])("of a failed run goes on from the step that failed, %s", async (_what, hooks) => {
    const fails = { value: true };
    let first = 0;
    const flow = define({ hooks })
      .step("first", () => ++first)
      .action("beside", () => "done")
      .step("flaky", () => {
        if (fails.value) throw new Error("not yet");
        return "worked";
      })
      .step("last", (c) => [c.last, first]);
    await playing([flow], async (engine) => {
      const run = await engine.start(flow);
      await engine.settle();
      expect((await run.get()).status).toBe("failed");
      fails.value = false;
      await run.retry();
      await engine.settle();
      expect(await run.get()).toMatchObject({ status: "completed", output: ["worked", 1] });
    });
  });
});

test("limits of a definition are handed to the engine in its words", () => {
  const limited = define({ concurrency: 3, rateLimit: { count: 10, per: "1m" }, queue: "mail" }).step("a", () => 1);
  expect(limited.options).toMatchObject({
    concurrency: 3,
    throttle: { count: 10, per: "1m", burst: 10 },
    queue: "mail",
  });
  const free = define({ concurrency: Number.POSITIVE_INFINITY, queue: "default" }).step("a", () => 1);
  expect(Object.keys(free.options).filter((key) => ["concurrency", "throttle", "queue"].includes(key))).toEqual([]);
});
