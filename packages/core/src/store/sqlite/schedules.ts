// The verbs that keep the table of schedules.
import type { Actor, RunRecord, RunStore, ScheduleRecord } from "../../kernel/run-store.ts";
import { dueTimes, isLastOnly, isRefusal, refusedToo, turnedAway, wantedTimes } from "../refused-starts.ts";
import type { Refusals } from "../refused-starts.ts";
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

export type Fired = Awaited<ReturnType<RunStore["fireSchedule"]>>;

/** Creates the runs of nominal times and moves on, unless somebody has done so before. */
export function fireSchedule(cx: Change, p: Params<"fireSchedule">): Fired {
  const { runs, schedules } = cx.t;
  const schedule = schedules.get(p.schedule);
  if (schedule === undefined || schedule.handledUntil !== p.expect) return { outcome: "stale" };
  schedules.setHandled(p.schedule, p.handledUntil);
  const due = dueTimes(p, (time) => schedules.isHeld(p.schedule, time));
  const unfinished = isLastOnly(p) ? runs.unfinishedOfSchedule(p.schedule) : [];
  // What is due now stands for what was held before it.
  if (isLastOnly(p) && due.length > 0) schedules.letAllGo(p.schedule);
  const by: Actor = { kind: "schedule", id: p.schedule };
  const created: RunRecord[] = [];
  let refused: Refusals | undefined;
  for (const { run, time } of wantedTimes(p, due, unfinished.length > 0)) {
    const outcome = insertRun(cx, { by, run, now: p.now });
    if (time !== undefined && isRefusal(outcome)) {
      refused = refusedToo(refused, outcome, p.now);
      schedules.hold(p.schedule, time, p.now);
      continue;
    }
    if (time !== undefined && p.held === true) schedules.letGo(p.schedule, time);
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
  return { outcome: "ok", created, ...turnedAway(p, created.length, refused), effects: cx.effects() };
}
