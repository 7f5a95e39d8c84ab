// Attempts of a step: how often, how far apart, how long each may take, and what becomes of a result that comes too late.
import { describe, expect, test } from "bun:test";
import { workflow, NonRetryableError, RetryAfterError } from "@sluice/sdk";
import type { StepContext, StepOptions, WorkflowOptions } from "@sluice/sdk";
import { MemoryRunStore } from "../store/memory/index.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { EngineFixture, pass, rest } from "./engine-fixture.suite.ts";
import type { Ended } from "./engine-fixture.suite.ts";

const startMs = 1_000_000;

interface Tried {
  readonly end: Ended;
  /** When each attempt began, in milliseconds after the first. */
  readonly at: readonly number[];
  readonly steps: readonly StepContext[];
}

type Options = StepOptions<never>;

/** Runs one step to its end, moving time on whenever nothing else happens. `fail` returns the error of an attempt. */
async function tried(
  options: Options,
  fail: (attempt: number) => Error | undefined = () => new Error("always"),
  { defaults, id }: { readonly defaults?: WorkflowOptions["retry"]; readonly id?: string } = {},
): Promise<Tried> {
  const clock = new SimulatedClock(startMs);
  const [at, steps]: [number[], StepContext[]] = [[], []];
  const flow = workflow({ name: "flow", ...(defaults === undefined ? {} : { retry: defaults }) }, async (ctx) =>
    ctx.step(
      "step",
      (step) => {
        at.push(clock.now());
        steps.push(step);
        const error = fail(step.attempt);
        if (error !== undefined) throw error;
        return step.attempt;
      },
      options as StepOptions<number>,
    ),
  );
  // Never parked, so that the only timers there are belong to attempts.
  const f = await EngineFixture.start({
    workflows: [flow],
    clock,
    workerLimits: { parkAfterMs: 10 ** 12 },
    limits: { sweepIntervalMs: 10 ** 12 },
  });
  const end = f.ended(await f.run(flow, undefined, id === undefined ? {} : { id }));
  do await pass(clock, 0);
  while (f.engine.hotRuns > 0 && clock.advanceToNext());
  const [first = 0] = at;
  return { end: await end, at: at.map((time) => time - first), steps };
}

