// What cronflow's inner object offers beyond the public one: executing single functions with a context that is written down, and
// schedules that are made while the engine runs.
import { decodeValue, encodeValue } from "@sluice/protocol";
import type { CronflowContext, FlowHandler } from "@sluice/sdk";
import { readOutside } from "./program.ts";
import type { Program } from "./program.ts";
import { sharedState } from "./shared-state.ts";

/** What came of a function that was executed by itself. */
interface ExecutionResult {
  readonly success: boolean;
  readonly output?: unknown;
  readonly error?: string;
}

interface HookResult {
  readonly success: boolean;
  readonly message?: string;
  readonly error?: string;
  readonly hookType: string;
  readonly workflowId: string;
  readonly stepId: string | undefined;
}

type ContextParts = readonly [
  runId: string,
  workflowId: string,
  stepName: string,
  payload?: unknown,
  steps?: Readonly<Record<string, unknown>>,
  stepIndex?: number,
  totalSteps?: number,
];

interface Scheduler {
  readonly start: () => void;
  readonly stop: () => void;
  readonly scheduleWorkflow: (workflowId: string, cron: string) => Promise<void>;
  readonly unscheduleWorkflow: (workflowId: string) => Promise<boolean>;
  readonly getScheduledWorkflows: () => readonly ScheduledWorkflow[];
  readonly getScheduledWorkflow: (workflowId: string) => ScheduledWorkflow | undefined;
  readonly isScheduled: (workflowId: string) => boolean;
  readonly getRunningStatus: () => boolean;
  readonly getStatus: () => { readonly isRunning: boolean; readonly scheduledWorkflows: number };
}

interface ScheduledWorkflow {
  readonly workflowId: string;
  readonly cronExpressions: readonly string[];
}

export interface InnerApi {
  readonly executeStep: (runId: string, stepId: string) => Promise<ExecutionResult>;
  readonly executeStepFunction: (
    ...of: readonly [stepName: string, contextJson: string, workflowId: string, runId: string]
  ) => Promise<ExecutionResult>;
  readonly executeJobFunction: (jobJson: string) => Promise<ExecutionResult>;
  readonly executeWorkflowHook: (
    ...of: readonly [type: string, contextJson: string, workflowId: string, stepId?: string]
  ) => Promise<HookResult>;
  readonly createValidContext: (...parts: ContextParts) => string;
  readonly registerStepHandler: (
    ...of: readonly [workflowId: string, stepId: string, handler: FlowHandler, type?: "step" | "action"]
  ) => void;
  readonly scheduler: Scheduler;
}

export function innerApi(program: Program): InnerApi {
  const handlers = new Map<string, FlowHandler>();
  const handlerOf = (workflow: string, step: string): FlowHandler | undefined =>
    handlers.get(`${workflow}\n${step}`) ?? program.workflows.get(workflow)?.getStep(step)?.handler;
  const execute = async (workflow: string, step: string, written: WrittenContext): Promise<ExecutionResult> => {
    const handler = handlerOf(workflow, step);
    if (handler === undefined) return { success: false, error: `There is no step ${step} in workflow ${workflow}.` };
    return outcomeOf(async () => handler(contextFrom(program, written)));
  };
  return {
    executeStep: async (runId, stepId) => {
      const run = program.started().client.run(runId);
      const { workflow, input } = await run.get();
      const done = (await run.steps()).filter(({ kind, status }) => kind === "step" && status === "completed");
      const steps = Object.fromEntries(done.map(({ name, output }) => [name, { output }]));
      return execute(workflow, stepId, { run_id: runId, workflow_id: workflow, payload: plain(input), steps });
    },
    executeStepFunction: async (...[step, json, workflow, runId]) =>
      execute(workflow, step, { ...readContext(json), run_id: runId, workflow_id: workflow }),
    executeJobFunction: async (jobJson) => {
      const job = JSON.parse(jobJson) as WrittenJob;
      const written = job.context ?? {};
      const workflow = job.workflow_id ?? written.workflow_id ?? "";
      return execute(workflow, job.step_name ?? job.step_id ?? "", { ...written, workflow_id: workflow });
    },
    executeWorkflowHook: async (...[hookType, json, workflowId, stepId]) =>
      runHook(program, { hookType, workflowId, stepId }, readContext(json)),
    createValidContext: (...parts) => JSON.stringify(writtenContext(parts)),
    registerStepHandler: (...[workflow, step, handler]) => void handlers.set(`${workflow}\n${step}`, handler),
    scheduler: makeScheduler(program),
  };
}

interface WrittenContext {
  readonly run_id?: string;
  readonly workflow_id?: string;
  readonly step_name?: string;
  readonly payload?: unknown;
  readonly steps?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message?: string } | string | null;
}

interface WrittenJob {
  readonly workflow_id?: string;
  readonly step_name?: string;
  readonly step_id?: string;
  readonly context?: WrittenContext;
}

function readContext(json: string): WrittenContext {
  return JSON.parse(json) as WrittenContext;
}

