// What starts runs, looked at and fired by hand.
import { SluiceError } from "@sluice/protocol";
import { triggered } from "@sluice/sdk";
import type { FlowTriggerNote, TriggerDefinition } from "@sluice/sdk";
import type { Program } from "./program.ts";
import { route } from "./webhook-routes.ts";

interface WebhookTriggerRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface TriggerResult {
  readonly success: boolean;
  readonly run_id: string | undefined;
  readonly workflow_id: string | undefined;
  readonly status: number;
  readonly message: string;
}

interface TriggerStats {
  readonly success: true;
  readonly total_triggers: number;
  readonly webhook_triggers: number;
  readonly schedule_triggers: number;
  readonly interval_triggers: number;
  readonly event_triggers: number;
  readonly poll_triggers: number;
  readonly manual_triggers: number;
}

/** A trigger and what it is known by. */
interface ListedTrigger {
  readonly id: string;
  readonly workflow_id: string;
  readonly trigger_type: FlowTriggerNote["type"];
  readonly trigger: TriggerDefinition;
}

export interface TriggersApi {
  readonly executeWebhookTrigger: (request: WebhookTriggerRequest) => Promise<TriggerResult>;
  readonly executeScheduleTrigger: (triggerId: string) => Promise<TriggerResult>;
  readonly getTriggerStats: () => Promise<TriggerStats>;
  readonly getWorkflowTriggers: (workflowId: string) => Promise<readonly ListedTrigger[]>;
  readonly unregisterWorkflowTriggers: (
    workflowId: string,
  ) => Promise<{ readonly success: true; readonly removed: number }>;
  readonly getScheduleTriggers: () => Promise<readonly ListedTrigger[]>;
}

export function triggersApi(program: Program): TriggersApi {
  return {
    executeWebhookTrigger: async (request) => fireWebhook(program, request),
    executeScheduleTrigger: async (triggerId) => fireSchedule(program, triggerId),
    getTriggerStats: async () => statsOf([...program.workflows.keys()].flatMap((id) => listed(program, id))),
    getWorkflowTriggers: async (workflowId) => listed(program, program.workflow(workflowId).getId()),
    unregisterWorkflowTriggers: async (workflowId) => {
      const removed = program.workflow(workflowId).removeTriggers();
      program.changed(workflowId);
      if (program.site !== undefined) await program.deployed();
      return { success: true, removed };
    },
    getScheduleTriggers: async () => [...program.workflows.keys()].flatMap((id) => listed(program, id)).filter(isTimed),
  };
}

const isTimed = ({ trigger_type: type }: ListedTrigger): boolean => type === "schedule" || type === "interval";

/** The triggers of a workflow; their ids are the workflow's, their type and which of its kind they are. */
function listed(program: Program, workflowId: string): ListedTrigger[] {
  const counts = new Map<string, number>();
  return program
    .workflow(workflowId)
    .getTriggers()
    .map((trigger) => {
      const count = (counts.get(trigger.type) ?? 0) + 1;
      counts.set(trigger.type, count);
      return {
        id: `${workflowId}:${trigger.type}-${count}`,
        workflow_id: workflowId,
        trigger_type: trigger.type,
        trigger,
      };
    });
}

function statsOf(triggers: readonly ListedTrigger[]): TriggerStats {
  const count = (type: FlowTriggerNote["type"]): number => triggers.filter((each) => each.trigger_type === type).length;
  return {
    success: true,
    total_triggers: triggers.length,
    webhook_triggers: count("webhook"),
    schedule_triggers: count("schedule"),
    interval_triggers: count("interval"),
    event_triggers: count("event"),
    poll_triggers: count("poll"),
    manual_triggers: count("manual"),
  };
}

async function fireWebhook(program: Program, request: WebhookTriggerRequest): Promise<TriggerResult> {
  const { method = "POST", path, headers = {}, body } = request;
  const answer = await route(program, { method, url: path, headers, body });
  const { run_id, message, error } = answer.body as Readonly<Record<string, string | undefined>>;
  const workflow = run_id === undefined ? undefined : (await program.started().client.run(run_id).get()).workflow;
  return {
    success: answer.status < 400,
    run_id,
    workflow_id: workflow,
    status: answer.status,
    message: answer.cause?.message ?? message ?? error ?? "",
  };
}

async function fireSchedule(program: Program, triggerId: string): Promise<TriggerResult> {
  const all = [...program.workflows.keys()].flatMap((id) => listed(program, id)).filter(isTimed);
  const found = all.find(({ id }) => id === triggerId) ?? all.find(({ workflow_id: id }) => id === triggerId);
  if (found === undefined) {
    throw new SluiceError({
      code: "schedule_not_found",
      message: `There is no schedule ${JSON.stringify(triggerId)}.`,
      hint: `There are: ${all.map(({ id }) => id).join(", ") || "none"}.`,
    });
  }
  const { trigger, workflow_id } = found;
  const cron = trigger.type === "schedule" ? trigger.cron_expression : undefined;
  const note = cron === undefined ? ({ type: "interval" } as const) : ({ type: "schedule", cron } as const);
  const { client } = await program.deployed();
  const run = await client.start(workflow_id, triggered(note, null));
  return { success: true, run_id: run.id, workflow_id, status: 200, message: `Started run ${run.id}.` };
}