describe("retry", () => {
  test("a step without a policy is tried once", async () => {
    const { end, at } = await tried({});
    expect(at).toHaveLength(1);
    expect(end).toMatchObject({ status: "failed", error: { message: "always" } });
  });

  test("attempts: counts the first one", async () => {
    expect((await tried({ retry: { attempts: 4, delay: 0 } })).at).toHaveLength(4);
    expect((await tried({ retry: { attempts: 1 } })).at).toHaveLength(1);
    const third = await tried({ retry: { attempts: 9 } }, (attempt) =>
      attempt < 3 ? new Error("not yet") : undefined,
    );
    expect(third.end).toMatchObject({ status: "completed", output: 3 });
    expect(third.steps.map((step) => step.attempt)).toEqual([1, 2, 3]);
  });

  test("the idempotency key is the same for all attempts of a step, and for no other step", async () => {
    const { steps } = await tried({ retry: { attempts: 3, delay: 1 } });
    const keys = new Set(steps.map((step) => step.idempotencyKey));
    expect(keys.size).toBe(1);
    expect(new Set([...keys, ...(await tried({})).steps.map((step) => step.idempotencyKey)]).size).toBe(2);
  });

  test("fixed backoff", async () => {
    const { at } = await tried({ retry: { attempts: 4, backoff: "fixed", delay: "2s" } });
    expect(at).toEqual([0, 2_000, 4_000, 6_000]);
  });

  test("linear backoff", async () => {
    const { at } = await tried({ retry: { attempts: 4, backoff: "linear", delay: "2s" } });
    expect(at).toEqual([0, 2_000, 6_000, 12_000]);
  });

  test("exponential backoff, which is the default, with a factor", async () => {
    expect((await tried({ retry: { attempts: 4, delay: "1s" } })).at).toEqual([0, 1_000, 3_000, 7_000]);
    const { at } = await tried({ retry: { attempts: 4, backoff: "exponential", delay: "1s", factor: 3 } });
    expect(at).toEqual([0, 1_000, 4_000, 13_000]);
  });

  test("maximum delay", async () => {
    const { at } = await tried({ retry: { attempts: 6, delay: "1s", maxDelay: "3s" } });
    expect(at).toEqual([0, 1_000, 3_000, 6_000, 9_000, 12_000]);
  });

  test("jitter shortens delays, never below its share", async () => {
    const { at } = await tried({ retry: { attempts: 21, backoff: "fixed", delay: "1000s", jitter: 0.5 } });
    const gaps = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    expect(gaps).toHaveLength(20);
    for (const gap of gaps) {
      expect(gap).toBeGreaterThanOrEqual(500_000);
      expect(gap).toBeLessThanOrEqual(1_000_000);
    }
    expect(new Set(gaps).size).toBeGreaterThan(1);
  });

  test("jitter is decided by the run, so that the same seed of ids gives the same delays, and two runs have others", async () => {
    const retry = { attempts: 6, backoff: "fixed", delay: "1000s", jitter: 1 } as const;
    const [first, again, other] = [
      (await tried({ retry }, undefined, { id: "a" })).at,
      (await tried({ retry }, undefined, { id: "a" })).at,
      (await tried({ retry }, undefined, { id: "b" })).at,
    ];
    expect(first).toHaveLength(6);
    expect(again).toEqual(first);
    expect(other.filter((time) => first.includes(time))).toEqual([0]);
  });

  test("total time: no attempt starts later than that after the first", async () => {
    const { at, end } = await tried({ retry: { attempts: 99, backoff: "fixed", delay: "10s", totalTime: "35s" } });
    expect(at).toEqual([0, 10_000, 20_000, 30_000]);
    expect(end.status).toBe("failed");
  });

  test("total time counts from the first attempt, whatever came between: a restart does not begin anew", async () => {
    const clock = new SimulatedClock(startMs);
    const store = new MemoryRunStore();
    let attempts = 0;
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const body = (): never => {
        attempts++;
        throw new Error("always");
      };
      return ctx.step("step", body, {
        retry: { attempts: 99, backoff: "fixed", delay: "10s", totalTime: "35s" },
      });
    });
    let f = await EngineFixture.start({ workflows: [flow], store, clock });
    const run = await f.run(flow);
    for (let restart = 0; restart < 3; restart++) {
      await pass(clock, 0);
      f.crash();
      f = await EngineFixture.start({ workflows: [flow], store, clock });
      await pass(clock, 10_000);
    }
    await pass(clock, 60_000);
    expect((await f.ended(run)).status).toBe("failed");
    expect(attempts).toBe(4);
  });

  test("predicate: is asked with the error and the attempt, and ends the attempts", async () => {
    const asked: unknown[] = [];
    const when = (error: unknown, attempt: number): boolean => {
      asked.push([(error as Error).message, attempt]);
      return attempt < 2;
    };
    const { at, end } = await tried(
      { retry: { attempts: 9, delay: 0, when } },
      (attempt) => new Error(`no ${attempt}`),
    );
    expect(at).toHaveLength(2);
    expect(asked).toEqual([
      ["no 1", 1],
      ["no 2", 2],
    ]);
    expect(end.error?.message).toBe("no 2");
  });

  test("predicate: one that throws ends the attempts with the step's own error", async () => {
    const when = (): boolean => {
      throw new Error("broken predicate");
    };
    const { at, end } = await tried({ retry: { attempts: 9, when } });
    expect(at).toHaveLength(1);
    expect(end.error?.message).toBe("always");
  });

  test("RetryAfterError sets the delay and counts as an attempt", async () => {
    const { at, end } = await tried({ retry: { attempts: 3, backoff: "fixed", delay: "1s" } }, (attempt) =>
      attempt === 1 ? new RetryAfterError("1h") : new Error("always"),
    );
    expect(at).toEqual([0, 3_600_000, 3_601_000]);
    expect(end.status).toBe("failed");
    expect((await tried({ retry: { attempts: 2 } }, () => new RetryAfterError(7))).at).toEqual([0, 7]);
  });

  test("RetryAfterError does not outlast the total time, nor the attempts", async () => {
    const retry = { attempts: 5, totalTime: "30m" } as const;
    expect((await tried({ retry }, () => new RetryAfterError("1h"))).at).toEqual([0]);
    expect((await tried({ retry: false }, () => new RetryAfterError("1h"))).at).toEqual([0]);
  });

  test("NonRetryableError ends the attempts and comes back as what it was", async () => {
    const { at, end } = await tried(
      { retry: { attempts: 9 } },
      () => new NonRetryableError("declined", { code: "card_declined", cause: new TypeError("why") }),
    );
    expect(at).toHaveLength(1);
    expect(end.error).toMatchObject({
      name: "NonRetryableError",
      code: "card_declined",
      cause: { name: "TypeError", message: "why" },
    });
  });

  test("a workflow's policy is the default of its steps; a step may override it or switch it off", async () => {
    const defaults = { attempts: 3, backoff: "fixed", delay: "5s" } as const;
    expect((await tried({}, undefined, { defaults })).at).toEqual([0, 5_000, 10_000]);
    expect((await tried({ retry: { attempts: 2, delay: "1s" } }, undefined, { defaults })).at).toEqual([0, 1_000]);
    expect((await tried({ retry: false }, undefined, { defaults })).at).toEqual([0]);
  });

  test("options that make no sense fail the run with what is wrong", async () => {
    const { end } = await tried({ retry: { attempts: 0 } });
    expect(end).toMatchObject({ status: "failed", error: { code: "invalid_retry" } });
  });
});

