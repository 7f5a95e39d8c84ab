// Tasks: what open entries of kind task wait for. Given out, settled, tried again, all under an epoch.
import type { TaskPlan } from "@sluice/protocol";
import type { StoreOp } from "../../kernel/run-store.ts";
import type { TaskOutcome, TaskRecord, TaskStore, TaskTicket } from "../../kernel/task-store.ts";
import { keptError } from "../attempts.ts";
import { Change } from "./change.ts";
import type { Connection } from "./connection.ts";
import { addWait, countUndo, noted, type Appending } from "./placing.ts";
import { nothing, runFlags, type Run } from "./run-row.ts";
import { lazily } from "./statement.ts";
import type { Tables } from "./tables.ts";
import type { Wait } from "./waits.ts";

type Params<Verb extends keyof TaskStore> = Parameters<TaskStore[Verb]>[0];

const epochSql = "UPDATE waits SET ttl = ? WHERE run = ? AND seq = ?";
const attemptSql = "UPDATE entries SET attempt = ? WHERE run = ? AND seq = ?";
const listSql = `SELECT w.ref AS task, w.no AS place, w.run, r.workflow, r.version, w.seq, e.name, w.match AS input, w.key AS plan, w.ttl AS epoch,
  e.attempt, e.error IS NOT NULL AS failed, e.started_at AS createdAt, e.due AS notBefore, w.due AS deadline
  FROM (SELECT * FROM waits INDEXED BY waits_of_tasks WHERE kind = 'task'
    AND no > ? ORDER BY no LIMIT ?) AS w
  CROSS JOIN runs AS r ON r.id = w.run CROSS JOIN entries AS e ON e.run = w.run AND e.seq = w.seq ORDER BY w.no`;

interface TaskRow {
  readonly task: string;
  readonly place: number;
  readonly run: string;
  readonly workflow: string;
  readonly version: string;
  readonly seq: number;
  readonly name: string;
  readonly input: Uint8Array;
  readonly plan: string;
  readonly epoch: number;
  readonly attempt: number;
  readonly failed: number;
  readonly createdAt: number;
  readonly notBefore: number | null;
  readonly deadline: number | null;
}

/** What only tasks have to write. */
export class TaskTable {
  readonly #epoch;
  readonly #attempt;

  constructor(db: Connection) {
    this.#epoch = lazily(db, epochSql);
    this.#attempt = lazily(db, attemptSql);
  }

  setEpoch(wait: Wait, epoch: number): void {
    this.#epoch().run(epoch, wait.run, wait.seq);
  }

  setAttempt(wait: Wait, attempt: number): void {
    this.#attempt().run(attempt, wait.run, wait.seq);
  }
}

/** Writes the open entry of a task, given out once. */
export function beginTask(a: Appending, op: Extract<StoreOp, { op: "task" }>): void {
  const { cx, run } = a;
  // Asked for again by another life of the run, while what a retry has done again waits for it: it goes on.
  const isKept = cx.t.waits.get(run.id, op.seq)?.kind === "task" && cx.t.journal.get(run.id, op.seq)?.name === op.name;
  if (isKept) return;
  countUndo(a, op);
  const kind = op.seq < 0 ? "undo" : "task";
  // prettier-ignore
  const written = cx.t.journal.put({ run: run.id, seq: op.seq, kind, name: op.name, n: op.n, status: "running",
    ord: 0, attempt: 1, at: cx.now, end: 0, due: op.due, undo: op.undo === true });
  if (!written) return;
  const match = noted(a, op.input);
  addWait(a, op.seq, { wait: "task", due: op.due, ref: op.task, key: JSON.stringify(op.plan), match, ttl: 1 });
}

/** The task and its run, while this is how it was given out last. */
function current(t: Tables, p: TaskTicket): { readonly wait: Wait; readonly run: Run } | undefined {
  const wait = t.waits.oldestOn(p.task, "task");
  if (wait === undefined || wait.ttl !== p.epoch) return undefined;
  const run = t.runs.get(wait.run);
  return run === undefined ? undefined : { wait, run };
}

export function claimTasks(t: Tables, p: Params<"claimTasks">): { claimed: TaskTicket[] } {
  const claimed: TaskTicket[] = [];
  for (const ticket of p.tasks) {
    const found = current(t, ticket);
    if (found === undefined) continue;
    const epoch = ticket.epoch + 1;
    t.tasks.setEpoch(found.wait, epoch);
    claimed.push({ task: ticket.task, epoch });
  }
  return { claimed };
}

export function settleTask(t: Tables, p: Params<"settleTask">): TaskOutcome {
  const found = current(t, p);
  if (found === undefined) return { outcome: "stale" };
  const cx = new Change(t, p.now);
  if (p.attempt > 1) t.tasks.setAttempt(found.wait, p.attempt);
  cx.settle(found.run, found.wait.seq, { failed: p.error !== undefined, bytes: p.error ?? p.value ?? nothing });
  return { outcome: "ok", effects: cx.effects() };
}

export function retryTask(t: Tables, p: Params<"retryTask">): TaskOutcome {
  const found = current(t, p);
  if (found === undefined) return { outcome: "stale" };
  const { wait, run } = found;
  const cx = new Change(t, p.now);
  const entry = t.journal.get(run.id, wait.seq);
  if (entry === undefined) throw new Error(`task ${p.task} has no entry`);
  const a: Appending = { cx, run };
  // prettier-ignore
  t.journal.put({ ...entry, run: run.id, attempt: p.attempt, error: noted(a, p.error), due: p.due, undo: entry.undo === true });
  const attempt = { run: run.id, seq: wait.seq, attempt: p.attempt, firstAt: p.startedAt, end: p.now, due: p.due };
  t.attempts.put({ ...attempt, error: keptError(p.error) });
  t.runs.mark(run, runFlags.attempts);
  t.tasks.setEpoch(wait, p.epoch + 1);
  cx.touch(run.id);
  return { outcome: "ok", effects: cx.effects() };
}

export function noteTask(t: Tables, p: Params<"noteTask">): TaskOutcome {
  const found = current(t, p);
  if (found === undefined) return { outcome: "stale" };
  const { run } = found;
  const cx = new Change(t, p.now);
  for (const line of p.lines) t.logs.add(run.id, line);
  if (p.lines.length > 0) t.runs.mark(run, runFlags.logs);
  if (p.progress !== undefined) t.runs.setProgress(run.id, noted({ cx, run }, p.progress));
  return { outcome: "ok", effects: cx.effects() };
}

/** Tasks that have not ended, in the order in which they were made. */
export function listTasks(db: Connection, p: Params<"listTasks">): readonly TaskRecord[] {
  return db.rows<TaskRow>(listSql, p.after ?? 0, p.limit).map((row) => {
    const { plan, failed, notBefore, deadline, attempt, ...rest } = row;
    return {
      ...rest,
      plan: JSON.parse(plan) as TaskPlan,
      attempt: failed === 1 ? attempt + 1 : attempt,
      ...(failed === 1 && notBefore !== null ? { notBefore } : {}),
      ...(deadline === null ? {} : { deadline }),
    };
  });
}
