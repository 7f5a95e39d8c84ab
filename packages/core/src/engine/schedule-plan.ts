// What a schedule owes at a moment: a pure decision, so that restarts, long sleeps and wall-clock
// jumps are cases in a table and not races.
import type { CatchUp } from "@sluice/protocol";
import { type Cron, cronTimes, lastCronTimes, nextCronTime } from "./cron.ts";

/** What is known about a schedule when it is looked at. All times are milliseconds since 1970. */
export interface ScheduleState {
  readonly cron: Cron;
  /** The `handledUntilMs` of the plan that was carried out last; undefined for a new schedule. */
  readonly lastFiredMs: number | undefined;
  /** Nothing up to this time is owed. */
  readonly createdMs: number;
  readonly nowMs: number;
  /** What happens to times that were missed: none is fired, only the latest, or all of them. */
  readonly catchUp: CatchUp;
  /** With `catchUp: "all"`, how many missed times are fired at most: the latest ones. */
  readonly catchUpMax: number;
  /** A time at most this late is on time, and fired whatever `catchUp` says. */
  readonly graceMs: number;
}

/** What to do now. Fire, store `handledUntilMs` in the same transaction, and look again at `nextMs`. */
export interface SchedulePlan {
  /** The nominal times to fire now, ascending; at most {@link planFireMax}. */
  readonly fire: readonly number[];
  /** How many missed times are given up; counted up to {@link skippedCountMax}. */
  readonly skipped: number;
  /** Whether more than `skipped` were given up: counting stopped there. */
  readonly skippedIsFloor: boolean;
  /**
   * The next nominal time, or undefined where there is none. It has passed already when there was
   * more to fire than one plan holds: look again at once.
   */
  readonly nextMs: number | undefined;
  /** The last nominal time that needs no further look. Never less than `lastFiredMs`. */
  readonly handledUntilMs: number;
}

/** How many times one plan fires at most. */
export const planFireMax = 1000;
/** How far times that are given up are counted: beyond it the count would cost more than it tells. */
export const skippedCountMax = 1000;

/**
 * Decides what a schedule fires now.
 *
 * The nominal times after `lastFiredMs` (and after `createdMs`) up to `nowMs` fall in two: those at
 * most `graceMs` late are fired; the earlier ones are missed, and `catchUp` chooses among them.
 * Whatever is decided, `handledUntilMs` moves past it and never back, so no nominal time is fired
 * twice: not after a restart, and not when the wall clock jumps back. The cost is bounded by
 * `planFireMax`, `skippedCountMax` and `catchUpMax`, not by how long nobody looked.
 */
export function planSchedule(state: ScheduleState): SchedulePlan {
  const { cron, nowMs } = state;
  const fromMs = Math.max(state.lastFiredMs ?? state.createdMs, state.createdMs);
  const onTimeAfterMs = Math.max(fromMs, nowMs - Math.max(0, state.graceMs) - 1);
  const missedUntilMs = Math.min(nowMs, onTimeAfterMs);
  const missed = lastCronTimes(cron, { afterMs: fromMs, untilMs: missedUntilMs, limit: catchUpLimit(state) });
  const onTime = cronTimes(cron, { afterMs: onTimeAfterMs, untilMs: nowMs, limit: planFireMax + 1 });
  const givenUpUntilMs = (missed[0] ?? missedUntilMs + 1) - 1;
  const givenUp = cronTimes(cron, { afterMs: fromMs, untilMs: givenUpUntilMs, limit: skippedCountMax + 1 }).length;
  const due = [...missed, ...onTime];
  const fire = due.slice(0, planFireMax);
  const handledUntilMs =
    fire.at(-1) ?? lastCronTimes(cron, { afterMs: fromMs, untilMs: missedUntilMs, limit: 1 })[0] ?? fromMs;
  return {
    fire,
    skipped: Math.min(givenUp, skippedCountMax),
    skippedIsFloor: givenUp > skippedCountMax,
    nextMs: nextCronTime(cron, handledUntilMs),
    handledUntilMs,
  };
}

function catchUpLimit({ catchUp, catchUpMax }: ScheduleState): number {
  if (catchUp === "all") return catchUpMax;
  return catchUp === "one" ? 1 : 0;
}

/**
 * How long after a nominal time a schedule with jitter starts, from 0 to `maxJitterMs`.
 *
 * A hash of the schedule and the time, so that a restart in between computes the same: FNV-1a over
 * the UTF-16 units (Fowler, Noll, Vo), mixed by the finaliser of MurmurHash3 (Appleby).
 */
export function jitterMs(scheduleId: string, nominalMs: number, maxJitterMs: number): number {
  const text = `${nominalMs}:${scheduleId}`;
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash = (hash ^ (hash >>> 16)) >>> 0;
  return Math.floor((hash / 2 ** 32) * (Math.max(0, maxJitterMs) + 1));
}
