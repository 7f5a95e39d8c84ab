// Occurrences of triggers that a limit turns away, for both adapters: under which key they are held, and when to try again.
import type { Refused } from "../kernel/flow.ts";

/** How many of an advance were turned away, and when a limit may take one. */
export interface Refusals {
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly retryAt: number;
}

/** A workflow with too many queued runs says nothing of when it has room. */
const queueFullRetryMs = 1_000;

/** Keys of what waits for quiet are values of inputs; no tab and id of a run begins one. */
export function waitingKey(run: string): string {
  return `\t${run}`;
}

/** True where a limit takes no start now. */
export function isRefusal<O extends { readonly outcome: string }>(
  answer: O,
): answer is Extract<O, { readonly outcome: Refused["outcome"] }> {
  return answer.outcome === "rate_limited" || answer.outcome === "queue_full";
}

export function refusedToo(before: Refusals | undefined, refused: Refused, now: number): Refusals {
  const retryAt = refused.outcome === "rate_limited" ? refused.retryAt : now + queueFullRetryMs;
  return { count: (before?.count ?? 0) + 1, retryAt: Math.min(before?.retryAt ?? retryAt, retryAt) };
}