describe("a step's time limit", () => {
  test("aborts the attempt's signal with a TimeoutError and is tried again", async () => {
    const clock = new SimulatedClock(startMs);
    const aborted: unknown[] = [];
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const hang = ({ signal, attempt }: StepContext) =>
        attempt === 3
          ? "made it"
          : new Promise<string>(() =>
              signal.addEventListener("abort", () => aborted.push((signal.reason as Error).name)),
            );
      const options = { timeout: "10s", retry: { attempts: 3, backoff: "fixed", delay: "1s" } } as const;
      return ctx.step("hang", hang, options);
    });
    const f = await EngineFixture.start({ workflows: [flow], clock });
    const run = await f.run(flow);
    await pass(clock, 9_999);
    expect(aborted).toEqual([]);
    await pass(clock, 1);
    expect(aborted).toEqual(["TimeoutError"]);
    await pass(clock, 1_000);
    await pass(clock, 10_000);
    await pass(clock, 1_000);
    expect((await f.ended(run)).output).toBe("made it");
    expect(aborted).toEqual(["TimeoutError", "TimeoutError"]);
  });

  test("ends the step with a TimeoutError that the workflow can catch", async () => {
    const clock = new SimulatedClock(startMs);
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const hang = () => new Promise<string>(() => undefined);
      return ctx.step("hang", hang, { timeout: 50 }).catch((error: unknown) => (error as Error).name);
    });
    const f = await EngineFixture.start({ workflows: [flow], clock });
    const run = await f.run(flow);
    await pass(clock, 50);
    expect((await f.ended(run)).output).toBe("TimeoutError");
  });

  test("discards a result that arrives after it, while the next attempt runs and later", async () => {
    const clock = new SimulatedClock(startMs);
    const gates = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const body = ({ attempt }: StepContext) => (gates[attempt - 1] ?? expect.unreachable()).promise;
      const value = await ctx.step("slow", body, {
        timeout: "10s",
        retry: { attempts: 2, backoff: "fixed", delay: "1s" },
      });
      await ctx.waitFor("end");
      return value;
    });
    const f = await EngineFixture.start({ workflows: [flow], clock });
    const run = await f.run(flow);
    await pass(clock, 10_000);
    await pass(clock, 1_000);
    gates[0]?.resolve("too late");
    await rest();
    expect(await f.journal(run)).toEqual(["0 step slow running"]);
    gates[1]?.resolve("in time");
    await f.until(run, "waiting", "waiting_for_event");
    await f.emit("end");
    expect((await f.ended(run)).output).toBe("in time");
  });

  test("discards a late failure just the same", async () => {
    const clock = new SimulatedClock(startMs);
    const gate = Promise.withResolvers<string>();
    const flow = workflow({ name: "flow" }, async (ctx) => {
      const caught = await ctx
        .step("slow", () => gate.promise, { timeout: 10 })
        .catch((error: unknown) => String(error));
      await ctx.waitFor("end");
      return caught;
    });
    const f = await EngineFixture.start({ workflows: [flow], clock });
    const run = await f.run(flow);
    await pass(clock, 10);
    gate.reject(new Error("late"));
    await rest();
    await f.emit("end");
    expect((await f.ended(run)).output).toContain("TimeoutError");
  });
});

