// Services: what workflows talk to. Defined once, configured where it is used, started in the worker; each call is a step.
import { parseDuration, SluiceError } from "@sluice/protocol";
import type { Duration } from "@sluice/protocol";
import type { CircuitBreaker } from "./breaker.ts";
import type { StepContext, StepOptions, StepRetry } from "./context.ts";
import type { Secret } from "./secret.ts";
import type { InferInput, InferOutput, StandardSchemaV1 } from "./standard-schema.ts";
import type { database, PostgresDatabase, SqliteDatabase } from "./transaction.ts";

/** How the function of an attempt calls an action within that attempt; see `StepContext`. */
export const callService: unique symbol = Symbol.for("sluice.callService") as never;
const serviceBrand: unique symbol = Symbol.for("sluice.service") as never;
const actionBrand: unique symbol = Symbol.for("sluice.action") as never;

/** A value in which any text may be a secret instead. */
export type WithSecrets<T> = T extends string
  ? T | Secret
  : T extends Date | Uint8Array | ((...args: never) => unknown)
    ? T
    : T extends object
      ? { readonly [K in keyof T]: WithSecrets<T[K]> }
      : T;

/** How calls are tried; what a call says comes first, then its action, then the service, then the workflow. */
export interface CallPolicy {
  readonly retry?: StepRetry | false | undefined;
  /** Longest time one attempt may take. */
  readonly timeout?: Duration | undefined;
  readonly circuitBreaker?: CircuitBreaker | undefined;
}

/** An action with schemas and a policy of its own, as `action()` makes it. */
export interface ServiceAction<In = never, Out = unknown> extends CallPolicy {
  readonly [actionBrand]: { readonly in: (input: In) => void; readonly out: Out };
  readonly input: StandardSchemaV1 | undefined;
  readonly output: StandardSchemaV1 | undefined;
  /** What it does; the input has been parsed. */
  run(input: unknown, step: StepContext): unknown;
}

/** What a service can do, by name. */
export type Actions = Readonly<Record<string, ServiceAction | ((input: never, step: StepContext) => unknown)>> & {
  readonly [database]?: SqliteDatabase | PostgresDatabase;
};

/**
 * An action whose input and output are checked. The function gets the parsed input, and with it the attempt: its idempotency
 * key, its signal, its secrets.
 */
export function action<I extends StandardSchemaV1, O extends StandardSchemaV1>(
  options: CallPolicy & {
    readonly input: I;
    readonly output: O;
    readonly run: (input: InferOutput<I>, step: StepContext) => InferInput<O> | Promise<InferInput<O>>;
  },
): ServiceAction<InferInput<I>, InferOutput<O>>;
export function action<I extends StandardSchemaV1, Out>(
  options: CallPolicy & {
    readonly input: I;
    readonly output?: undefined;
    readonly run: (input: InferOutput<I>, step: StepContext) => Out | Promise<Out>;
  },
): ServiceAction<InferInput<I>, Out>;
export function action<In, Out>(
  options: CallPolicy & {
    readonly input?: undefined;
    readonly output?: StandardSchemaV1 | undefined;
    readonly run: (input: In, step: StepContext) => Out | Promise<Out>;
  },
): ServiceAction<In, Out>;
export function action(
  options: CallPolicy & {
    readonly input?: StandardSchemaV1 | undefined;
    readonly output?: StandardSchemaV1 | undefined;
    readonly run: (input: never, step: StepContext) => unknown;
  },
): ServiceAction {
  if (typeof options?.run !== "function") refuse("An action", "run", "a function");
  return { [actionBrand]: true as never, ...options, input: options.input, output: options.output };
}

/** True for what `action()` makes. */
export function isAction(value: unknown): value is ServiceAction {
  return typeof value === "object" && value !== null && actionBrand in value;
}

/** What `setup` is given, once in each worker that uses the service. */
export interface ServiceSetup<Config, Auth> {
  readonly config: Config;
  readonly auth: Auth;
  /** Called when the service is stopped, the last one registered first: no call is under way by then. */
  readonly onStop: (stop: () => unknown) => void;
  /** Asked from time to time; what it throws is shown as what is wrong. */
  readonly onHealth: (check: () => unknown) => void;
}

/** A service before it is configured. */
export interface ServiceDefinition<A extends Actions = Actions, Given = never> {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** The service with what it needs: texts may be secrets. Everything is checked when the service is started. */
  withConfig(...given: Partial<Given> extends Given ? [given?: Given] : [given: Given]): Service<A>;
}

