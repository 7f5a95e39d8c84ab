// Times of schedules on their way to runs, for both adapters: which of them count, and what is told of those turned away.
import type { NewRun } from "../kernel/run-store.ts";
import type { ScheduleFiring } from "../kernel/schedule-firing.ts";
import type { Refusals } from "./refused-starts.ts";

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
