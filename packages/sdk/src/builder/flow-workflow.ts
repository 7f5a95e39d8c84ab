// A workflow that is defined by chained calls. It is a workflow like every other: its function walks the nodes.
import { parseDuration } from "@sluice/protocol";
import type { Duration } from "@sluice/protocol";
import type { Context } from "../context.ts";
import { workflow, workflowBrand } from "../workflow.ts";
import type { Workflow, WorkflowOptions } from "../workflow.ts";
import { declaredGraph } from "./flow-graph.ts";
import { runFlow } from "./flow-run.ts";
import { startedServices } from "./flow-services.ts";
import { checkTrigger, nativeTriggers } from "./flow-triggers.ts";
import type { FlowScheduleOptions, FlowTriggerNote, FlowWebhookOptions, PollFunction } from "./flow-triggers.ts";
import { Flow, refused } from "./flow.ts";
import type { FlowHost } from "./host.ts";
import { everyNode } from "./nodes.ts";
import type { FlowNode } from "./nodes.ts";
import { runTimeoutDefault } from "./step-plan.ts";
import type { DefineOptions, FlowHandler, FlowStepOptions, Loose } from "./types.ts";

/** A step of a definition, as it is shown. */
export interface StepDefinition {
  readonly id: string;
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly type: "step" | "action";
  /** What kind of block it is: `step`, `if`, `parallel`, … */
  readonly kind: FlowNode["kind"];
  readonly handler: FlowHandler | undefined;
  readonly options: FlowStepOptions;
}

export type TriggerDefinition = FlowTriggerNote;

export interface WorkflowDefinition extends DefineOptions {
  readonly steps: readonly StepDefinition[];
  readonly triggers: readonly TriggerDefinition[];
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** The queue of a flow that names none: it is none of the engine's. */
const queueDefault = "default";
/** How often a poll looks where its options do not say. */
const pollIntervalDefault = "5m";
/** Nodes that may wait longer than any run should take by itself. */
const waiting: ReadonlySet<FlowNode["kind"]> = new Set<FlowNode["kind"]>([
  "human",
  "event",
  "pause",
  "sleep",
  "subflow",
]);

export interface FlowWorkflowParts {
  readonly definition: DefineOptions;
  readonly host: FlowHost;
  readonly now: () => Date;
}

/** How a flow differs in other surroundings. */
export interface FlowChanges {
  readonly triggers?: false;
  readonly services?: NonNullable<DefineOptions["services"]>;
}

/** A definition: the flow, what starts it, and what is said of it. Throws `invalid_name` or `invalid_workflow` at the call that makes no sense. */
export class FlowWorkflow extends Flow implements Workflow<Loose, Loose, Loose> {
  readonly [workflowBrand] = true as never;
  readonly name: string;
  readonly #parts: FlowWorkflowParts;
  readonly #triggers: FlowTriggerNote[] = [];
  readonly #createdAt: Date;
  #updatedAt: Date;
  #made: { readonly nodes: number; readonly triggers: number; readonly workflow: Workflow } | undefined;

