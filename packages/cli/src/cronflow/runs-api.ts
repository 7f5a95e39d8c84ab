// Starting runs and looking at them: `trigger`, `inspect`, `cancelRun`, `replay` and what counts them.
import type { RunStatus } from "@sluice/protocol";
import { triggered } from "@sluice/sdk";
import type { FlowHandler, Run, Step } from "@sluice/sdk";
import type { Program } from "./program.ts";

/** A run as `inspect` shows it. Times are ISO 8601. */
export interface InspectedRun {
  readonly id: string;
  readonly runId: string;
  readonly workflow_id: string;
  readonly status: RunStatus;
  readonly payload: unknown;
  readonly output: unknown;
  readonly error: string | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly completed_at: string | null;
  readonly steps: readonly InspectedStep[];
}

export interface InspectedStep {
  readonly step_id: string;
  readonly name: string;
  readonly kind: string;
  readonly status: Step["status"];
  readonly output: unknown;
  readonly error: string | null;
  readonly attempts: number;
  readonly started_at: string;
  readonly completed_at: string | null;
  readonly duration_ms: number | null;
}

export interface ReplayOptions {
  /** Another payload than the recorded one. */
  readonly overridePayload?: unknown;
  /** Functions in place of steps: an object by name, or what is called to name them. */
  readonly mockStep?:
    | Readonly<Record<string, FlowHandler>>
    | ((mock: (step: string, handler: FlowHandler) => void) => void);
}

export interface ConcurrencyStats {
  readonly workflowId: string;
  readonly running: number;
  readonly queued: number;
  readonly waiting: number;
  /** Runs at the same time; `Infinity` where there is no limit. */
  readonly limit: number;
}

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

export interface RunsApi {
  readonly trigger: (workflowId: string, payload?: unknown) => Promise<string>;
  readonly inspect: (runId: string) => Promise<InspectedRun>;
  readonly cancelRun: (runId: string, reason?: string) => Promise<void>;
  readonly replay: (runId: string, options?: ReplayOptions) => Promise<string>;
  readonly getConcurrencyStats: (workflowId?: string) => Promise<ConcurrencyStats | readonly ConcurrencyStats[]>;
  readonly executeManualTrigger: (workflowId: string, payload?: unknown) => Promise<ManualTriggerResult>;
}

interface ManualTriggerResult {
  readonly success: true;
  readonly run_id: string;
  readonly workflow_id: string;
  readonly message: string;
}

export function runsApi(program: Program): RunsApi {
  const trigger = async (workflowId: string, payload?: unknown): Promise<string> => {
    program.workflow(workflowId);
    const { client } = await program.deployed();
    return (await client.start(workflowId, payload)).id;
  };
  return {
    trigger,
    inspect: async (runId) => {
      const run = program.started().client.run(runId);
      return inspected(await run.get(), await run.steps());
    },
    cancelRun: async (runId, reason) => program.started().client.run(runId).cancel(reason),
    replay: async (runId, options = {}) => replay(program, runId, options),
    getConcurrencyStats: async (workflowId) => {
      if (workflowId !== undefined) return concurrencyOf(program, program.workflow(workflowId).getId());
      return Promise.all([...program.workflows.keys()].map(async (id) => concurrencyOf(program, id)));
    },
    executeManualTrigger: async (workflowId, payload) => {
      const run_id = await trigger(workflowId, payload);
      return { success: true, run_id, workflow_id: workflowId, message: `Started run ${run_id}.` };
    },
  };
}

function inspected(run: Run, steps: readonly Step[]): InspectedRun {
  return {
    id: run.id,
    runId: run.id,
    workflow_id: run.workflow,
    status: run.status,
    payload: payloadOf(run.input),
    output: run.output,
    error: run.error?.message ?? null,
    created_at: new Date(run.createdAt).toISOString(),
    started_at: iso(run.startedAt),
    completed_at: iso(run.endedAt),
    steps: steps.map((step) => ({
      step_id: step.name,
      name: step.name,
      kind: step.kind,
      status: step.status,
      output: step.output,
      error: step.error?.message ?? null,
      attempts: step.attempt,
      started_at: new Date(step.startedAt).toISOString(),
      completed_at: iso(step.endedAt),
      duration_ms: step.endedAt === null ? null : step.endedAt - step.startedAt,
    })),
  };
}

/** Beside what started the run there is its payload. */
function payloadOf(input: unknown): unknown {
  return typeof input === "object" && input !== null && "$trigger" in input && "payload" in input
    ? input.payload
    : input;
}

/** Starts the workflow of a run again, with its payload or another, functions standing in for some steps. */
async function replay(program: Program, runId: string, options: ReplayOptions): Promise<string> {
  const { client } = await program.deployed();
  const before = await client.run(runId).get();
  const mocks = mocksOf(options.mockStep);
  const id = crypto.randomUUID();
  const note = noteOf(before.input);
  const payload = "overridePayload" in options ? options.overridePayload : payloadOf(before.input);
  if (mocks.size > 0) program.mocks.set(id, mocks);
  const forget = (): void => void program.mocks.delete(id);
  try {
    const run = await client.start(before.workflow, triggered({ ...note, mocked: [...mocks.keys()] }, payload), {
      id,
      tags: [...before.tags, `replay:${runId}`],
    });
    if (mocks.size > 0) run.result().then(forget, forget);
    return run.id;
  } catch (error) {
    // There is no run that would need them.
    forget();
    throw error;
  }
}

function noteOf(input: unknown): Parameters<typeof triggered>[0] {
  if (typeof input === "object" && input !== null && "$trigger" in input && "payload" in input)
    return input.$trigger as Parameters<typeof triggered>[0];
  return { type: "manual" };
}

function mocksOf(mockStep: ReplayOptions["mockStep"]): ReadonlyMap<string, FlowHandler> {
  const mocks = new Map<string, FlowHandler>();
  if (typeof mockStep === "function") mockStep((step, handler) => void mocks.set(step, handler));
  else for (const [step, handler] of Object.entries(mockStep ?? {})) mocks.set(step, handler);
  return mocks;
}

async function concurrencyOf(program: Program, workflow: string): Promise<ConcurrencyStats> {
  const { store } = program.started().engine;
  const count = async (...status: readonly RunStatus[]): Promise<number> =>
    store.countRuns({ filter: { workflow, status } });
  // A run goes from one to the next between two counts: that all of them together are none is read at once.
  const [all, running, queued] = await Promise.all([
    count("running", "queued", "waiting"),
    count("running"),
    count("queued"),
  ]);
  const waiting = Math.max(0, all - running - queued);
  const { concurrency: limit = Number.POSITIVE_INFINITY } = program.workflow(workflow).getDefinition();
  return { workflowId: workflow, running, queued, waiting, limit };
}
