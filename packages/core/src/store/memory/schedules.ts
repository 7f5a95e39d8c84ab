// Schedules and the runs they make: which nominal times have been dealt with, and what overlaps.
import type { RunRecord, RunStore, ScheduleRecord } from "../../kernel/run-store.ts";
import type { HeldTime } from "../../kernel/schedule-firing.ts";
import { dueTimes, isLastOnly, isRefusal, refusedToo, turnedAway, wantedTimes } from "../refused-starts.ts";
import type { Refusals } from "../refused-starts.ts";
import type { Change } from "./change.ts";
import { startRun } from "./create.ts";
import { cancelOrphans, cancelRun } from "./finish.ts";
import { isFinal, toRecord } from "./runs.ts";

export class Schedules {
  readonly #byId = new Map<string, ScheduleRecord>();
  /** Times that wait for a limit, with since when, by schedule. */
  readonly #held = new Map<string, Map<number, number>>();

  get(id: string): ScheduleRecord | undefined {
    return this.#byId.get(id);
  }

  list(): readonly ScheduleRecord[] {
    return [...this.#byId.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Makes the schedules that the code of these workflows declares be exactly the given ones. */
  put(workflows: readonly string[], schedules: readonly Omit<ScheduleRecord, "paused" | "handledUntil">[]): void {
    const wanted = new Set(schedules.map(({ id }) => id));
    for (const { id, source, workflow } of this.list()) {
      if (source === "code" && workflows.includes(workflow) && !wanted.has(id)) {
        this.#byId.delete(id);
        this.#held.delete(id);
      }
    }
    for (const schedule of schedules) {
      const known = this.#byId.get(schedule.id);
      const createdAt = known?.createdAt ?? schedule.createdAt;
      const { paused, handledUntil } = known ?? { paused: false, handledUntil: schedule.createdAt };
      this.#byId.set(schedule.id, { ...schedule, createdAt, paused, handledUntil });
    }
  }

  heldOf(id: string): Map<number, number> {
    const held = this.#held.get(id) ?? new Map<number, number>();
    this.#held.set(id, held);
    return held;
  }

  /** By schedule and time. */
  listHeld(): readonly HeldTime[] {
    const all = [...this.#held].flatMap(([schedule, times]) =>
      [...times].map(([time, at]) => ({ schedule, time, at })),
    );
    return all.toSorted((a, b) => (a.schedule === b.schedule ? a.time - b.time : a.schedule < b.schedule ? -1 : 1));
  }

  /** How many each has, of those that have any; by schedule. */
  countHeld(): readonly { readonly schedule: string; readonly count: number }[] {
    const all = [...this.#held].map(([schedule, times]) => ({ schedule, count: times.size }));
    return all.filter(({ count }) => count > 0).toSorted((a, b) => (a.schedule < b.schedule ? -1 : 1));
  }

  update(id: string, change: Partial<Pick<ScheduleRecord, "paused" | "handledUntil">>): ScheduleRecord | undefined {
    const known = this.#byId.get(id);
    if (known === undefined) return undefined;
    const changed = { ...known, ...change };
    this.#byId.set(id, changed);
    return changed;
  }
}

export interface Fired extends ReturnType<typeof turnedAway> {
  readonly created: readonly RunRecord[];
}

/** Creates the runs of nominal times, once: undefined unless the schedule has been handled up to `expect` exactly. */
export function fireSchedule(change: Change, p: Parameters<RunStore["fireSchedule"]>[0]): Fired | undefined {
  const { runs, schedules } = change.tables;
  if (schedules.get(p.schedule)?.handledUntil !== p.expect) return undefined;
  const held = schedules.heldOf(p.schedule);
  const unfinished = runs.all().filter((row) => row.record.schedule === p.schedule && !isFinal(row));
  const due = dueTimes(p, (time) => held.has(time));
  // What is due now stands for what was held before it.
  if (isLastOnly(p) && due.length > 0) held.clear();
  schedules.update(p.schedule, { handledUntil: p.handledUntil });
  const by = { kind: "schedule", id: p.schedule } as const;
  const created: RunRecord[] = [];
  let refused: Refusals | undefined;
  for (const { run, time } of wantedTimes(p, due, unfinished.length > 0)) {
    const started = startRun(change, { by, run });
    if (time !== undefined && isRefusal(started)) {
      refused = refusedToo(refused, started, p.now);
      if (!held.has(time)) held.set(time, p.now);
      continue;
    }
    if (time !== undefined && p.held === true) held.delete(time);
    if (started.outcome === "created") created.push(toRecord(started.row));
  }
  if (p.overlap === "cancel" && created.length > 0) {
    for (const row of unfinished) cancelRun(change, row, p.cancel);
    cancelOrphans(change);
  }
  return { created, ...turnedAway(p, created.length, refused) };
}
