// Retries, breakers and single steps in memory, with time and chance decided by the test.
import { describe, expect, test } from "bun:test";
import { CircuitBreakerManager } from "./circuit-breaker-manager.ts";
import { CircuitBreaker } from "./circuit-breaker.ts";
import { RetryExecutor } from "./retry-executor.ts";
import { StepExecutor } from "./step-executor.ts";

const failing = (times: number, result: unknown = "done"): (() => unknown) => {
  let left = times;
  return () => {
    if (left-- > 0) throw new Error(`${left} left`);
    return result;
  };
};

describe("RetryExecutor", () => {
  const within = (
    random = 0,
  ): { readonly waits: number[]; readonly surroundings: Parameters<typeof RetryExecutor.execute>[2] } => {
    const waits: number[] = [];
    return { waits, surroundings: { random: () => random, wait: async (ms) => void waits.push(ms), now: () => 0 } };
  };

  const strategies: readonly (readonly ["exponential" | "linear" | "fixed", readonly number[]])[] = [
    ["exponential", [100, 200, 400]],
    ["linear", [100, 200, 300]],
    ["fixed", [100, 100, 100]],
  ];
  test.each(strategies)("waits in %s steps", async (strategy, delays) => {
    const { waits, surroundings } = within();
    const told: unknown[] = [];
    const result = await RetryExecutor.execute(
      failing(3),
      {
        maxAttempts: 4,
        backoff: { strategy, delay: 100 },
        onRetry: (attempt, error, ms) => told.push([attempt, error.message, ms]),
      },
      surroundings,
    );
    expect(result).toMatchObject({ success: true, result: "done", attempts: 4, retryDelays: delays });
    expect(waits).toEqual([...delays]);
    expect(told[0]).toEqual([1, "2 left", 100]);
  });

  test("gives up after its attempts, or when it should not go on", async () => {
    const { surroundings } = within();
    expect(await RetryExecutor.execute(failing(9), {}, surroundings)).toMatchObject({ success: false, attempts: 3 });
    const once = await RetryExecutor.execute(failing(9), { shouldRetry: () => false }, surroundings);
    expect(once).toMatchObject({ success: false, attempts: 1, error: { message: "8 left" } });
  });

  test("spreads by chance between half and one and a half times, and caps", () => {
    const options = { backoff: { strategy: "fixed" as const, delay: 100 }, jitter: true };
    expect([0, 0.5, 0.999].map((chance) => RetryExecutor.delayMs(options, 1, chance))).toEqual([50, 100, 150]);
    expect(RetryExecutor.delayMs({ backoff: { delay: "1s" }, maxBackoff: "3s" }, 5, 0)).toBe(3000);
  });
});

