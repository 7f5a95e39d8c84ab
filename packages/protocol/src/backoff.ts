// When a failed attempt is tried again: one policy shape and one formula for steps, runs, hooks
// and everything else that retries.
import { type Duration, durationMsMax, InvalidDurationError, parseDuration } from "./duration.ts";
import { SluiceError } from "./errors.ts";

/** How the delay grows from one retry to the next. */
type Backoff = "fixed" | "linear" | "exponential";

/** What a user writes. Every field may be left out; see {@link normalizeRetry} for the defaults. */
export interface RetryPolicy {
  /** How often it is attempted in all, the first attempt included; 1 means no retry. Default 3. */
  readonly attempts?: number | undefined;
  /** Default "exponential". */
  readonly backoff?: Backoff | undefined;
  /** The delay before the first retry. Default "1s". */
  readonly delay?: Duration | undefined;
  /** What each exponential delay is multiplied by, from 1 to 100. Default 2. */
  readonly factor?: number | undefined;
  /** No delay is longer than this. Default "1h", or `delay` where that is longer. */
  readonly maxDelay?: Duration | undefined;
  /** The share of each delay that is random, from 0 to 1; true is 1, false is 0. Default 0. */
  readonly jitter?: number | boolean | undefined;
  /** No attempt starts later than this after the first one started. Default: no cap. */
  readonly totalTime?: Duration | undefined;
}

/** A checked policy: numbers only, so that it can be stored and sent. */
export interface RetryPlan {
  readonly attemptsMax: number;
  readonly backoff: Backoff;
  readonly delayMs: number;
  /** Multiplier of the exponential backoff; 1 for the others. */
  readonly factor: number;
  readonly delayMsMax: number;
  readonly jitterRatio: number;
  /** `durationMsMax` where the policy sets no cap. */
  readonly totalMsMax: number;
}

/** The most attempts a policy may ask for. */
export const retryAttemptsMax = 1_000_000;
const attemptsDefault = 3;
const delayMsDefault = 1000;
const delayMsMaxDefault = 3_600_000;
const factorDefault = 2;
const factorMax = 100;

const backoffs: readonly string[] = ["fixed", "linear", "exponential"] satisfies Backoff[];
const fields: readonly string[] = [
  "attempts",
  "backoff",
  "delay",
  "factor",
  "maxDelay",
  "jitter",
  "totalTime",
] satisfies (keyof RetryPolicy)[];

/** A retry policy that makes no sense. `message` names the field, `hint` says what is allowed. */
export class InvalidRetryError extends SluiceError {
  declare readonly code: "invalid_retry";
  declare readonly hint: string;

  constructor(message: string, hint: string) {
    super({ code: "invalid_retry", message, hint });
    this.name = "InvalidRetryError";
  }
}

/**
 * Checks a policy and fills in the defaults.
 *
 * @throws InvalidRetryError for an unknown field, a value out of range, a duration that cannot be
 * read, `factor` without exponential backoff, or a `maxDelay` shorter than `delay`.
 */
export function normalizeRetry(policy: RetryPolicy): RetryPlan {
  if (typeof policy !== "object" || policy === null || Array.isArray(policy)) {
    throw new InvalidRetryError("retry is not an object", 'such as { attempts: 5, backoff: "exponential" }');
  }
  const unknown = Object.keys(policy).find((key) => !fields.includes(key));
  if (unknown !== undefined) {
    throw new InvalidRetryError(`retry.${unknown} is unknown`, `the fields are ${fields.join(", ")}`);
  }
  const backoff = policy.backoff ?? "exponential";
  if (!backoffs.includes(backoff)) {
    throw new InvalidRetryError("retry.backoff is unknown", `one of ${backoffs.join(", ")}`);
  }
  if (policy.factor !== undefined && backoff !== "exponential") {
    throw new InvalidRetryError(
      `retry.factor has no meaning with ${backoff} backoff`,
      'leave it out, or use backoff: "exponential"',
    );
  }
  const delayMs = duration("delay", policy.delay, delayMsDefault);
  const delayMsMax = duration("maxDelay", policy.maxDelay, Math.max(delayMs, delayMsMaxDefault));
  if (delayMsMax < delayMs) {
    throw new InvalidRetryError(
      "retry.maxDelay is shorter than retry.delay",
      "make maxDelay at least as long as delay (which is 1s unless set)",
    );
  }
  const factor = backoff === "exponential" ? (policy.factor ?? factorDefault) : 1;
  return {
    attemptsMax: attempts(policy.attempts ?? attemptsDefault),
    backoff,
    delayMs,
    factor: inRange("factor", factor, [1, factorMax]),
    delayMsMax,
    jitterRatio: jitterRatio(policy.jitter ?? false),
    totalMsMax: duration("totalTime", policy.totalTime, durationMsMax),
  };
}

