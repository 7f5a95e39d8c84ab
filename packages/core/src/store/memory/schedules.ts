// Schedules and the runs they make: which nominal times have been dealt with, and what overlaps.
import type { Overlap } from "@sluice/protocol";
import type { NewRun, RunRecord, RunStore, ScheduleRecord } from "../../kernel/run-store.ts";
import type { Change } from "./change.ts";
import { startRun } from "./create.ts";
import { cancelOrphans, cancelRun } from "./finish.ts";
import type { RunRow } from "./rows.ts";
import { isFinal, toRecord } from "./runs.ts";

export class Schedules {
  readonly #byId = new Map<string, ScheduleRecord>();

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
      if (source === "code" && workflows.includes(workflow) && !wanted.has(id)) this.#byId.delete(id);
    }
    for (const schedule of schedules) {
      const known = this.#byId.get(schedule.id);
      const createdAt = known?.createdAt ?? schedule.createdAt;
      const { paused, handledUntil } = known ?? { paused: false, handledUntil: schedule.createdAt };
      this.#byId.set(schedule.id, { ...schedule, createdAt, paused, handledUntil });
    }
  }

  update(id: string, change: Partial<Pick<ScheduleRecord, "paused" | "handledUntil">>): ScheduleRecord | undefined {
    const known = this.#byId.get(id);
    if (known === undefined) return undefined;
    const changed = { ...known, ...change };
    this.#byId.set(id, changed);
    return changed;
  }
}

export interface Fired {
  readonly created: readonly RunRecord[];
  readonly skipped: number;
}

/** Creates the runs of nominal times, once: undefined unless the schedule has been handled up to `expect` exactly. */
export function fireSchedule(change: Change, p: Parameters<RunStore["fireSchedule"]>[0]): Fired | undefined {
  const { runs, schedules } = change.tables;
  if (schedules.get(p.schedule)?.handledUntil !== p.expect) return undefined;
  const free = p.runs.filter((run) => runs.get(run.id) === undefined && !hasKey(change, run));
  const unfinished = runs.all().filter((row) => row.record.schedule === p.schedule && !isFinal(row));
  const wanted = chosen(free, p.overlap, unfinished);
  schedules.update(p.schedule, { handledUntil: p.handledUntil });
  const by = { kind: "schedule", id: p.schedule } as const;
  const created = wanted
    .map((run) => startRun(change, { by, run }))
    .flatMap((started) => (started.outcome === "created" ? [toRecord(started.row)] : []));
  if (p.overlap === "cancel" && created.length > 0) {
    for (const row of unfinished) cancelRun(change, row, p.cancel);
    cancelOrphans(change);
  }
  return { created, skipped: p.runs.length - created.length };
}

function hasKey(change: Change, run: NewRun): boolean {
  return run.key !== undefined && change.tables.runs.findByKey(run.workflow, run.key) !== undefined;
}

/** Overlap `skip` makes at most one run, the last, and none while another has not ended. */
function chosen(runs: readonly NewRun[], overlap: Overlap, unfinished: readonly RunRow[]): readonly NewRun[] {
  if (overlap !== "skip") return runs;
  return unfinished.length > 0 ? [] : runs.slice(-1);
}
