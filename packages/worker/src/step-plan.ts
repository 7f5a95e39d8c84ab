// How a step is tried: what its options and its workflow's say, ready for use.
import { normalizeRetry, parseDuration } from "@sluice/protocol";
import type { RetryPlan } from "@sluice/protocol";
import type { StepOptions, StepRetry } from "@sluice/sdk";

/** A retry policy ready for use, with the user's own predicate. */
export interface StepPlan {
  readonly retry: RetryPlan;
  readonly when: ((error: unknown, attempt: number) => boolean) | undefined;
  readonly timeoutMs: number | undefined;
}

const once: RetryPlan = normalizeRetry({ attempts: 1 });

/** Reads the options of a step, with the workflow's policy as default. Throws for options that make no sense. */
export function planOf(
  retry: StepRetry | false | undefined,
  fallback: StepRetry | undefined,
  timeout: StepOptions<unknown>["timeout"],
): StepPlan {
  const policy = retry ?? fallback;
  const timeoutMs = timeout === undefined ? undefined : parseDuration(timeout);
  if (policy === undefined || policy === false) return { retry: once, when: undefined, timeoutMs };
  const { when, ...rest } = policy;
  return { retry: normalizeRetry(rest), when, timeoutMs };
}
