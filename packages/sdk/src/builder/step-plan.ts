// Options of a step as they are written, turned into those the engine knows.
import { nextRetryDelayMs, normalizeRetry, parseDuration } from "@sluice/protocol";
import type { Duration } from "@sluice/protocol";
import type { CircuitBreaker } from "../breaker.ts";
import type { StepOptions, StepRetry } from "../context.ts";
import { CancelledError } from "../errors.ts";
import { cancelCode } from "./flow-context.ts";
import type { CircuitBreakerConfig, FlowStepOptions, RetryConfig } from "./types.ts";

const delayDefault = "1s";
/** No delay is capped unless it says so; this one no run waits for. */
const maxDelayMsDefault = 365 * 86_400_000;
/** Spreads a delay between half and one and a half times its length: it is made longer by half, then shortened by chance. */
const jitterLengthen = 1.5;
const jitterRatio = 2 / 3;

/** The engine's options of the step of that name. Throws `invalid_retry` or `invalid_duration` for what makes no sense. */
export function stepOptions(
  name: string,
  { timeout, retry, circuitBreaker }: Pick<FlowStepOptions, "timeout" | "retry" | "circuitBreaker">,
): StepOptions<unknown> {
  return {
    ...(timeout === undefined ? {} : { timeout }),
    ...(retry === undefined ? {} : { retry: retryOf(retry) }),
    ...(circuitBreaker === undefined ? {} : { circuitBreaker: breakerOf(name, circuitBreaker) }),
  };
}

/** The engine's breaker for one of a flow: every failure counts where none are named, and a run that cancels itself is no failure. */
function breakerOf(step: string, config: CircuitBreakerConfig): CircuitBreaker {
  const { name = `step-${step}`, expectedErrors = [], failureThreshold, recoveryTimeout } = config;
  return {
    name,
    failureThreshold,
    recoveryTimeout,
    expectedErrors: (thrown) => {
      if (thrown instanceof CancelledError || codeOf(thrown) === cancelCode) return false;
      const { message } = errorOf(thrown);
      return expectedErrors.length === 0 || expectedErrors.some((part) => message.includes(part));
    },
  };
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error ? (thrown as { readonly code?: unknown }).code : undefined;
}

/** The engine's retry policy for one of a flow. */
export function retryOf(config: RetryConfig): StepRetry {
  const { attempts = 3, backoff = {}, jitter = false } = config;
  const { strategy = "exponential", delay = delayDefault, multiplier } = backoff;
  const longest = backoff.maxDelay ?? config.maxBackoff;
  const delayMs = parseDuration(delay);
  const maxDelayMs = longest === undefined ? Math.max(delayMs, maxDelayMsDefault) : parseDuration(longest);
  const stretch = jitter ? jitterLengthen : 1;
  const policy = {
    attempts,
    backoff: strategy,
    delay: Math.min(delayMs, maxDelayMs) * stretch,
    maxDelay: maxDelayMs * stretch,
    ...(strategy === "exponential" && multiplier !== undefined ? { factor: multiplier } : {}),
    ...(jitter ? { jitter: jitterRatio } : {}),
  };
  const plan = normalizeRetry(policy);
  const { onRetry } = config;
  if (onRetry === undefined && config.retryOn === undefined && config.shouldRetry === undefined) return policy;
  const when = (thrown: unknown, attempt: number): boolean => {
    const error = errorOf(thrown);
    if (!isWorthRetrying(config, error, attempt)) return false;
    const nextMs = nextRetryDelayMs(plan, { failedAttempts: attempt, elapsedMs: 0, random01: jitter ? 0.5 : 0 });
    if (nextMs !== undefined) onRetry?.(error, attempt, nextMs);
    return true;
  };
  return { ...policy, when };
}

/** Whether the configuration wants another attempt after this failure; `conditions` go before `errors`, these before `statusCodes`. */
export function isWorthRetrying({ retryOn, shouldRetry }: RetryConfig, error: Error, attempt: number): boolean {
  if (shouldRetry !== undefined && !shouldRetry(error)) return false;
  if (retryOn === undefined) return true;
  const { conditions, errors, statusCodes } = retryOn;
  if (conditions !== undefined) return conditions(error, attempt);
  if (errors !== undefined && errors.length > 0) return errors.some((part) => error.message.includes(part));
  if (statusCodes === undefined || statusCodes.length === 0) return true;
  const status = statusOf(error);
  return status !== undefined && statusCodes.includes(status);
}

/** The HTTP status an error carries, where clients usually put it. */
function statusOf(error: object): number | undefined {
  const { status, statusCode, response } = error as Record<string, unknown>;
  const inner =
    typeof response === "object" && response !== null ? (response as { status?: unknown }).status : undefined;
  return [status, statusCode, inner].find((each): each is number => typeof each === "number");
}

/** What was thrown, as an error. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** Longest time of a run where the definition says none; `undefined` for one that may wait for ever. */
export const runTimeoutDefault: Duration = "30m";
