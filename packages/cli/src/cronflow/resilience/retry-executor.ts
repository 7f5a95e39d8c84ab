// Tries a function again in memory, outside of any run. Steps of workflows have `retry`, which survives restarts.
import { parseDuration } from "@sluice/protocol";
import type { Duration } from "@sluice/protocol";
import { errorOf } from "./thrown.ts";

export interface RetryOptions {
  /** In all, the first one included. Default 3. */
  readonly maxAttempts?: number;
  readonly backoff?: {
    readonly strategy?: "fixed" | "linear" | "exponential";
    /** Default `1s`. */
    readonly delay?: Duration;
    /** Of exponential delays. Default 2. */
    readonly multiplier?: number;
  };
  /** True makes each delay between half and one and a half times as long, by chance. */
  readonly jitter?: boolean;
  readonly maxBackoff?: Duration;
  readonly onRetry?: (attempt: number, error: Error, delayMs: number) => void;
  readonly shouldRetry?: (error: Error, attempt: number) => boolean;
}

export interface RetryResult<T> {
  readonly success: boolean;
  readonly result: T | undefined;
  readonly error: Error | undefined;
  readonly attempts: number;
  /** Milliseconds. */
  readonly totalDuration: number;
  readonly retryDelays: readonly number[];
}

/** What chance and time are: arguments, so that a test decides them. */
export interface RetrySurroundings {
  /** At least 0 and below 1. */
  readonly random: () => number;
  readonly wait: (ms: number) => Promise<void>;
  readonly now: () => number;
}

const surroundings: RetrySurroundings = {
  random: () => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32,
  wait: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
  now: () => performance.now(),
};

// oxlint-disable-next-line typescript/no-extraneous-class -- programs call RetryExecutor.execute()
export class RetryExecutor {
  /** Calls a function until it succeeds or there are no attempts left. Never rejects. */
  static async execute<T>(
    fn: () => T | Promise<T>,
    options: RetryOptions = {},
    within: RetrySurroundings = surroundings,
  ): Promise<RetryResult<T>> {
    const { maxAttempts = 3, shouldRetry, onRetry } = options;
    const begun = within.now();
    const retryDelays: number[] = [];
    for (let attempt = 1; ; attempt++) {
      const made = { attempts: attempt, retryDelays, totalDuration: 0 };
      try {
        const result = await fn();
        return { ...made, success: true, result, error: undefined, totalDuration: within.now() - begun };
      } catch (thrown) {
        const error = errorOf(thrown);
        const over = attempt >= maxAttempts || shouldRetry?.(error, attempt) === false;
        if (over) return { ...made, success: false, result: undefined, error, totalDuration: within.now() - begun };
        const delayMs = RetryExecutor.delayMs(options, attempt, within.random());
        retryDelays.push(delayMs);
        onRetry?.(attempt, error, delayMs);
        await within.wait(delayMs);
      }
    }
  }

  /** What is waited after this many failed attempts; `chance` is at least 0 and below 1. */
  static delayMs({ backoff = {}, jitter = false, maxBackoff }: RetryOptions, failed: number, chance: number): number {
    const { strategy = "exponential", delay = "1s", multiplier = 2 } = backoff;
    const base = parseDuration(delay);
    const growth = { fixed: 1, linear: failed, exponential: multiplier ** (failed - 1) }[strategy];
    const longest = maxBackoff === undefined ? Number.POSITIVE_INFINITY : parseDuration(maxBackoff);
    const spread = jitter ? 0.5 + chance : 1;
    return Math.round(Math.min(base * growth, longest) * spread);
  }

  /** Options of an execution from those of a step. */
  static createRetryOptions(
    config: { readonly attempts?: number; readonly backoff?: RetryOptions["backoff"]; readonly jitter?: boolean },
    overrides: RetryOptions = {},
  ): RetryOptions {
    const { attempts, backoff, jitter } = config;
    return {
      ...(attempts === undefined ? {} : { maxAttempts: attempts }),
      ...(backoff === undefined ? {} : { backoff }),
      ...(jitter === undefined ? {} : { jitter }),
      ...overrides,
    };
  }
}
