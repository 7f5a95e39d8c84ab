// Tasks: what open entries of kind task wait for. Given out, settled, tried again, all under an epoch.
import type { StoreOp } from "../../kernel/run-store.ts";
import type { TaskOutcome, TaskRecord, TaskStore, TaskTicket } from "../../kernel/task-store.ts";
import { withAttempt } from "./append-step.ts";
import { assert } from "./assert.ts";
import { appendLog } from "./append-run.ts";
import { Change } from "./change.ts";
import { openEntry } from "./journal.ts";
import type { EntryRow, RunRow, WaitRow } from "./rows.ts";
import { settle, wait } from "./settle.ts";
import type { Tables } from "./tables.ts";

type Params<Verb extends keyof TaskStore> = Parameters<TaskStore[Verb]>[0];

/** Writes the open entry of a task, given out once. */
export function appendTask(change: Change, run: RunRow, op: Extract<StoreOp, { readonly op: "task" }>): void {
  const { seq, name, n, undo } = op;
  const asked = run.entries.get(seq);
  const isKept = asked?.wait?.kind === "task" && asked.entry.name === name;
  // Asked for again by another life of the run, while what a retry has done again waits for it: it goes on.
  if (isKept) return;
  // Other code asks for another task in the place: what was asked for before is nobody's any more.
  const other = asked?.wait?.kind === "task" && asked.entry.place !== undefined;
  const row = openEntry(run, { seq, name, n, kind: seq < 0 ? "undo" : "task", at: change.now, undo });
  if (other && row?.wait !== undefined) change.tables.waits.remove(row.wait);
  if (row === undefined || row.wait !== undefined) return;
  const task = { input: op.input, plan: op.plan, epoch: 1 };
  wait(change, row, { kind: "task", due: op.due, ref: op.task, task });
}

interface Current {
  readonly entry: EntryRow;
  readonly task: NonNullable<WaitRow["task"]>;
}

/** The task and its entry, while this is how it was given out last. */
function current(tables: Tables, p: TaskTicket): Current | undefined {
  const [found] = tables.waits.waitingFor("task", p.task);
  if (found?.task === undefined || found.entry === undefined || found.task.epoch !== p.epoch) return undefined;
  return { entry: found.entry, task: found.task };
}

export function claimTasks(tables: Tables, p: Params<"claimTasks">): { claimed: TaskTicket[] } {
  const claimed: TaskTicket[] = [];
  for (const ticket of p.tasks) {
    const found = current(tables, ticket);
    if (found === undefined) continue;
    found.task.epoch++;
    claimed.push({ task: ticket.task, epoch: found.task.epoch });
  }
  return { claimed };
}

export function settleTask(tables: Tables, p: Params<"settleTask">): TaskOutcome {
  const found = current(tables, p);
  if (found === undefined) return { outcome: "stale" };
  const change = new Change(tables, p.now);
  found.entry.entry.attempt = p.attempt;
  found.entry.entry.error = undefined;
  settle(change, found.entry, { value: p.value, error: p.error });
  return { outcome: "ok", effects: change.effects() };
}

export function retryTask(tables: Tables, p: Params<"retryTask">): TaskOutcome {
  const found = current(tables, p);
  if (found === undefined) return { outcome: "stale" };
  const { entry: row, task } = found;
  const change = new Change(tables, p.now);
  const { attempt, error, startedAt: at, due } = p;
  row.entry.attempt = attempt;
  row.entry.error = error;
  row.entry.due = due;
  row.attempts = withAttempt(row.attempts ?? [], { op: { attempt, error, at }, end: p.now, due });
  task.epoch++;
  change.touch(row.run);
  return { outcome: "ok", effects: change.effects() };
}

export function noteTask(tables: Tables, p: Params<"noteTask">): TaskOutcome {
  const found = current(tables, p);
  if (found === undefined) return { outcome: "stale" };
  const { run } = found.entry;
  for (const line of p.lines) appendLog(run, line);
  if (p.progress !== undefined) run.record.progress = p.progress;
  return { outcome: "ok", effects: new Change(tables, p.now).effects() };
}

/** Tasks that have not ended, in the order in which they were made. */
export function listTasks(tables: Tables, p: Params<"listTasks">): readonly TaskRecord[] {
  const all = tables.runs.all().flatMap((run) => [...run.waits].filter((each) => each.kind === "task"));
  const ordered = all.toSorted((a, b) => a.place - b.place);
  const { after = -1 } = p;
  return ordered
    .filter(({ place }) => place > after)
    .slice(0, p.limit)
    .map(recordOf);
}

function recordOf({ run, seq, ref, place, entry: row, task, due }: WaitRow): TaskRecord {
  assert(row !== undefined && task !== undefined && ref !== undefined, "a task has an entry, and what it is");
  const { id, workflow, version } = run.record;
  const { name, attempt, at, error, due: notBefore } = row.entry;
  const failed = error !== undefined;
  return {
    task: ref,
    place,
    run: id,
    workflow,
    version,
    seq,
    name,
    input: task.input,
    plan: task.plan,
    epoch: task.epoch,
    attempt: failed ? attempt + 1 : attempt,
    createdAt: at,
    ...(failed && notBefore !== undefined ? { notBefore } : {}),
    ...(due === undefined ? {} : { deadline: due }),
  };
}