async function outcomeOf(work: () => Promise<unknown>): Promise<ExecutionResult> {
  try {
    return { success: true, output: await work() };
  } catch (error) {
    return { success: false, error: error instanceof Error ? error.message : String(error) };
  }
}

function plain(input: unknown): unknown {
  return typeof input === "object" && input !== null && "$trigger" in input && "payload" in input
    ? input.payload
    : input;
}

/** The context of a function that is executed by itself: nothing it does is journaled. */
function contextFrom(program: Program, written: WrittenContext): CronflowContext {
  const { run_id: runId = "", workflow_id: workflowId = "", step_name: name, payload } = written;
  const steps = Object.fromEntries(Object.entries(written.steps ?? {}).map(([id, step]) => [id, outputOf(step)]));
  const failure = written.error ?? undefined;
  const error =
    failure === undefined ? undefined : new Error(typeof failure === "string" ? failure : (failure.message ?? ""));
  const definition = program.workflows.get(workflowId)?.getDefinition();
  const startTime = new Date().toISOString();
  return {
    payload: decodeValue(encodeValue(payload)),
    steps,
    last: Object.values(steps).at(-1)?.output,
    run: { id: runId, runId, workflowId },
    meta: {
      id: workflowId,
      workflowId,
      name: definition?.name ?? workflowId,
      version: definition?.version,
      tags: definition?.tags ?? [],
      runId,
      startTime,
      attempt: 1,
    },
    services: {},
    secrets: {
      get: async (secret) =>
        program.host.secret(secret, definition?.secrets?.[secret] ?? { env: secret }, readOutside(program.env)),
    },
    state: sharedState(() => program.started().client, `workflow:${workflowId}`),
    trigger: { type: "manual", headers: {} },
    cancel: (reason) => {
      throw new Error(`Workflow cancelled: ${typeof reason === "object" ? (reason.reason ?? "") : (reason ?? "")}`);
    },
    error,
    token: undefined,
    idempotencyKey: `${runId}:${name ?? ""}`,
    attempt: 1,
    signal: new AbortController().signal,
    step_name: name,
    step_result: undefined,
    step_status: error === undefined ? undefined : "failed",
    step_error: error?.message,
  };
}

function outputOf(step: unknown): { readonly output: unknown } {
  return typeof step === "object" && step !== null && "output" in step ? { output: step.output } : { output: step };
}

async function runHook(
  program: Program,
  of: { readonly hookType: string; readonly workflowId: string; readonly stepId: string | undefined },
  written: WrittenContext,
): Promise<HookResult> {
  const hooks = program.workflows.get(of.workflowId)?.getDefinition().hooks;
  const hook =
    of.hookType === "onSuccess" ? hooks?.onSuccess : of.hookType === "onFailure" ? hooks?.onFailure : undefined;
  if (hook === undefined) return { success: true, message: `No ${of.hookType} hook defined`, ...of };
  const ctx = contextFrom(program, { workflow_id: of.workflowId, ...written });
  const { success, error } = await outcomeOf(async () => hook(ctx, of.stepId));
  return success
    ? { success, message: `${of.hookType} hook executed successfully`, ...of }
    : { success, error: error ?? "", ...of };
}

function writtenContext(parts: ContextParts): object {
  const [run_id, workflow_id, step_name, payload = {}, steps = {}, step_index = 0, total_steps = 1] = parts;
  const now = new Date().toISOString();
  return {
    run_id,
    workflow_id,
    step_name,
    payload,
    steps,
    run: { id: run_id, workflow_id, status: "running", payload, started_at: now, completed_at: null, error: null },
    metadata: { created_at: now, step_index, total_steps, timeout: null, retry_count: 0, max_retries: 3 },
  };
}

function makeScheduler(program: Program): Scheduler {
  const scheduled = (workflowId: string): ScheduledWorkflow | undefined => {
    const triggers = program.workflows.get(workflowId)?.getTriggers() ?? [];
    const cronExpressions = triggers.flatMap((each) => (each.type === "schedule" ? [each.cron_expression] : []));
    return cronExpressions.length === 0 ? undefined : { workflowId, cronExpressions };
  };
  const all = (): ScheduledWorkflow[] =>
    [...program.workflows.keys()].map(scheduled).filter((each): each is ScheduledWorkflow => each !== undefined);
  const deployed = async (id: string): Promise<void> => {
    program.changed(id);
    if (program.site !== undefined) await program.deployed();
  };
  const running = (): boolean => program.state === "STARTED";
  return {
    // Schedules are the engine's: they go with it.
    start: () => undefined,
    stop: () => undefined,
    scheduleWorkflow: async (id, cron) => {
      program.workflow(id).onSchedule(cron);
      await deployed(id);
    },
    unscheduleWorkflow: async (id) => {
      const had = scheduled(id) !== undefined;
      program.workflow(id).removeTriggers("schedule");
      await deployed(id);
      return had;
    },
    getScheduledWorkflows: all,
    getScheduledWorkflow: scheduled,
    isScheduled: (id) => scheduled(id) !== undefined,
    getRunningStatus: running,
    getStatus: () => ({ isRunning: running(), scheduledWorkflows: all().length }),
  };
}
