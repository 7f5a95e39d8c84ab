// Circuit breakers as everybody speaks of them: their states, what a step asks for, what it reports.
import { parseDuration } from "./duration.ts";
import type { Duration } from "./duration.ts";
import { SluiceError } from "./errors.ts";

/** `open`: nothing is let in. `half_open`: a few attempts are, to see whether it works again. */
export const breakerStates = ["closed", "open", "half_open"] as const;
export type BreakerState = (typeof breakerStates)[number];

/** What a program says of a breaker. Steps that name the same one share it, whichever workflow and worker they are in. */
export interface BreakerPolicy {
  /** 1 to 128 characters. */
  readonly name: string;
  /** It opens after so many failures in a row. Default 5. */
  readonly failureThreshold?: number | undefined;
  /** How long it stays open before an attempt is let in again. Default 30 s. */
  readonly recoveryTimeout?: Duration | undefined;
  /** Attempts let in at a time while it is half-open. Default 1. */
  readonly halfOpenMax?: number | undefined;
}

/** A policy with nothing left open, as it travels. */
export interface BreakerPlan {
  readonly name: string;
  readonly threshold: number;
  /** Milliseconds. */
  readonly recovery: number;
  readonly probes: number;
}

/** How an attempt that was let in ended; written together with the attempt itself. */
export interface BreakerMark extends BreakerPlan {
  /** In which round it was let in: the outcome of an earlier one counts no more. */
  readonly round: number;
  /** `ignored`: it says nothing about what stands behind the breaker. */
  readonly outcome: "ok" | "failed" | "ignored";
}

const thresholdDefault = 5;
const recoveryMsDefault = 30_000;
const nameCharsMax = 128;

/** Fills in the defaults. Throws `invalid_workflow` or `invalid_duration` for what makes no sense. */
export function breakerPlanOf(policy: BreakerPolicy): BreakerPlan {
  const { name, failureThreshold = thresholdDefault, recoveryTimeout = recoveryMsDefault, halfOpenMax = 1 } = policy;
  if (typeof name !== "string" || name === "" || name.length > nameCharsMax)
    refuse("name", `text of 1 to ${nameCharsMax} characters`);
  if (!Number.isSafeInteger(failureThreshold) || failureThreshold < 1)
    refuse("failureThreshold", "a whole number from 1");
  if (!Number.isSafeInteger(halfOpenMax) || halfOpenMax < 1) refuse("halfOpenMax", "a whole number from 1");
  return { name, threshold: failureThreshold, recovery: parseDuration(recoveryTimeout), probes: halfOpenMax };
}

function refuse(field: string, allowed: string): never {
  throw new SluiceError({
    code: "invalid_workflow",
    message: `The circuit breaker's ${field} makes no sense.`,
    hint: `It is ${allowed}.`,
  });
}
