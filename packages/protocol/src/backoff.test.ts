// The retry formulas as tables, the policies that are refused, and that no input overflows.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { InvalidRetryError, nextRetryDelayMs, normalizeRetry, retryAttemptsMax, type RetryPolicy } from "./backoff.ts";
import { durationMsMax } from "./duration.ts";

function refusal(policy: unknown): InvalidRetryError {
  try {
    normalizeRetry(policy as RetryPolicy);
  } catch (error) {
    if (error instanceof InvalidRetryError) return error;
    throw error;
  }
  throw new Error("the policy was accepted");
}

/** The delays of a policy whose attempts all fail at once, until it gives up. */
function delays(policy: RetryPolicy, random01 = 0): number[] {
  const plan = normalizeRetry(policy);
  const found: number[] = [];
  let elapsedMs = 0;
  for (let failedAttempts = 1; ; failedAttempts++) {
    const delayMs = nextRetryDelayMs(plan, { failedAttempts, elapsedMs, random01 });
    if (delayMs === undefined) return found;
    found.push(delayMs);
    elapsedMs += delayMs;
  }
}

describe("normalizeRetry", () => {
  test("fills in the defaults", () => {
    expect(normalizeRetry({})).toEqual({
      attemptsMax: 3,
      backoff: "exponential",
      delayMs: 1000,
      factor: 2,
      delayMsMax: 3_600_000,
      jitterRatio: 0,
      totalMsMax: durationMsMax,
    });
  });

  test("reads every field, and the plan survives JSON", () => {
    const plan = normalizeRetry({
      attempts: 5,
      backoff: "exponential",
      delay: "2s",
      factor: 3,
      maxDelay: "1m",
      jitter: 0.25,
      totalTime: "1h",
    });
    expect(plan).toEqual({
      attemptsMax: 5,
      backoff: "exponential",
      delayMs: 2000,
      factor: 3,
      delayMsMax: 60_000,
      jitterRatio: 0.25,
      totalMsMax: 3_600_000,
    });
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  test("jitter may be yes or no, and a long delay raises the default cap", () => {
    expect(normalizeRetry({ jitter: true }).jitterRatio).toBe(1);
    expect(normalizeRetry({ jitter: false }).jitterRatio).toBe(0);
    expect(normalizeRetry({ delay: "2h" }).delayMsMax).toBe(7_200_000);
    expect(normalizeRetry({ backoff: "fixed" }).factor).toBe(1);
  });

  test.each<[string, unknown]>([
    ["attempts", { attempts: 0 }],
    ["attempts", { attempts: 2.5 }],
    ["attempts", { attempts: Number.POSITIVE_INFINITY }],
    ["attempts", { attempts: retryAttemptsMax + 1 }],
    ["attempts", { attempts: "5" }],
    ["backoff", { backoff: "quadratic" }],
    ["delay", { delay: "soon" }],
    ["delay", { delay: -1 }],
    ["factor", { factor: 0.5 }],
    ["factor", { factor: Number.NaN }],
    ["factor", { factor: 2, backoff: "fixed" }],
    ["maxDelay", { delay: "10s", maxDelay: "5s" }],
    ["maxDelay", { maxDelay: null }],
    ["jitter", { jitter: 1.1 }],
    ["jitter", { jitter: -0.1 }],
    ["totalTime", { totalTime: "1 month" }],
    ["retries", { retries: 3 }],
    ["retry is not an object", 5],
    ["retry is not an object", null],
    ["retry is not an object", []],
  ])("names %p in its refusal of %p", (field, policy) => {
    const error = refusal(policy);
    expect(error.code).toBe("invalid_retry");
    expect(error.message).toContain(field);
    expect(error.hint).not.toBe("");
  });

  test("any object is read or refused with the typed error", () => {
    const value = fc.oneof(
      fc.string(),
      fc.double(),
      fc.integer(),
      fc.boolean(),
      fc.constantFrom("1s", "fixed", "linear"),
    );
    const policy = fc.record(
      {
        attempts: value,
        backoff: value,
        delay: value,
        factor: value,
        maxDelay: value,
        jitter: value,
        totalTime: value,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(policy, (candidate) => {
        try {
          const plan = normalizeRetry(candidate as RetryPolicy);
          expect(Number.isSafeInteger(plan.delayMs) && plan.delayMs <= plan.delayMsMax).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidRetryError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("nextRetryDelayMs", () => {
  test("fixed repeats, linear adds, exponential multiplies", () => {
    expect(delays({ attempts: 4, backoff: "fixed", delay: "2s" })).toEqual([2000, 2000, 2000]);
    expect(delays({ attempts: 4, backoff: "linear", delay: "2s" })).toEqual([2000, 4000, 6000]);
    expect(delays({ attempts: 5, backoff: "exponential", delay: "2s" })).toEqual([2000, 4000, 8000, 16_000]);
    expect(delays({ attempts: 4, delay: "1s", factor: 1.5 })).toEqual([1000, 1500, 2250]);
  });

  test("one attempt is no retry", () => {
    expect(delays({ attempts: 1 })).toEqual([]);
  });

  test("no delay is longer than maxDelay", () => {
    expect(delays({ attempts: 6, delay: "1s", maxDelay: "5s" })).toEqual([1000, 2000, 4000, 5000, 5000]);
    expect(delays({ attempts: 4, backoff: "linear", delay: "2s", maxDelay: "3s" })).toEqual([2000, 3000, 3000]);
  });

  test("gives up rather than start an attempt past the total time", () => {
    expect(delays({ attempts: 100, backoff: "fixed", delay: "4s", totalTime: "10s" })).toEqual([4000, 4000]);
    const plan = normalizeRetry({ backoff: "fixed", delay: "4s", totalTime: "10s" });
    expect(nextRetryDelayMs(plan, { failedAttempts: 1, elapsedMs: 6000, random01: 0 })).toBe(4000);
    expect(nextRetryDelayMs(plan, { failedAttempts: 1, elapsedMs: 6001, random01: 0 })).toBeUndefined();
  });

  test("a clock that went backwards counts as no time passed", () => {
    const plan = normalizeRetry({ backoff: "fixed", delay: "4s", totalTime: "3s" });
    expect(nextRetryDelayMs(plan, { failedAttempts: 1, elapsedMs: -60_000, random01: 0 })).toBeUndefined();
  });

  test("jitter shortens, by at most its ratio", () => {
    expect(delays({ attempts: 2, delay: "10s", jitter: 0.2 }, 0.5)).toEqual([9000]);
    expect(delays({ attempts: 2, delay: "10s", jitter: true }, 0.999)).toEqual([10]);
    expect(delays({ attempts: 2, delay: "10s", jitter: false }, 0.999)).toEqual([10_000]);
  });

  test("stays whole, in range and monotonic however many attempts have failed", () => {
    const backoff = fc.constantFrom("fixed" as const, "linear" as const, "exponential" as const);
    const failures = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: retryAttemptsMax - 2 }));
    fc.assert(
      fc.property(
        backoff,
        fc.nat({ max: durationMsMax }),
        failures,
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (kind, delay, failedAttempts, random01) => {
          const plan = normalizeRetry({
            attempts: retryAttemptsMax,
            backoff: kind,
            delay,
            maxDelay: durationMsMax,
            jitter: 0.5,
          });
          const at = (failed: number): number =>
            nextRetryDelayMs(plan, { failedAttempts: failed, elapsedMs: 0, random01 }) ?? Number.NaN;
          expect(Number.isSafeInteger(at(failedAttempts))).toBe(true);
          expect(at(failedAttempts)).toBeLessThanOrEqual(durationMsMax);
          expect(at(failedAttempts + 1)).toBeGreaterThanOrEqual(at(failedAttempts));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("a delay of nothing stays nothing where the power overflows", () => {
    const plan = normalizeRetry({ attempts: retryAttemptsMax, delay: 0, factor: 100 });
    expect(nextRetryDelayMs(plan, { failedAttempts: 900_000, elapsedMs: 0, random01: 0 })).toBe(0);
  });

  test("a caller that breaks the contract is told so", () => {
    const plan = normalizeRetry({});
    expect(() => nextRetryDelayMs(plan, { failedAttempts: 0, elapsedMs: 0, random01: 0 })).toThrow("failedAttempts");
    expect(() => nextRetryDelayMs(plan, { failedAttempts: 1, elapsedMs: 0, random01: 1 })).toThrow("random01");
    expect(() => nextRetryDelayMs(plan, { failedAttempts: 1, elapsedMs: Number.NaN, random01: 0 })).toThrow(
      "elapsedMs",
    );
  });
});
