// Calling a task from a workflow: what the call and the task say of how it is carried out becomes a plan in the journal.
import { encodeValue, normalizeRetry, parseDuration } from "@sluice/protocol";
import type { TaskPlan } from "@sluice/protocol";
import { checkTaskPolicy } from "@sluice/sdk";
import type { Task, TaskCallOptions, TaskOptions, TaskPolicy } from "@sluice/sdk";
import type { DurableCall } from "./caller.ts";
import type { Place } from "./calls.ts";
import { parsed } from "./child-call.ts";
import type { Incarnation } from "./incarnation.ts";
import { undoRetry } from "./undo.ts";
import type { UndoRecord } from "./undo.ts";
import { decoded, timedOut, timeLimit } from "./time-limit.ts";

export interface TaskRequest {
  readonly task: Task | string;
  readonly input: unknown;
  readonly options: TaskCallOptions<unknown>;
}

/** The journaled call of a task. */
export function taskCall(run: Incarnation, { task, input, options }: TaskRequest): DurableCall {
  const { name, known } = definitionOf(run, task);
  const policy = { ...known, ...options };
  const undo = undoOf(run, { input, policy, undo: options.undo });
  let record: UndoRecord | undefined;
  return {
    kind: "task",
    name,
    wait: "waiting_for_task",
    ...(undo === undefined ? {} : { placed: (place: Place) => (record = recordOf(run, place, undo)) }),
    op: async ({ seq, n }) => {
      const plan = planOf(name, policy, run.idempotencyKey(seq));
      // Told early; the function is given what the schema makes of it where it is done.
      if (known?.input !== undefined) await parsed(name, known.input, input);
      const op = { op: "task", seq, name, n, input: encodeValue(input), plan, ...timeLimit(options.deadline) } as const;
      if (record === undefined) return op;
      record.begun = true;
      return { ...op, undo: true };
    },
    value: decoded,
    failed: timedOut(`Task ${name}`, options),
  };
}

/** Its name, and what is known of it here: a task of another make is known by its name only. */
function definitionOf(
  run: Incarnation,
  task: Task | string,
): { readonly name: string; readonly known: TaskOptions | undefined } {
  if (typeof task !== "string") return { name: task.name, known: task.options };
  return { name: task, known: run.host.taskNamed(task)?.options };
}

/** How the effect is taken back. Throws at the call for a policy that makes no sense: an undo must not find out. */
function undoOf(
  run: Incarnation,
  p: { readonly input: unknown; readonly policy: TaskPolicy; readonly undo: TaskCallOptions["undo"] },
): UndoRecord["undo"] | undefined {
  const { input, policy, undo } = p;
  if (undo === undefined || typeof undo === "function") return undo;
  const { name, known } = definitionOf(run, undo);
  const on = known?.on ?? policy.on;
  const own = { retry: undoRetry, ...known, ...(on === undefined ? {} : { on }) };
  checkTaskPolicy(`The undo ${name}`, own);
  return {
    task: name,
    plan: (key) => planOf(name, own, key),
    input: (result) => encodeValue({ input, result }),
  };
}

/** Its effect is known to the run from here on, also where the workflow never sees its result: a lost race has no use for it. */
function recordOf(run: Incarnation, { seq, name, n, entry }: Place, undo: UndoRecord["undo"]): UndoRecord {
  const record: UndoRecord = { seq, name, n, begun: entry?.undo === true, result: undefined, undo };
  run.undos.push(record);
  const { replay } = run;
  const known = entry?.status === "completed" ? entry : replay.settlementOf(seq);
  if (known?.status === "completed") record.result = decoded(known.value);
  replay.results.set(seq, (value) => (record.result = decoded(value)));
  return record;
}

function planOf(name: string, policy: TaskPolicy, key: string): TaskPlan {
  checkTaskPolicy(`The call of task ${name}`, policy);
  const { on, resources, timeout, heartbeat, retry } = policy;
  return {
    retry: normalizeRetry(retry === undefined || retry === false ? { attempts: 1 } : retry),
    key,
    ...(on === undefined ? {} : { on }),
    ...(resources === undefined ? {} : { resources }),
    ...(timeout === undefined ? {} : { timeout: parseDuration(timeout) }),
    ...(heartbeat === undefined ? {} : { beat: parseDuration(heartbeat) }),
  };
}
