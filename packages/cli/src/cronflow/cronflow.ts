// The `cronflow` object: definitions and the embedded engine behind one name.
import { SluiceError } from "@sluice/protocol";
import type { DefineOptions, WorkflowDefinition } from "@sluice/sdk";
import { benchmark } from "./benchmark.ts";
import type { BenchmarkOptions, BenchmarkResult } from "./benchmark.ts";
import { eventsApi } from "./events-api.ts";
import type { EventsApi } from "./events-api.ts";
import { innerApi } from "./inner-api.ts";
import type { InnerApi } from "./inner-api.ts";
import { pausesApi } from "./pauses-api.ts";
import type { PausesApi } from "./pauses-api.ts";
import { Program } from "./program.ts";
import type { EngineState } from "./program.ts";
import { runsApi } from "./runs-api.ts";
import type { RunsApi } from "./runs-api.ts";
import { dataFolder, limitsOf, serverSettings, timeoutOf } from "./settings.ts";
import type { Environment, StartOptions } from "./settings.ts";
import { stateApi } from "./state-api.ts";
import type { StateApi } from "./state-api.ts";
import { triggersApi } from "./triggers-api.ts";
import type { TriggersApi } from "./triggers-api.ts";
import { isTaken } from "@sluice/sdk";
import { serveWebhooks } from "./webhook-server.ts";
import type { WebhookServer } from "./webhook-server.ts";
import { WorkflowInstance } from "./workflow-instance.ts";

/** Of the API, not of the product. */
const version = "0.1.0";

interface EngineApi {
  readonly define: (options: DefineOptions, setup?: (workflow: WorkflowInstance) => void) => WorkflowInstance;
  readonly start: (options?: StartOptions) => Promise<void>;
  readonly stop: () => Promise<void>;
  readonly getWorkflows: () => readonly WorkflowDefinition[];
  readonly getWorkflow: (id: string) => WorkflowDefinition | undefined;
  readonly getEngineState: () => EngineState;
  readonly getCoreStatus: () => {
    readonly available: boolean;
    readonly state: EngineState;
    readonly webhookUrl: string | undefined;
  };
  readonly isRustCoreAvailable: () => boolean;
  readonly benchmark: (options?: BenchmarkOptions) => Promise<BenchmarkResult>;
  readonly VERSION: string;
}

export interface Cronflow
  extends EngineApi, RunsApi, StateApi, PausesApi, EventsApi, TriggersApi, Pick<InnerApi, "executeWorkflowHook"> {
  /** The same with what is meant for the engine itself. */
  readonly cronflow: Omit<Cronflow, "cronflow"> & InnerApi;
}

/** Makes a `cronflow`: what is defined in one is unknown in another. */
export function createCronflow(env: Environment): Cronflow {
  const program = new Program(env);
  const engine = new EmbeddedEngine(program);
  const inner = innerApi(program);
  const outer = {
    ...engineApi(program, engine),
    ...runsApi(program),
    ...stateApi(program, () => engine.folder),
    ...pausesApi(program),
    ...eventsApi(program),
    ...triggersApi(program),
    executeWorkflowHook: inner.executeWorkflowHook,
  };
  return { ...outer, cronflow: { ...outer, ...inner } };
}

function engineApi(program: Program, engine: EmbeddedEngine): EngineApi {
  return {
    define: (options, setup) => define(program, options, setup),
    start: async (options) => engine.start(options),
    stop: async () => engine.stop(),
    getWorkflows: () => [...program.workflows.values()].map((each) => each.getDefinition()),
    getWorkflow: (id) => program.workflows.get(id)?.getDefinition(),
    getEngineState: () => program.state,
    getCoreStatus: () => ({ available: true, state: program.state, webhookUrl: engine.server?.url }),
    // What programs ask is whether the engine behind the API is there. It always is.
    isRustCoreAvailable: () => true,
    benchmark,
    VERSION: version,
  };
}

function define(
  program: Program,
  options: DefineOptions,
  setup?: (workflow: WorkflowInstance) => void,
): WorkflowInstance {
  const id: unknown = options?.id;
  if (typeof id !== "string" || id.trim() === "") {
    throw new SluiceError({
      code: "invalid_name",
      message: "Workflow ID cannot be empty",
      hint: 'define({ id: "orders" })',
    });
  }
  if (program.workflows.has(id)) {
    throw new SluiceError({
      code: "duplicate_workflow",
      message: `Workflow with ID '${id}' already exists`,
      hint: "Give it another id.",
    });
  }
  const timeout = options.timeout ?? timeoutOf(program.env);
  const instance = new WorkflowInstance(timeout === undefined ? options : { ...options, timeout }, program);
  program.workflows.set(id, instance);
  program.changed(id);
  setup?.(instance);
  return instance;
}

class EmbeddedEngine {
  readonly #program: Program;
  folder = "";
  server: WebhookServer | undefined;
  #changing: Promise<void> = Promise.resolve();

  constructor(program: Program) {
    this.#program = program;
  }

  /** Opens the data folder and listens for webhooks. A second call while it runs does nothing. */
  start(options: StartOptions = {}): Promise<void> {
    return this.#oneByOne(async () => {
      const program = this.#program;
      if (program.state !== "STOPPED") return;
      program.state = "STARTING";
      try {
        await this.#open(options);
        program.state = "STARTED";
      } catch (error) {
        await this.#close();
        throw error;
      }
    });
  }

  async #open(options: StartOptions): Promise<void> {
    const program = this.#program;
    const { env } = program;
    const workflows = [...program.workflows.values()];
    for (const each of workflows) each.validate();
    this.folder = dataFolder(options, env);
    const { openSite } = await import("@sluice/server/embedded");
    const told = program.telling();
    const site = await openSite({ data: this.folder, workflows, limits: limitsOf(env) });
    program.site = site;
    told();
    await program.remember(site);
    const listening = workflows.some((each) =>
      each.getTriggers().some((trigger) => trigger.type === "webhook" && !isTaken(trigger.options)),
    );
    const settings = serverSettings(options, env, listening);
    if (settings !== undefined) this.server = serveWebhooks(program, settings);
  }

  /** Lets running steps end, then closes. */
  stop(): Promise<void> {
    return this.#oneByOne(() => this.#close());
  }

  async #close(): Promise<void> {
    const program = this.#program;
    const { site } = program;
    await this.server?.stop();
    this.server = undefined;
    program.site = undefined;
    await site?.client.close();
    program.state = "STOPPED";
  }

  #oneByOne(change: () => Promise<void>): Promise<void> {
    const done = this.#changing.then(change);
    this.#changing = done.catch(() => undefined);
    return done;
  }
}