describe("a run's time limit", () => {
  test("aborts ctx.signal and the signals of running steps, ends as timedout, and discards what comes later", async () => {
    const clock = new SimulatedClock(startMs);
    const gate = Promise.withResolvers<string>();
    const seen: unknown[] = [];
    const flow = workflow({ name: "flow", timeout: "1m" }, async (ctx) => {
      ctx.signal.addEventListener("abort", () => seen.push(`run: ${(ctx.signal.reason as Error).name}`));
      return ctx.step("slow", ({ signal }) => {
        signal.addEventListener("abort", () => {
          seen.push(`step: ${(signal.reason as Error).name}`);
          gate.resolve("too late");
        });
        return gate.promise;
      });
    });
    const f = await EngineFixture.start({ workflows: [flow], clock });
    const run = await f.run(flow);
    await pass(clock, 59_999);
    expect(seen).toEqual([]);
    await pass(clock, 1);
    expect(await f.ended(run)).toMatchObject({
      status: "timedout",
      reason: "run_timeout",
      output: undefined,
      error: { name: "TimeoutError", code: "timeout" },
    });
    expect(new Set(seen)).toEqual(new Set(["run: TimeoutError", "step: TimeoutError"]));
    expect(await f.journal(run)).toEqual([]);
  });

  test("covers waits, parked or not, and restarts", async () => {
    const clock = new SimulatedClock(startMs);
    const store = new MemoryRunStore();
    const flow = workflow({ name: "flow", timeout: "1h" }, async (ctx) => {
      for (;;) await ctx.sleep("25m");
    });
    const first = await EngineFixture.start({ workflows: [flow], store, clock });
    const run = await first.run(flow);
    await pass(clock, 30 * 60_000);
    first.crash();
    const second = await EngineFixture.start({ workflows: [flow], store, clock });
    await pass(clock, 30 * 60_000 - 1);
    expect((await store.getRun({ run }))?.status).not.toBe("timedout");
    await pass(clock, 1);
    expect((await second.ended(run)).status).toBe("timedout");
  });

  test("cannot be swallowed", async () => {
    const clock = new SimulatedClock(startMs);
    const flow = workflow({ name: "flow", timeout: 100 }, async (ctx) => ctx.waitFor("go").catch(() => "swallowed"));
    const f = await EngineFixture.start({ workflows: [flow], clock });
    const run = await f.run(flow);
    await pass(clock, 100);
    expect(await f.ended(run)).toMatchObject({ status: "timedout", output: undefined });
  });
});
