// The table of schedules.
import type { ScheduleRecord } from "../../kernel/run-store.ts";
import type { Connection } from "./connection.ts";
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
export const listHeldTimesSql = `SELECT schedule, time, at FROM schedule_held WHERE schedule = coalesce(?1, schedule)
  ORDER BY schedule, time LIMIT ?2`;
export const countHeldTimesSql =
  "SELECT schedule, count(*) AS count FROM schedule_held GROUP BY schedule ORDER BY schedule";
const isHeldSql = "SELECT 1 AS held FROM schedule_held WHERE schedule = ? AND time = ?";
const holdSql = "INSERT OR IGNORE INTO schedule_held (schedule, time, at) VALUES (?, ?, ?)";
const letGoSql = "DELETE FROM schedule_held WHERE schedule = ? AND time = ?";
const letAllGoSql = "DELETE FROM schedule_held WHERE schedule = ?";

export class ScheduleTable {
  readonly #list;
  readonly #get;
  readonly #put;
  readonly #codeOfWorkflow;
  readonly #delete;
  readonly #pause;
  readonly #resume;
  readonly #handled;
  readonly #isHeld;
  readonly #hold;
  readonly #letGo;
  readonly #letAllGo;

  constructor(db: Connection) {
    this.#list = lazily<ScheduleRow>(db, listSchedulesSql);
    this.#get = lazily<ScheduleRow>(db, getSql);
    this.#put = lazily(db, putSql);
    this.#codeOfWorkflow = lazily<{ id: string }>(db, codeOfWorkflowSql);
    this.#delete = lazily(db, deleteSql);
    this.#pause = lazily(db, pauseSql);
    this.#resume = lazily(db, resumeSql);
    this.#handled = lazily(db, handledSql);
    this.#isHeld = lazily<{ held: number }>(db, isHeldSql);
    this.#hold = lazily(db, holdSql);
    this.#letGo = lazily(db, letGoSql);
    this.#letAllGo = lazily(db, letAllGoSql);
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
    this.#letAllGo().run(id);
  }

  setPaused(id: string, paused: boolean, now: number): void {
    if (paused) this.#pause().run(id);
    else this.#resume().run(id, now);
  }

  setHandled(id: string, until: number): void {
    this.#handled().run(until, id);
  }

  isHeld(id: string, time: number): boolean {
    return this.#isHeld().get(id, time) !== null;
  }

  hold(id: string, time: number, now: number): void {
    this.#hold().run(id, time, now);
  }

  letGo(id: string, time: number): void {
    this.#letGo().run(id, time);
  }

  letAllGo(id: string): void {
    this.#letAllGo().run(id);
  }
}

export function toSchedule(row: ScheduleRow): ScheduleRecord {
  return { ...row, paused: row.paused === 1 };
}
