// The table of schedules and the verbs that keep it.
import type { Connection } from "./connection.ts";
import type { Actor, Effects, RunRecord, RunStore, ScheduleRecord } from "../../kernel/run-store.ts";
import { blobOwners } from "./blob-refs.ts";
import type { Change } from "./change.ts";
import { insertRun } from "./creation.ts";
import { readiness } from "./run-row.ts";
import { lazily } from "./statement.ts";

type ScheduleRow = Omit<ScheduleRecord, "paused"> & { readonly paused: number };

const columns = `id, workflow, cron, timezone, input, catch_up AS catchUp, catch_up_max AS catchUpMax, overlap,
  jitter_ms AS jitterMs, paused, created_at AS createdAt, handled_until AS handledUntil, source`;
export const listSchedulesSql = `SELECT ${columns} FROM schedules ORDER BY id`;
const getSql = `SELECT ${columns} FROM schedules WHERE id = ?`;
const putSql = `INSERT INTO schedules (id, workflow, cron, timezone, input, catch_up, catch_up_max, overlap, jitter_ms, paused,
  created_at, handled_until, source) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10, ?10, ?11)
  ON CONFLICT (id) DO UPDATE SET workflow = excluded.workflow, cron = excluded.cron, timezone = excluded.timezone,
  input = excluded.input, catch_up = excluded.catch_up, catch_up_max = excluded.catch_up_max, overlap = excluded.overlap,
  jitter_ms = excluded.jitter_ms, source = excluded.source`;
const codeOfWorkflowSql = "SELECT id FROM schedules WHERE source = 'code' AND workflow = ?";
const deleteSql = "DELETE FROM schedules WHERE id = ?";
const pauseSql = "UPDATE schedules SET paused = 1 WHERE id = ?";
const resumeSql = "UPDATE schedules SET paused = 0, handled_until = max(handled_until, ?2) WHERE id = ?1";
const handledSql = "UPDATE schedules SET handled_until = ? WHERE id = ?";

export class ScheduleTable {
  readonly #list;
  readonly #get;
  readonly #put;
  readonly #codeOfWorkflow;
  readonly #delete;
  readonly #pause;
  readonly #resume;
  readonly #handled;

  constructor(db: Connection) {
    this.#list = lazily<ScheduleRow>(db, listSchedulesSql);
    this.#get = lazily<ScheduleRow>(db, getSql);
    this.#put = lazily(db, putSql);
    this.#codeOfWorkflow = lazily<{ id: string }>(db, codeOfWorkflowSql);
    this.#delete = lazily(db, deleteSql);
    this.#pause = lazily(db, pauseSql);
    this.#resume = lazily(db, resumeSql);
    this.#handled = lazily(db, handledSql);
  }

  list(): readonly ScheduleRecord[] {
    return this.#list().all().map(toSchedule);
  }

  get(id: string): ScheduleRecord | undefined {
    const row = this.#get().get(id);
    return row === null ? undefined : toSchedule(row);
  }

  /** Adds or replaces a schedule; whether it is paused and what was handled stay. */
  put(s: Omit<ScheduleRecord, "paused" | "handledUntil">): void {
    // prettier-ignore
    this.#put().run(s.id, s.workflow, s.cron, s.timezone, s.input, s.catchUp, s.catchUpMax, s.overlap, s.jitterMs,
      s.createdAt, s.source);
  }

  idsFromCode(workflow: string): readonly string[] {
    return this.#codeOfWorkflow()
      .all(workflow)
      .map((row) => row.id);
  }

  delete(id: string): void {
    this.#delete().run(id);
  }

  setPaused(id: string, paused: boolean, now: number): void {
    if (paused) this.#pause().run(id);
    else this.#resume().run(id, now);
  }

  setHandled(id: string, until: number): void {
    this.#handled().run(until, id);
  }
}

export function toSchedule(row: ScheduleRow): ScheduleRecord {
  return { ...row, paused: row.paused === 1 };
}

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
