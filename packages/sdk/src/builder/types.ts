// What a program that builds its workflows by chained calls is given and may say: options of definitions and steps, and the
// context of its functions. Shapes and defaults are those of cronflow's documentation.
import type { Duration, SecretRef } from "@sluice/protocol";
import type { Service } from "../service.ts";

/**
 * Data whose shape only the program knows. Programs read fields off payloads and outputs without declaring them, which
 * `unknown` would refuse.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- see above: written for programs that do not declare these shapes
export type Loose = any;

/** Values shared by all runs of one workflow, from inside a function of it. */
export interface FlowState {
  /** The value of a key; `fallback`, or undefined, where there is none. */
  get(key: string, fallback?: unknown): Promise<Loose>;
  /** Sets a key; with `ttl` it is gone after that time. */
  set(key: string, value: unknown, options?: { readonly ttl?: Duration }): Promise<void>;
  /** Adds to a number, which starts at 0; the new value. Once for each attempt, however often a crash cuts it off. */
  incr(key: string, amount?: number): Promise<number>;
  /** True when there was something to delete. */
  delete(key: string): Promise<boolean>;
}

/** What started a run. */
export interface FlowTrigger {
  readonly type: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it came, where the webhook asked for it (`parseRawBody`). */
  readonly rawBody?: Uint8Array;
  readonly query?: Readonly<Record<string, string>>;
  readonly path?: string;
}

export interface FlowMeta {
  readonly id: string;
  readonly workflowId: string;
  readonly name: string;
  readonly version: string | undefined;
  readonly tags: readonly string[];
  readonly runId: string;
  /** ISO 8601. */
  readonly startTime: string;
  /** How often the run was retried, from 1. */
  readonly attempt: number;
}

/** Given to every function of a flow. What a function changes in it stays its own. */
export interface CronflowContext {
  /** What the run was started with. */
  readonly payload: Loose;
  /** Outputs of what has been done, by name. */
  readonly steps: Readonly<Record<string, { readonly output: Loose }>>;
  /** Output of the step before. */
  readonly last: Loose;
  readonly run: { readonly id: string; readonly runId: string; readonly workflowId: string };
  readonly meta: FlowMeta;
  readonly services: Readonly<Record<string, Loose>>;
  /** Values of `secrets`, read when they are asked for; never part of the journal. */
  readonly secrets: { get(name: string): Promise<string> };
  readonly state: FlowState;
  readonly trigger: FlowTrigger;
  /** Ends the run as cancelled. */
  cancel(reason?: string | { readonly reason?: string }): never;
  /** Set in `onError` and in hooks of failures. */
  readonly error: Error | undefined;
  /** Token of the last pause. */
  readonly token: string | undefined;
  /** The same for every attempt of this step of this run. */
  readonly idempotencyKey: string;
  /** Of this step, from 1. */
  readonly attempt: number;
  /** Aborted when the attempt times out or the run ends. */
  readonly signal: AbortSignal;
  readonly step_name: string | undefined;
  readonly step_result: Loose;
  readonly step_status: "completed" | "failed" | undefined;
  readonly step_error: string | undefined;
}

export type FlowHandler = (ctx: CronflowContext) => unknown;

/** When and how often a failed attempt is made again. */
export interface RetryConfig {
  /** In all, the first one included. Default 3. */
  readonly attempts?: number;
  readonly backoff?: {
    /** Default `exponential`. */
    readonly strategy?: "fixed" | "linear" | "exponential";
    /** Before the first retry. Default `1s`. */
    readonly delay?: Duration;
    readonly maxDelay?: Duration;
    /** Growth of exponential delays. Default 2. */
    readonly multiplier?: number;
  };
  /** Which failures are worth another attempt: `conditions` decide, else `errors`, else `statusCodes`, else all. */
  readonly retryOn?: {
    /** Parts of messages. */
    readonly errors?: readonly string[];
    readonly statusCodes?: readonly number[];
    readonly conditions?: (error: Error, attempt: number) => boolean;
  };
  /** Told of the failed attempt (from 1) and the milliseconds until the next. */
  readonly onRetry?: (error: Error, attempt: number, nextDelayMs: number) => void;
  /** True spreads delays between half and one and a half times their length. */
  readonly jitter?: boolean;
  readonly maxBackoff?: Duration;
  readonly shouldRetry?: (error: Error) => boolean;
}

export interface CacheConfig {
  readonly key: (ctx: CronflowContext) => string;
  readonly ttl: Duration;
}

export interface CircuitBreakerConfig {
  /** Default `step-NAME`. Steps with one name share a breaker. */
  readonly name?: string;
  /** Failures in a row that open it. Default 5. */
  readonly failureThreshold?: number;
  /** How long it stays open before one attempt is let through. Default `30s`. */
  readonly recoveryTimeout?: Duration;
  /** Parts of messages of the failures that count; all count without. */
  readonly expectedErrors?: readonly string[];
}

export interface FlowStepOptions {
  /** Longest time of one attempt. */
  readonly timeout?: Duration;
  readonly retry?: RetryConfig;
  readonly cache?: CacheConfig;
  /** Waited before the step begins. */
  readonly delay?: Duration;
  readonly circuitBreaker?: CircuitBreakerConfig;
  /** What it returns stands in for the output of a step that has failed. */
  readonly onError?: FlowHandler;
}

export type StepName = string | { readonly id: string; readonly title?: string; readonly description?: string };

export interface HumanOptions {
  /** How long an answer is waited for; for ever without. */
  readonly timeout?: Duration;
  readonly description?: string;
  /** Called once the token can be answered, with the context and the token. */
  readonly onPause?: ((ctx: CronflowContext, token: string) => unknown) | ((token: string) => unknown);
  readonly onTimeout?: FlowHandler;
  readonly approvalUrl?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** Called around steps (with the step's name) and at the end of a run (without). What they throw is logged. */
export interface FlowHooks {
  readonly onStart?: (ctx: CronflowContext) => unknown;
  readonly onSuccess?: (ctx: CronflowContext, stepId?: string) => unknown;
  readonly onFailure?: (ctx: CronflowContext, stepId?: string) => unknown;
  /** After the last hook of a run that has completed or failed. */
  readonly onComplete?: (ctx: CronflowContext) => unknown;
}

/** A service as it is configured: its actions become `ctx.services[id]`. */
export interface ConfiguredService {
  readonly id: string;
  readonly name?: string;
  readonly version?: string;
  readonly actions: Readonly<Record<string, (...args: Loose[]) => unknown>>;
}

/** Where a secret comes from: the value, a variable, a reference as `secret()` makes it, or a function that gives the value. */
export type SecretSpec = string | { readonly env: string } | SecretRef | (() => string | Promise<string>);

export interface DefineOptions {
  /** Letters, digits, `-`, `_`, `.`, `/`; unique. */
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly hooks?: FlowHooks;
  /** Longest time of a run. Default `30m`, and none for a flow that sleeps or waits for somebody. */
  readonly timeout?: Duration;
  /** Runs at the same time; any number without. */
  readonly concurrency?: number;
  readonly rateLimit?: { readonly count: number; readonly per: Duration };
  /** Default `default`. */
  readonly queue?: string;
  /** Shown in `ctx.meta` and in the definition. */
  readonly version?: string;
  readonly secrets?: Readonly<Record<string, SecretSpec>>;
  /** Those that `defineService()` made are started, checked and stopped by the worker; others are plain functions. */
  readonly services?: readonly (ConfiguredService | Service)[] | Readonly<Record<string, unknown>>;
}
