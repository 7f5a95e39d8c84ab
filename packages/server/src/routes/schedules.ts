// Schedules: what starts by itself, when next, and an operator's say in it.
import { unwrap } from "@sluice/core";
import type { ScheduleRecord } from "@sluice/core";
import { SluiceError } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { fieldsOf, quoted } from "../fields.ts";
import { showValue } from "../show.ts";
import { reply } from "../wire.ts";
import { answerRun } from "./runs.ts";

const nextMax = 100;
const nextDefault = 5;

async function showSchedule(call: Call, schedule: ScheduleRecord): Promise<Record<string, unknown>> {
  const next = schedule.paused ? undefined : call.engine.schedules.preview(schedule.id, 1)[0];
  return {
    id: schedule.id,
    workflow: schedule.workflow,
    cron: schedule.cron,
    timezone: schedule.timezone,
    input: await showValue(call.engine, call.wire, schedule.input),
    catchUp: schedule.catchUp,
    catchUpMax: schedule.catchUpMax,
    overlap: schedule.overlap,
    jitterMs: schedule.jitterMs,
    paused: schedule.paused,
    source: schedule.source,
    createdAt: schedule.createdAt,
    nextAt: next ?? null,
    waiting: call.engine.schedules.waiting(schedule.id) ?? null,
  };
}

export async function listSchedules(call: Call): Promise<Response> {
  call.query().done();
  const schedules = await Promise.all(
    call.engine.schedules.list(call.access("schedule:read")).map(async (schedule) => showSchedule(call, schedule)),
  );
  return reply(call.wire, 200, { schedules });
}

/** `next` is how many of the coming times are shown. */
export async function getSchedule(call: Call): Promise<Response> {
  const query = call.query();
  const count = query.integer("next", { min: 0, max: nextMax }) ?? nextDefault;
  query.done();
  const id = call.param(0);
  const schedule = call.engine.schedules.get(id);
  if (schedule === undefined || !call.may("schedule:read", schedule.workflow)) throw scheduleNotFound(id);
  return reply(call.wire, 200, {
    schedule: await showSchedule(call, schedule),
    next: call.engine.schedules.preview(id, count),
  });
}

function scheduleNotFound(id: string): SluiceError {
  return new SluiceError({
    code: "schedule_not_found",
    message: `There is no schedule ${quoted(id)}.`,
    hint: "GET /api/v1/schedules lists those that are there.",
  });
}

/** The body is empty, and the schedule one that may be controlled. */
async function checkControl(call: Call): Promise<void> {
  call.query().done();
  const id = call.param(0);
  const missing = (): SluiceError => scheduleNotFound(id);
  const workflow = call.engine.schedules.get(id)?.workflow;
  if (workflow === undefined) throw missing();
  call.requireOn("schedule:control", workflow, { seenBy: "schedule:read", missing });
  fieldsOf((await call.body()).content, []);
}

async function setPaused(call: Call, paused: boolean): Promise<Response> {
  await checkControl(call);
  const schedule = unwrap(await call.engine.schedules.setPaused(call.actor, call.param(0), paused));
  return reply(call.wire, 200, { schedule: await showSchedule(call, schedule) });
}

export async function pauseSchedule(call: Call): Promise<Response> {
  return setPaused(call, true);
}

export async function resumeSchedule(call: Call): Promise<Response> {
  return setPaused(call, false);
}

export async function runSchedule(call: Call): Promise<Response> {
  await checkControl(call);
  const { run } = unwrap(await call.engine.schedules.runNow(call.actor, call.param(0)));
  return answerRun(call, 201, { run });
}
