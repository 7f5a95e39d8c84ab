// Calling a task from a workflow: what the call and the task say of how it is carried out becomes a plan in the journal.
import { encodeValue, normalizeRetry, parseDuration } from "@sluice/protocol";
import type { TaskPlan } from "@sluice/protocol";
import { checkTaskPolicy } from "@sluice/sdk";
import type { Task, TaskCallOptions, TaskPolicy } from "@sluice/sdk";
import type { DurableCall } from "./caller.ts";
import { parsed } from "./child-call.ts";
import type { Incarnation } from "./incarnation.ts";
import { decoded, timedOut, timeLimit } from "./time-limit.ts";

export interface TaskRequest {
  readonly task: Task | string;
  readonly input: unknown;
  readonly options: TaskCallOptions<unknown>;
}

/** The journaled call of a task. */
export function taskCall(run: Incarnation, { task, input, options }: TaskRequest): DurableCall {
  const name = typeof task === "string" ? task : task.name;
  const known = typeof task === "string" ? run.host.taskNamed(name)?.options : task.options;
  return {
    kind: "task",
    name,
    wait: "waiting_for_task",
    op: async ({ seq, n }) => {
      const plan = planOf(name, { ...known, ...options }, run.idempotencyKey(seq));
      // Told early; the function is given what the schema makes of it where it is done.
      if (known?.input !== undefined) await parsed(name, known.input, input);
      return { op: "task", seq, name, n, input: encodeValue(input), plan, ...timeLimit(options.deadline) };
    },
    value: decoded,
    failed: timedOut(`Task ${name}`, options),
  };
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
