// Definition of a task: a function that runs call by name, on whichever worker can do it. Like a workflow it is data; nothing runs
// until a worker has it.
import { normalizeRetry, parseDuration, SluiceError } from "@sluice/protocol";
import type { Duration, RetryPolicy, SecretRef, TaskPlace } from "@sluice/protocol";
import type { Log, StepContext } from "./context.ts";
import { refuse } from "./refusal.ts";
import { isStandardSchema } from "./standard-schema.ts";
import type { InferInput, InferOutput, StandardSchemaV1 } from "./standard-schema.ts";

/** Marks what is a task, whichever copy of this module it comes from. */
const taskBrand: unique symbol = Symbol.for("sluice.task") as never;

/** How calls of a task are carried out; what the call says comes before what the task says. */
export interface TaskPolicy {
  /** Which workers may do it: a runtime, labels and capabilities that each of them has to have. */
  readonly on?: TaskPlace;
  /** What it takes of its worker while it runs: `{ cpu: 2, memory_bytes: 1e9 }`, or amounts by names of one's own. */
  readonly resources?: Readonly<Record<string, number>>;
  /** Longest time one attempt may take. */
  readonly timeout?: Duration;
  /** An attempt that says nothing for this long has failed; see `heartbeat`. */
  readonly heartbeat?: Duration;
  /** Without one a task is tried once. */
  readonly retry?: RetryPolicy | false;
}

export interface TaskOptions extends TaskPolicy {
  /** Letters, digits, `-`, `_`, `.`, `/`; up to 128 characters; unique within a project. */
  readonly name: string;
  readonly description?: string;
  /** Any Standard Schema; checked where the task is called and where it is done. The function gets the parsed value. */
  readonly input?: StandardSchemaV1;
  /** The same for what the function returns. */
  readonly output?: StandardSchemaV1;
}

/** Given to each attempt of a task. */
export interface TaskContext {
  /** Aborted when the attempt times out or nobody wants the result any more. */
  readonly signal: AbortSignal;
  /** From 1. */
  readonly attempt: number;
  /** The same for every attempt of this call: pass it to services that accept one. */
  readonly idempotencyKey: string;
  /** The span of this attempt as a W3C `traceparent` header, to be passed on; undefined where the run is part of no trace. */
  readonly traceparent?: string | undefined;
  /** The run that called it. */
  readonly run: { readonly id: string; readonly workflow: string };
  /** Writes to the log of the run. */
  readonly log: Log;
  /** Shows how far it is, on the run; a sign of life too. */
  progress(value: unknown): void;
  /** A sign of life, for tasks with a `heartbeat`. */
  heartbeat(): void;
  /** The value of a secret, by its name in the store or by what `secret()` made. Whatever leaves the worker has stars in its place. */
  readonly secret: (ref: string | SecretRef) => Promise<string>;
}

/** A task as `task()` makes it. `In` is what a call passes, `Out` what it gets. */
export interface Task<In = never, Out = unknown> {
  readonly [taskBrand]: { readonly in: (input: In) => void; readonly out: Out };
  readonly name: string;
  readonly options: TaskOptions;
  /** A method, so that a task of images can stand where any task may. */
  handler(input: unknown, task: TaskContext): unknown;
}

/** Type of what a call of this task passes. */
export type TaskInput<T> = T extends Task<infer In, infer _Out> ? In : never;
/** Type of what a call of this task gets. */
export type TaskOutput<T> = T extends Task<never, infer Out> ? Out : never;

/** What the task in `undo` is given. */
export interface TaskUndone<In = unknown, Out = unknown> {
  readonly input: In;
  /** Undefined where the task left none: it failed, ran out of time, or was cut off. */
  readonly result: Out | undefined;
}

/** How one call of a task is carried out. */
export interface TaskCallOptions<F = never, In = never, Out = never> extends TaskPolicy {
  /**
   * Takes the effect back when the run does not complete: a function, which the run's own worker executes as a durable step, or a
   * task (or its name), which a worker that can do it carries out. Without an `on` of its own it goes where the call wants to go.
   */
  readonly undo?: ((result: Out | undefined, step: StepContext) => unknown) | Task<TaskUndone<In, Out>> | string;
  /** Longest time until the result is there, with the wait for a worker and all attempts. */
  readonly deadline?: Duration;
  /** Returned when that time is up; without it a `TimeoutError` is thrown. */
  readonly onTimeout?: F;
}

