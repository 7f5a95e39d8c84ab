// The verbs that keep the table of schedules.
import type { Actor, Effects, RunRecord, RunStore, ScheduleRecord } from "../../kernel/run-store.ts";
import { blobOwners } from "./blob-refs.ts";
import type { Change } from "./change.ts";
import { insertRun } from "./creation.ts";
import { readiness } from "./run-row.ts";

type Params<Verb extends keyof RunStore> = Parameters<RunStore[Verb]>[0];

export function putSchedules(cx: Change, p: Params<"putSchedules">): readonly ScheduleRecord[] {
  const { schedules, blobs } = cx.t;
  const kept = new Set(p.schedules.map((schedule) => schedule.id));
  for (const workflow of p.workflows) {
    for (const id of schedules.idsFromCode(workflow)) {
      if (kept.has(id)) continue;
      schedules.delete(id);
      blobs.release(blobOwners.schedule(id));
    }
  }
  for (const schedule of p.schedules) {
    schedules.put(schedule);
    blobs.release(blobOwners.schedule(schedule.id));
    blobs.note(blobOwners.schedule(schedule.id), schedule.input);
  }
  return schedules.list();
}

export function setSchedulePaused(cx: Change, p: Params<"setSchedulePaused">): ScheduleRecord | undefined {
  const { schedules } = cx.t;
  const before = schedules.get(p.schedule);
  if (before === undefined) return undefined;
  if (before.paused !== p.paused) schedules.setPaused(p.schedule, p.paused, p.now);
  return schedules.get(p.schedule);
}

export type Fired = { outcome: "ok"; created: RunRecord[]; skipped: number; effects: Effects } | { outcome: "stale" };

/** Creates the runs of nominal times and moves on, unless somebody has done so before. */
export function fireSchedule(cx: Change, p: Params<"fireSchedule">): Fired {
  const { runs, schedules } = cx.t;
  const schedule = schedules.get(p.schedule);
  if (schedule === undefined || schedule.handledUntil !== p.expect) return { outcome: "stale" };
  schedules.setHandled(p.schedule, p.handledUntil);
  const unfinished = p.overlap === "skip" || p.overlap === "cancel" ? runs.unfinishedOfSchedule(p.schedule) : [];
  const wanted = p.overlap !== "skip" ? p.runs : unfinished.length > 0 ? [] : p.runs.slice(-1);
  const by: Actor = { kind: "schedule", id: p.schedule };
  const created: RunRecord[] = [];
  for (const run of wanted) {
    const outcome = insertRun(cx, { by, run, now: p.now });
    if (outcome.outcome !== "created") continue;
    if (outcome.run.ready === readiness.claimable) cx.ready++;
    created.push(runs.recordOf(outcome.run));
  }
  if (p.overlap === "cancel" && created.length > 0) {
    for (const id of unfinished) {
      const run = runs.get(id);
      if (run !== undefined) cx.cancel(run, p.cancel.notice, p.cancel.error);
    }
  }
  return { outcome: "ok", created, skipped: p.runs.length - created.length, effects: cx.effects() };
}
