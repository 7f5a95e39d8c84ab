// Definition of a workflow: a name, options and a function. A definition is data; nothing runs until a worker has it.
import { SluiceError } from "@sluice/protocol";
import type { AttributeType, DeclaredGraph, Duration } from "@sluice/protocol";
import type { Context, StepRetry } from "./context.ts";
import { checkWorkflow } from "./definition-checks.ts";
import type { Services } from "./service.ts";
import type { FlowOptions } from "./flow.ts";
import type { InferInput, InferOutput, StandardSchemaV1 } from "./standard-schema.ts";
import type { Trigger } from "./triggers.ts";

/** Marks what is a workflow, whichever copy of this module it comes from. */
export const workflowBrand: unique symbol = Symbol.for("sluice.workflow") as never;

export interface WorkflowOptions extends FlowOptions {
  /** Letters, digits, `-`, `_`, `.`, `/`; up to 128 characters; unique within a project. */
  readonly name: string;
  readonly description?: string;
  /** Any Standard Schema; the parsed value is stored and given to the function. */
  readonly input?: StandardSchemaV1;
  readonly triggers?: readonly Trigger[];
  /** Services by the names `ctx.services` has for them. */
  readonly services?: Services;
  /** Longest time a run may take, waits included. */
  readonly timeout?: Duration;
  /** Default for the steps of this workflow; without one a step is tried once. */
  readonly retry?: StepRetry;
  /** Search attributes of its runs, by name: `{ total: "number", customer: "keyword" }`. */
  readonly attributes?: Readonly<Record<string, AttributeType>>;
  /** Keeps inputs, results, errors and log lines of its runs encrypted at rest. Left out: as the server's setting says. */
  readonly encrypt?: boolean;
  /** How long and how many finished runs are kept. */
  readonly retention?: { readonly age?: Duration; readonly count?: number };
  /** What may follow what, where it is known beforehand; else the graph is inferred from what runs did. */
  readonly graph?: DeclaredGraph;
}

/** A workflow as `workflow()` makes it. `In` is what a start takes, `Parsed` what the function gets, `Out` what it returns. */
export interface Workflow<In = unknown, Out = unknown, Parsed = unknown> {
  readonly [workflowBrand]: { readonly in: In; readonly out: Out };
  readonly name: string;
  readonly options: WorkflowOptions;
  /** A method, so that a workflow of orders can stand where any workflow may. */
  handler(ctx: Context, input: Parsed): Promise<Out>;
}

/** Type of what a start of this workflow takes. */
export type InputOf<W> = W extends Workflow<infer In, infer _Out> ? In : never;
/** Type of what a run of this workflow returns. */
export type OutputOf<W> = W extends Workflow<infer _In, infer Out> ? Out : never;

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/;

/**
 * Defines a workflow. Throws at once: `invalid_name` for a name that could not be addressed, `invalid_workflow`,
 * `invalid_duration` or `invalid_retry` for options that make no sense.
 */
export function workflow<S extends StandardSchemaV1, Out, Sv = unknown>(
  options: WorkflowOptions & {
    readonly input: S;
    readonly batch: NonNullable<FlowOptions["batch"]>;
    readonly services?: Sv & Services;
  },
  handler: (ctx: Context<Sv>, inputs: InferOutput<S>[]) => Promise<Out>,
): Workflow<InferInput<S>, Out, InferOutput<S>[]>;
export function workflow<In = undefined, Out = unknown, Sv = unknown>(
  options: WorkflowOptions & {
    readonly input?: undefined;
    readonly batch: NonNullable<FlowOptions["batch"]>;
    readonly services?: Sv & Services;
  },
  handler: (ctx: Context<Sv>, inputs: In[]) => Promise<Out>,
): Workflow<In, Out, In[]>;
export function workflow<S extends StandardSchemaV1, Out, Sv = unknown>(
  options: WorkflowOptions & { readonly input: S; readonly services?: Sv & Services },
  handler: (ctx: Context<Sv>, input: InferOutput<S>) => Promise<Out>,
): Workflow<InferInput<S>, Out, InferOutput<S>>;
export function workflow<In = undefined, Out = unknown, Sv = unknown>(
  options: WorkflowOptions & { readonly input?: undefined; readonly services?: Sv & Services },
  handler: (ctx: Context<Sv>, input: In) => Promise<Out>,
): Workflow<In, Out, In>;
export function workflow(
  options: WorkflowOptions,
  handler: (ctx: Context<never>, input: never) => Promise<unknown>,
): Workflow {
  if (typeof options?.name !== "string" || !namePattern.test(options.name)) {
    throw new SluiceError({
      code: "invalid_name",
      message: `A workflow cannot be named ${JSON.stringify(options?.name)}.`,
      hint: "Use letters, digits, '-', '_', '.' and '/', beginning with a letter or digit, at most 128 characters.",
    });
  }
  if (typeof handler !== "function") {
    throw new SluiceError({
      code: "invalid_workflow",
      message: `Workflow ${options.name} has no function.`,
      hint: "workflow({ name }, async (ctx, input) => { … })",
    });
  }
  checkWorkflow(options);
  return { [workflowBrand]: true as never, name: options.name, options, handler };
}

/** True for what `workflow()` makes, also when it comes from another copy of this module. */
export function isWorkflow(value: unknown): value is Workflow {
  return typeof value === "object" && value !== null && workflowBrand in value;
}