/** `ctx.task`. */
export interface CallTask {
  /** Has a worker that can do it carry out a task, and waits for its result. */
  <In, Out, F = never>(task: Task<In, Out>, input: In, options?: TaskCallOptions<F, In, Out>): Promise<Out | F>;
  <T = unknown, F = never>(task: string, input: unknown, options?: TaskCallOptions<F, unknown, T>): Promise<T | F>;
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/;

/**
 * Defines a task. Throws at once: `invalid_name` for a name that could not be addressed, `invalid_workflow`, `invalid_duration` or
 * `invalid_retry` for options that make no sense.
 */
export function task<I extends StandardSchemaV1, O extends StandardSchemaV1>(
  options: TaskOptions & { readonly input: I; readonly output: O },
  handler: (input: InferOutput<I>, task: TaskContext) => InferInput<O> | Promise<InferInput<O>>,
): Task<InferInput<I>, InferOutput<O>>;
export function task<I extends StandardSchemaV1, Out>(
  options: TaskOptions & { readonly input: I; readonly output?: undefined },
  handler: (input: InferOutput<I>, task: TaskContext) => Out | Promise<Out>,
): Task<InferInput<I>, Out>;
export function task<In, Out>(
  options: TaskOptions & { readonly input?: undefined },
  handler: (input: In, task: TaskContext) => Out | Promise<Out>,
): Task<In, Out>;
export function task(options: TaskOptions, handler: (input: never, task: TaskContext) => unknown): Task {
  const { name, description, input, output, ...policy } = options ?? {};
  if (typeof name !== "string" || !namePattern.test(name)) {
    throw new SluiceError({
      code: "invalid_name",
      message: `A task cannot be named ${JSON.stringify(name)}.`,
      hint: "Use letters, digits, '-', '_', '.' and '/', beginning with a letter or digit, at most 128 characters.",
    });
  }
  const of = `Task ${name}`;
  if (typeof handler !== "function") refuse(of, "function", "given: task({ name }, async (input, task) => { … })");
  if (description !== undefined && typeof description !== "string") refuse(of, "description", "text");
  for (const [field, schema] of Object.entries({ input, output }))
    if (schema !== undefined && !isStandardSchema(schema)) refuse(of, field, "a Standard Schema, such as one of zod 4");
  checkTaskPolicy(of, policy);
  return { [taskBrand]: true as never, name, options, handler };
}

/** Throws `invalid_workflow`, `invalid_duration` or `invalid_retry` for a policy that makes no sense. */
export function checkTaskPolicy(of: string, { on, resources, timeout, heartbeat, retry }: TaskPolicy): void {
  const texts = (list: unknown): boolean => Array.isArray(list) && list.every((each) => typeof each === "string");
  if (on !== undefined) {
    const { runtime, labels = [], capabilities = [] } = on;
    if (runtime !== undefined && typeof runtime !== "string") refuse(of, "on.runtime", 'text such as "python"');
    if (!texts(labels)) refuse(of, "on.labels", 'a list such as ["gpu", "arch=arm64"]');
    if (!texts(capabilities)) refuse(of, "on.capabilities", 'a list such as ["ffmpeg"]');
  }
  for (const [name, amount] of Object.entries(resources ?? {}))
    if (typeof amount !== "number" || !(amount >= 0)) refuse(of, `resources.${name}`, "a number from 0");
  if (timeout !== undefined) parseDuration(timeout);
  if (heartbeat !== undefined) parseDuration(heartbeat);
  if (retry !== undefined && retry !== false) normalizeRetry(retry);
}

/** True for what `task()` makes, also when it comes from another copy of this module. */
export function isTask(value: unknown): value is Task {
  return typeof value === "object" && value !== null && taskBrand in value;
}
