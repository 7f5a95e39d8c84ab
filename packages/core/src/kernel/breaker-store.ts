// The port behind which circuit breakers are kept. What an attempt behind one came to is written with the attempt itself, by
// `append`; this is the rest.
import type { BreakerPlan, BreakerState } from "@sluice/protocol";
import type { InnerActor } from "./inner-actor.ts";
import type { Actor } from "./run-records.ts";

/** A circuit breaker. Times are milliseconds since 1970. */
export interface BreakerRecord {
  readonly name: string;
  readonly state: BreakerState;
  /** In a row, while it is closed. */
  readonly failures: number;
  /** How often it has changed between open and closed. */
  readonly round: number;
  /** When the next attempt may be let in; 0 while it is closed. */
  readonly openUntil: number;
  /** Let in while half-open, and not heard of yet. */
  readonly probes: number;
  readonly probedAt: number;
  /** How often it has opened. */
  readonly opened: number;
  readonly changedAt: number;
  /** When the last failure came; 0: never. */
  readonly failedAt: number;
  /** Message of the last failure. */
  readonly error?: string | undefined;
  /** What was said of it last. */
  readonly plan: BreakerPlan;
}

/** Whether an attempt may go through. */
export type BreakerAnswer =
  | { readonly outcome: "in"; readonly round: number }
  | { readonly outcome: "open"; readonly retryAt: number };

export interface BreakerStore {
  /** Lets an attempt in, or says when to ask again. Costs no commit while the breaker is closed, or is open and not due. */
  enterBreaker(p: {
    readonly by: InnerActor;
    readonly plan: BreakerPlan;
    readonly now: number;
  }): Promise<BreakerAnswer>;
  /** Closes a breaker, whatever it has seen. */
  resetBreaker(p: {
    readonly by: Actor;
    readonly name: string;
    readonly now: number;
  }): Promise<{ readonly outcome: "ok" | "not_found" }>;
  /** In order of names. */
  listBreakers(): Promise<readonly BreakerRecord[]>;
}
