// What a limit turns away of triggers and schedules, for both adapters: how it is held, which of it counts, and when to try again.
import type { Refused } from "../kernel/flow.ts";
import type { NewRun } from "../kernel/run-store.ts";
import type { ScheduleFiring } from "../kernel/schedule-firing.ts";

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

type Params = Parameters<ScheduleFiring["fireSchedule"]>[0];

export interface DueTime {
  readonly run: NewRun;
  readonly time: number | undefined;
}

/** True where a time that comes later stands for those before it. */
export function isLastOnly({ overlap }: Params): boolean {
  return overlap === "skip" || overlap === "cancel";
}

/** The runs with their times; of held ones those that still are. */
export function dueTimes({ runs, times, held }: Params, isHeld: (time: number) => boolean): readonly DueTime[] {
  const due = runs.map((run, at) => ({ run, time: times?.[at] }));
  return held === true ? due.filter(({ time }) => time !== undefined && isHeld(time)) : due;
}

/** Overlap `skip` makes at most one run, the last, and none while another has not ended. */
export function wantedTimes({ overlap }: Params, due: readonly DueTime[], busy: boolean): readonly DueTime[] {
  if (overlap !== "skip") return due;
  return busy ? [] : due.slice(-1);
}

export function turnedAway(
  { runs }: Params,
  created: number,
  refused: Refusals | undefined,
): { readonly skipped: number; readonly refused?: Refusals } {
  const skipped = runs.length - created - (refused?.count ?? 0);
  return { skipped, ...(refused === undefined ? {} : { refused }) };
}
