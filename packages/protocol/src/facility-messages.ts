// What a worker asks of its engine for its steps besides their journal, and what it tells of its services.
import type { BreakerPlan } from "./breaker.ts";

/** The states of a service in a worker. */
export const serviceStatuses = ["starting", "running", "unhealthy", "failed", "stopped"] as const;
export type ServiceStatus = (typeof serviceStatuses)[number];

/** How a service is in one worker. Times are milliseconds since 1970. */
export interface ServiceReport {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly status: ServiceStatus;
  /** Since when it has this status. */
  readonly since: number;
  /** When its health was last looked at. */
  readonly checked?: number | undefined;
  /** What is wrong with it. */
  readonly message?: string | undefined;
  readonly calls: number;
  readonly failures: number;
}

export type FacilityRequest =
  /** Asks for the value of a secret of the store. */
  | { readonly type: "reveal"; readonly request: string; readonly name: string }
  /** Asks a circuit breaker to let an attempt in. */
  | { readonly type: "admit"; readonly request: string; readonly breaker: BreakerPlan }
  /** Asks which of these runs are over for good: none of their steps is executed again. */
  | { readonly type: "past"; readonly request: string; readonly runs: readonly string[] }
  /** How the services of this worker are, all of those it has started. */
  | { readonly type: "services"; readonly services: readonly ServiceReport[] };

export type FacilityAnswer =
  /** The value of a secret that was asked for; neither value nor error: there is none. */
  | {
      readonly type: "revealed";
      readonly request: string;
      readonly value?: string | undefined;
      readonly error?: Uint8Array | undefined;
    }
  /** Whether an attempt may go through a circuit breaker: the round it was let in, or when to ask again (milliseconds since 1970). */
  | {
      readonly type: "admitted";
      readonly request: string;
      readonly round?: number | undefined;
      readonly retry?: number | undefined;
      readonly error?: Uint8Array | undefined;
    }
  /** Those of the runs that are over for good. */
  | {
      readonly type: "passed";
      readonly request: string;
      readonly runs?: readonly string[] | undefined;
      readonly error?: Uint8Array | undefined;
    }
  /** These secrets have other values, or are gone. */
  | { readonly type: "refresh"; readonly secrets: readonly string[] };