  constructor(parts: FlowWorkflowParts) {
    super();
    this.#parts = parts;
    this.name = parts.definition.id;
    this.#createdAt = parts.now();
    this.#updatedAt = this.#createdAt;
    // Refuses a name or a time limit that makes no sense where the definition is written.
    workflow(this.#optionsFor([]), () => Promise.resolve());
  }

  /** The other workflows of its program. */
  get siblings(): readonly FlowWorkflow[] {
    return [];
  }

  /** What the engine is told of it. */
  get options(): WorkflowOptions {
    return this.#workflow().options;
  }

  /** Walks the flow. */
  handler(ctx: Context, input: Loose): Promise<Loose> {
    return this.#workflow().handler(ctx, input);
  }

  /** The same flow in other surroundings, such as a test's: without triggers there, and with other services. */
  toWorkflow(host: FlowHost, changes: FlowChanges = {}): Workflow<Loose, Loose, Loose> {
    const definition = {
      ...this.#parts.definition,
      ...(changes.services === undefined ? {} : { services: changes.services }),
    };
    const nodes = [...this.nodes];
    const limitMs = this.#toldOfEnds ? this.timeoutMs : undefined;
    const program = { definition, nodes, host, limitMs };
    const triggers = changes.triggers === false ? [] : this.#triggers;
    return workflow<Loose, Loose>(this.#optionsFor(triggers, definition.services), (ctx, input) =>
      runFlow(program, ctx, input),
    );
  }

  #workflow(): Workflow {
    const size = { nodes: this.nodes.length, triggers: this.#triggers.length };
    if (this.#made?.nodes !== size.nodes || this.#made.triggers !== size.triggers)
      this.#made = { ...size, workflow: this.toWorkflow(this.#parts.host) };
    return this.#made.workflow;
  }

  #optionsFor(
    triggers: readonly FlowTriggerNote[],
    given = this.#parts.definition.services,
  ): WorkflowOptions & { readonly input?: undefined } {
    const { id, description } = this.#parts.definition;
    const services = startedServices(given);
    const timeout = this.#timeoutOfRuns();
    return {
      name: id,
      triggers: nativeTriggers(id, triggers),
      graph: declaredGraph(this.nodes),
      ...limitsOf(this.#parts.definition),
      ...(Object.keys(services).length === 0 ? {} : { services }),
      ...(description === undefined ? {} : { description }),
      ...(timeout === undefined || this.#toldOfEnds ? {} : { timeout }),
    };
  }

  /** True where hooks hear of every end: the time of a run is then watched by the flow itself. */
  get #toldOfEnds(): boolean {
    const { hooks } = this.#parts.definition;
    return hooks?.onFailure !== undefined || hooks?.onComplete !== undefined;
  }

  #timeoutOfRuns(): Duration | undefined {
    const { timeout } = this.#parts.definition;
    if (timeout !== undefined) return timeout;
    const waits = [...everyNode(this.nodes)].some(
      ({ kind, options }) => waiting.has(kind) || options.delay !== undefined,
    );
    // The flows of a loop are not known before their items are.
    const loops = this.nodes.some(({ kind }) => kind === "forEach" || kind === "batch");
    return waits || loops ? undefined : runTimeoutDefault;
  }

  /** Starts a run for each request. */
  onWebhook(path: string, options: FlowWebhookOptions = {}): this {
    return this.trigger({ type: "webhook", path, options });
  }

  /** Starts a run at each time of a cron expression. */
  onSchedule(cron: string, options: FlowScheduleOptions = {}): this {
    return this.trigger({ type: "schedule", cron_expression: cron, options });
  }

  /** Starts a run every so often. */
  onInterval(interval: Duration): this {
    return this.trigger({ type: "interval", interval });
  }

  /** Starts a run for each event of that name. */
  onEvent(event: string, options: { readonly schema?: FlowWebhookOptions["schema"] } = {}): this {
    return this.trigger({ type: "event", event, schema: options.schema });
  }

  /** Starts a run for each new item, known by its id. */
  onPoll(poll: PollFunction, options: { readonly interval?: Duration } = {}): this {
    return this.trigger({ type: "poll", poll, interval: options.interval ?? pollIntervalDefault });
  }

  /** Says that runs are started by hand. */
  manual(): this {
    return this.trigger({ type: "manual" });
  }

  protected trigger(trigger: FlowTriggerNote): this {
    checkTrigger(trigger);
    this.#triggers.push(trigger);
    this.#updatedAt = this.#parts.now();
    return this;
  }

  /** Takes away what starts it, or what does so in this way; how many there were. */
  removeTriggers(type?: FlowTriggerNote["type"]): number {
    const kept = type === undefined ? [] : this.#triggers.filter((trigger) => trigger.type !== type);
    const removed = this.#triggers.length - kept.length;
    this.#triggers.splice(0, this.#triggers.length, ...kept);
    this.#updatedAt = this.#parts.now();
    this.#made = undefined;
    return removed;
  }

  /** Throws `invalid_workflow` when the flow could not run. */
  validate(): true {
    if (this.nodes.length === 0)
      throw refused(`Workflow ${this.name} has no steps.`, 'Add one: .step("name", async (ctx) => …)');
    for (const node of everyNode(this.nodes)) {
      if (node.kind !== "if") continue;
      const empty = node.branches.find(({ nodes }) => nodes.length === 0);
      if (empty !== undefined)
        throw refused(
          `The branch ${empty.name} of workflow ${this.name} does nothing.`,
          "Add a step to it, or leave it out.",
        );
    }
    if (this.isOpen) throw refused(`Workflow ${this.name} has an .if() without .endIf().`, "Close it.");
    return true;
  }

  /** The definition without its functions. */
  toJSON(): object {
    const { hooks, secrets, services, steps, triggers, ...rest } = this.getDefinition();
    return {
      ...rest,
      steps: steps.map(({ handler: _handler, ...step }) => step),
      triggers: triggers.map((trigger) => ({ ...trigger })),
      hooks: Object.keys(hooks ?? {}),
      secrets: Object.keys(secrets ?? {}),
      services: Array.isArray(services)
        ? services.map(({ id }: { readonly id: string }) => id)
        : Object.keys(services ?? {}),
    };
  }

  /** All that was said of it, functions included. */
  getDefinition(): WorkflowDefinition {
    return {
      name: this.name,
      queue: queueDefault,
      ...this.#parts.definition,
      steps: this.getSteps(),
      triggers: this.getTriggers(),
      created_at: this.#createdAt,
      updated_at: this.#updatedAt,
    };
  }

  /** What it is started by. */
  getId(): string {
    return this.name;
  }

  /** For people; its id where it has none. */
  getName(): string {
    return this.#parts.definition.name ?? this.name;
  }

  /** Its steps and blocks, those of branches included. */
  getSteps(): readonly StepDefinition[] {
    return [...everyNode(this.nodes)].map(stepDefinition);
  }

  /** The first step or block of that name. */
  getStep(id: string): StepDefinition | undefined {
    return this.getSteps().find((step) => step.id === id);
  }

  /** What starts its runs. */
  getTriggers(): readonly TriggerDefinition[] {
    return [...this.#triggers];
  }

  /** True where a request starts runs. */
  hasWebhookTriggers(): boolean {
    return this.#triggers.some(({ type }) => type === "webhook");
  }

  /** True where time starts runs. */
  hasScheduleTriggers(): boolean {
    return this.#triggers.some(({ type }) => type === "schedule" || type === "interval");
  }

  /** True also for a workflow without any trigger: it can be started by hand only. */
  hasManualTriggers(): boolean {
    return this.#triggers.length === 0 || this.#triggers.some(({ type }) => type === "manual");
  }

  /** Longest time of a run in milliseconds; undefined for one that may wait. */
  get timeoutMs(): number | undefined {
    const timeout = this.#timeoutOfRuns();
    return timeout === undefined ? undefined : parseDuration(timeout);
  }
}

/** When runs may begin, in the engine's words: what goes past a rate waits, as many as it allows begin together. */
function limitsOf({ concurrency, rateLimit, queue }: DefineOptions): object {
  return {
    ...(concurrency !== undefined && Number.isFinite(concurrency) ? { concurrency } : {}),
    ...(rateLimit === undefined ? {} : { throttle: { ...rateLimit, burst: rateLimit.count } }),
    ...(queue === undefined || queue === queueDefault ? {} : { queue }),
  };
}

function stepDefinition(node: FlowNode): StepDefinition {
  const works = node.kind === "step" || node.kind === "action";
  return {
    id: node.name,
    name: node.name,
    ...(works && node.title !== undefined ? { title: node.title } : {}),
    ...(works && node.description !== undefined ? { description: node.description } : {}),
    type: node.kind === "action" ? "action" : "step",
    kind: node.kind,
    handler: works ? node.handler : undefined,
    options: node.options,
  };
}