/** What {@link nextRetryDelayMs} is asked with. */
export interface RetryState {
  /** Attempts that have failed so far: 1 after the first failure. */
  readonly failedAttempts: number;
  /** Time since the first attempt started. */
  readonly elapsedMs: number;
  /** A random number, at least 0 and below 1. */
  readonly random01: number;
}

/**
 * How long to wait before the next attempt, or undefined to give up.
 *
 * With n failed attempts, before jitter and capped at `delayMsMax`:
 *   fixed        delayMs
 *   linear       delayMs × n
 *   exponential  delayMs × factor^(n − 1)
 * Jitter shortens it to delay × (1 − jitterRatio × random01): a ratio of 1 is the "full jitter" and
 * 0.5 the "equal jitter" of "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
 *
 * Gives up once `attemptsMax` attempts have failed, or when the next one would start more than
 * `totalMsMax` after the first.
 *
 * @returns whole milliseconds, from 0 to `delayMsMax`.
 */
export function nextRetryDelayMs(plan: RetryPlan, state: RetryState): number | undefined {
  const { failedAttempts, elapsedMs, random01 } = state;
  assert(failedAttempts >= 1, "failedAttempts is at least 1");
  assert(random01 >= 0 && random01 < 1, "random01 is at least 0 and below 1");
  assert(!Number.isNaN(elapsedMs), "elapsedMs is a number");
  if (failedAttempts >= plan.attemptsMax) return undefined;
  const delayMs = Math.min(plan.delayMsMax, growingDelayMs(plan, failedAttempts));
  const waitMs = Math.round(delayMs * (1 - plan.jitterRatio * random01));
  return Math.max(0, elapsedMs) + waitMs > plan.totalMsMax ? undefined : waitMs;
}

function growingDelayMs(plan: RetryPlan, failedAttempts: number): number {
  // Infinity times zero is not a number, and a power may well become Infinity.
  if (plan.delayMs === 0) return 0;
  if (plan.backoff === "exponential") return plan.delayMs * plan.factor ** (failedAttempts - 1);
  return plan.backoff === "linear" ? plan.delayMs * failedAttempts : plan.delayMs;
}

function attempts(value: unknown): number {
  const count = inRange("attempts", value, [1, retryAttemptsMax]);
  if (Number.isInteger(count)) return count;
  throw new InvalidRetryError("retry.attempts is not a whole number", "such as 5; 1 means no retry");
}

function jitterRatio(value: unknown): number {
  return typeof value === "boolean" ? Number(value) : inRange("jitter", value, [0, 1]);
}

function inRange(field: string, value: unknown, [min, max]: readonly [number, number]): number {
  if (typeof value === "number" && value >= min && value <= max) return value;
  throw new InvalidRetryError(`retry.${field} is out of range`, `a number from ${min} to ${max}`);
}

function duration(field: string, value: Duration | undefined, defaultMs: number): number {
  if (value === undefined) return defaultMs;
  try {
    return parseDuration(value);
  } catch (error) {
    if (!(error instanceof InvalidDurationError)) throw error;
    throw new InvalidRetryError(`retry.${field}: ${error.message}`, error.hint);
  }
}

function assert(holds: boolean, rule: string): void {
  if (!holds) throw new Error(`assertion failed: ${rule}`);
}