/** A configured service, to be named in `workflow({ services })`. */
export interface Service<A extends Actions = Actions> extends CallPolicy {
  readonly [serviceBrand]: A;
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** As it was given: secrets are references. */
  readonly given: { readonly config?: unknown; readonly auth?: unknown };
  readonly schemas: { readonly config: StandardSchemaV1 | undefined; readonly auth: StandardSchemaV1 | undefined };
  /** Makes the actions; called where the service is started. */
  setup(setup: ServiceSetup<unknown, unknown>): unknown;
}

/** Services by the names a workflow has for them. */
export type Services = Readonly<Record<string, Service>>;

/** Options of one call. */
export interface CallOptions<T> extends StepOptions<T> {
  /** Name of the step; `service.action` without one. */
  readonly name?: string;
}

type Call<In, Out> = [In] extends [never]
  ? (input?: undefined, options?: CallOptions<Out>) => Promise<Out>
  : undefined extends In
    ? (input?: In, options?: CallOptions<Out>) => Promise<Out>
    : (input: In, options?: CallOptions<Out>) => Promise<Out>;
type CallOf<F> =
  F extends ServiceAction<infer In, infer Out>
    ? Call<In, Out>
    : F extends () => infer Out
      ? Call<undefined, Awaited<Out>>
      : F extends (input: infer In, step: StepContext) => infer Out
        ? Call<In, Awaited<Out>>
        : never;

/** What a workflow has as `ctx.services`: every action, as a call that is a durable step. */
export type ServiceCalls<S> = {
  readonly [K in keyof S]: S[K] extends Service<infer A> ? { readonly [N in keyof A & string]: CallOf<A[N]> } : never;
};

type Key<Name extends string, S> = S extends StandardSchemaV1
  ? undefined extends InferInput<S>
    ? { readonly [K in Name]?: WithSecrets<InferInput<S>> }
    : { readonly [K in Name]: WithSecrets<InferInput<S>> }
  : { readonly [K in Name]?: undefined };
type GivenOf<C, A> = Key<"config", C> & Key<"auth", A>;
type ParsedOf<S> = S extends StandardSchemaV1 ? InferOutput<S> : undefined;

const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * Defines a service. `setup` is called in a worker when the service is first used, with its checked configuration, and returns
 * the actions. Throws `invalid_name` or `invalid_workflow` for a definition that makes no sense.
 */
export function defineService<
  A extends Actions,
  C extends StandardSchemaV1 | undefined = undefined,
  U extends StandardSchemaV1 | undefined = undefined,
>(
  definition: CallPolicy & {
    readonly id: string;
    readonly name?: string;
    readonly version?: string;
    readonly description?: string;
    readonly config?: C;
    readonly auth?: U;
    readonly setup: (setup: ServiceSetup<ParsedOf<C>, ParsedOf<U>>) => A | Promise<A>;
  },
): ServiceDefinition<A, GivenOf<C, U>> {
  const { id, name = id, version = "1.0.0", config, auth, setup, retry, timeout, circuitBreaker } = definition;
  if (typeof id !== "string" || !idPattern.test(id)) {
    throw new SluiceError({
      code: "invalid_name",
      message: `A service cannot have the id ${JSON.stringify(id)}.`,
      hint: "Use letters, digits, '-', '_' and '.', beginning with a letter or digit, at most 64 characters.",
    });
  }
  if (typeof setup !== "function") refuse(`Service ${id}`, "setup", "a function that returns the actions");
  if (timeout !== undefined) parseDuration(timeout);
  const withConfig = (given: { readonly config?: unknown; readonly auth?: unknown } = {}): Service<A> => ({
    [serviceBrand]: true as never,
    id,
    name,
    version,
    given,
    schemas: { config, auth },
    setup,
    retry,
    timeout,
    circuitBreaker,
  });
  return { id, name, version, withConfig };
}

/** True for what `withConfig()` makes, also when it comes from another copy of this module. */
export function isService(value: unknown): value is Service {
  return typeof value === "object" && value !== null && serviceBrand in value;
}

function refuse(of: string, field: string, allowed: string): never {
  throw new SluiceError({
    code: "invalid_workflow",
    message: `${of}: ${field} makes no sense.`,
    hint: `The ${field} is ${allowed}.`,
  });
}