describe("CircuitBreaker", () => {
  const at = { ms: 0 };
  const make = (options: ConstructorParameters<typeof CircuitBreaker>[1] = {}): CircuitBreaker =>
    new CircuitBreaker("api", { failureThreshold: 2, recoveryTimeout: "10s", ...options }, () => new Date(at.ms));
  const fail = (): never => {
    throw new Error("timeout of the api");
  };

  test("opens after failures in a row, lets one call through later, and closes when that succeeds", async () => {
    at.ms = 0;
    const states: unknown[] = [];
    const breaker = make({ onStateChange: (state, before) => states.push([before, state]) });
    await breaker.execute(fail).catch(() => undefined);
    expect(await breaker.execute(() => 1)).toBe(1);
    await breaker.execute(fail).catch(() => undefined);
    expect(breaker.isClosed()).toBe(true);
    await breaker.execute(fail).catch(() => undefined);
    expect(breaker.isOpen()).toBe(true);
    expect(breaker.execute(() => 1)).rejects.toThrow("Circuit breaker 'api' is OPEN");
    at.ms = 10_000;
    expect(breaker.isHalfOpen()).toBe(true);
    const gate = Promise.withResolvers<number>();
    const probe = breaker.execute(() => gate.promise);
    expect(breaker.execute(() => 1)).rejects.toThrow("is OPEN");
    gate.resolve(2);
    expect(await probe).toBe(2);
    expect(breaker.getState()).toBe("CLOSED");
    expect(states).toEqual([
      ["CLOSED", "OPEN"],
      ["OPEN", "HALF_OPEN"],
      ["HALF_OPEN", "CLOSED"],
    ]);
    expect(breaker.getStats()).toMatchObject({ successfulRequests: 2, state: "CLOSED" });
  });

  test("opens again when the call that was let through fails; counts expected errors only; is reset", async () => {
    at.ms = 0;
    const breaker = make({ failureThreshold: 1, expectedErrors: ["timeout"] });
    await breaker
      .execute(() => {
        throw new Error("not found");
      })
      .catch(() => undefined);
    expect(breaker.isClosed()).toBe(true);
    await breaker.execute(fail).catch(() => undefined);
    at.ms = 10_000;
    await breaker.execute(fail).catch(() => undefined);
    expect(breaker.isOpen()).toBe(true);
    breaker.reset();
    expect(breaker.isClosed()).toBe(true);
  });

  test("are managed by name", async () => {
    const manager = new CircuitBreakerManager({ defaultFailureThreshold: 1 });
    await manager.executeWithCircuitBreaker("a", fail).catch(() => undefined);
    expect(await manager.executeWithCircuitBreaker("b", () => 5)).toBe(5);
    expect(manager.getCircuitBreakerState("a")).toBe("OPEN");
    expect(manager.getAllCircuitBreakers().map(({ name, state }) => [name, state])).toEqual([
      ["a", "OPEN"],
      ["b", "CLOSED"],
    ]);
    expect(manager.getGlobalStats()).toMatchObject({
      totalCircuitBreakers: 2,
      openCircuitBreakers: 1,
      totalSuccesses: 1,
    });
    expect(manager.resetCircuitBreaker("a")).toBe(true);
    expect(manager.getCircuitBreakerStats("a")).toMatchObject({ state: "CLOSED" });
    expect([manager.destroyCircuitBreaker("a"), manager.destroyCircuitBreaker("a")]).toEqual([true, false]);
    manager.resetAllCircuitBreakers();
    manager.destroyAllCircuitBreakers();
    expect(manager.getCircuitBreaker("b")).toBeUndefined();
  });
});

describe("StepExecutor", () => {
  const context = { payload: 4 } as never;

  test("calls a step, again, in time, and with something to stand in", async () => {
    const twice = { name: "twice", handler: failing(1, 8), options: { retry: { attempts: 2, backoff: { delay: 1 } } } };
    expect(await StepExecutor.executeStep(twice, context)).toMatchObject({
      success: true,
      output: 8,
      attempts: 2,
      retryDelays: [1],
    });
    const slow = { name: "slow", handler: () => new Promise(() => undefined), options: { timeout: 5 } };
    expect((await StepExecutor.executeStepWithTimeout(slow, context)).error?.message).toContain("timed out");
    const broken = {
      name: "broken",
      handler: failing(9),
      options: { onError: (c: { error?: unknown }) => [typeof c.error, "fallback"] },
    };
    expect(await StepExecutor.executeStepWithErrorHandling(broken as never, context)).toMatchObject({
      success: true,
      output: ["object", "fallback"],
    });
    const guarded = {
      name: "guarded",
      handler: failing(9),
      options: { circuitBreaker: { name: "one of this test", failureThreshold: 1 } },
    };
    expect((await StepExecutor.executeStep(guarded, context)).error?.message).toContain("left");
    expect((await StepExecutor.executeStep(guarded, context)).error?.message).toContain("is OPEN");
    expect(StepExecutor.getCircuitBreakerManager().getCircuitBreakerState("one of this test")).toBe("OPEN");
  });
});
