// What a circuit breaker does, for both adapters: from a row and what happens to the row afterwards.
import type { BreakerMark, BreakerPlan } from "@sluice/protocol";
import type { BreakerAnswer, BreakerRecord } from "../kernel/breaker-store.ts";

/** Breakers that are remembered; of further ones every attempt is let in. */
export const breakersMax = 10_000;
const errorCharsMax = 300;

/** The answer to an attempt, and the row where it is another one now. */
export interface Entered {
  readonly answer: BreakerAnswer;
  readonly row?: BreakerRecord | undefined;
}

/** Asks for an attempt to be let in. */
export function enter(row: BreakerRecord | undefined, plan: BreakerPlan, now: number): Entered {
  if (row === undefined) return { answer: { outcome: "in", round: 0 }, row: made(plan, now) };
  const said = samePlan(row.plan, plan) ? row : { ...row, plan };
  if (row.state === "closed")
    return { answer: { outcome: "in", round: row.round }, ...(said === row ? {} : { row: said }) };
  if (row.state === "open" && now < row.openUntil) return { answer: { outcome: "open", retryAt: row.openUntil } };
  // What was let in and not heard of for as long again is lost: its worker is gone, or its run was cancelled.
  const lost = row.state === "half_open" && now >= row.probedAt + plan.recovery;
  const probes = row.state === "open" || lost ? 0 : row.probes;
  if (probes >= plan.probes) return { answer: { outcome: "open", retryAt: row.probedAt + plan.recovery } };
  const changedAt = row.state === "open" ? now : row.changedAt;
  const probing = { ...said, state: "half_open", probes: probes + 1, probedAt: now, changedAt } as const;
  return { answer: { outcome: "in", round: row.round }, row: probing };
}

/** What an attempt that was let in came to. Undefined: nothing changes. */
export function leave(
  row: BreakerRecord | undefined,
  { mark, error, now }: { readonly mark: BreakerMark; readonly error: string | undefined; readonly now: number },
): BreakerRecord | undefined {
  if (row === undefined || mark.round !== row.round || row.state === "open") return undefined;
  if (mark.outcome === "ignored") {
    return row.state === "half_open" ? { ...row, probes: Math.max(0, row.probes - 1) } : undefined;
  }
  if (mark.outcome === "ok") {
    if (row.state === "half_open") return closed(row, now);
    return row.failures === 0 ? undefined : { ...row, failures: 0 };
  }
  const failures = row.failures + 1;
  const failed = { ...row, failures, failedAt: now, error: error?.slice(0, errorCharsMax) };
  if (row.state === "closed" && failures < mark.threshold) return failed;
  return {
    ...failed,
    state: "open",
    round: row.round + 1,
    openUntil: now + mark.recovery,
    probes: 0,
    opened: row.opened + 1,
    changedAt: now,
  };
}

/** Closed, as an operator or a success has it. */
export function closed(row: BreakerRecord, now: number): BreakerRecord {
  return { ...row, state: "closed", failures: 0, round: row.round + 1, openUntil: 0, probes: 0, changedAt: now };
}

function made(plan: BreakerPlan, now: number): BreakerRecord {
  return {
    name: plan.name,
    state: "closed",
    failures: 0,
    round: 0,
    openUntil: 0,
    probes: 0,
    probedAt: 0,
    opened: 0,
    changedAt: now,
    failedAt: 0,
    plan,
  };
}

function samePlan(a: BreakerPlan, b: BreakerPlan): boolean {
  return a.threshold === b.threshold && a.recovery === b.recovery && a.probes === b.probes;
}
