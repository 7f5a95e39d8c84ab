// What a workflow function is given: the durable calls. Their behaviour is the worker's; this is their contract.
import type { Duration, RetryPolicy, SecretRef } from "@sluice/protocol";
import type { CircuitBreaker } from "./breaker.ts";
import type { callService, Service, ServiceCalls } from "./service.ts";
import type { Transact } from "./transaction.ts";
import type { Approval, ApproveOptions } from "./approval.ts";
import type { CallTask } from "./task.ts";
import type { InferOutput, StandardSchemaV1 } from "./standard-schema.ts";
import type { InputOf, OutputOf, Workflow } from "./workflow.ts";

/** Given to each attempt of a step. */
export interface StepContext {
  /** Aborted when the attempt times out or the run ends. */
  readonly signal: AbortSignal;
  /** From 1. */
  readonly attempt: number;
  /** The same for every attempt of this step of this run: pass it to services that accept one. */
  readonly idempotencyKey: string;
  /** The span of this attempt as a W3C `traceparent` header, to be passed on; undefined where the run is part of no trace. */
  readonly traceparent?: string | undefined;
  /** The value of a secret, by its name in the store or by what `secret()` made. Whatever leaves the worker has stars in its place. */
  readonly secret: (ref: string | SecretRef) => Promise<string>;
  /**
   * Calls an action of a service as part of this attempt: checked in and out, within the time limit that action or service
   * have; tried again as the step is. For what is built on workflows: a workflow itself has `ctx.services`.
   */
  readonly [callService]?: (service: Service, action: string, input: unknown) => Promise<unknown>;
}

/** A retry policy with the program's own say. */
export interface StepRetry extends RetryPolicy {
  /** False ends the attempts; asked with the thrown error and the attempt that failed, from 1. */
  readonly when?: (error: unknown, attempt: number) => boolean;
}

/** Shares a step's result between runs. */
export interface StepCache {
  /** What the result depends on. A result is found by the step's name and this, up to 512 characters. */
  readonly key: string;
  /** How long a result counts. */
  readonly ttl: Duration;
  /** Who shares it: runs of this workflow (the default), or those of every workflow. */
  readonly scope?: "workflow" | "global";
  /**
   * Lets one run at a time make the result: others wait for it, up to a minute or the time given, and then make it themselves.
   */
  readonly singleFlight?: boolean | { readonly wait: Duration };
}

export interface StepOptions<T> {
  /** Longest time one attempt may take. */
  readonly timeout?: Duration;
  /** Overrides the workflow's policy. */
  readonly retry?: StepRetry | false;
  /** Asked before each attempt; while it is open the function is not called, and the attempt fails with `CircuitOpenError`. */
  readonly circuitBreaker?: CircuitBreaker;
  /** Takes the result of an earlier run where one is kept. Not for steps with an `undo`. */
  readonly cache?: StepCache;
  /**
   * Takes the step's effect back when the run fails, times out or is cancelled. Gets the step's result, or `undefined` when
   * the step started and left none.
   */
  readonly undo?: (result: T | undefined, step: StepContext) => unknown;
}

export interface WaitOptions<T = unknown> {
  /** Events published with this key only; keyed waits also see events from before the run, up to the retention of events. */
  readonly key?: string;
  /** Data the payload must contain. */
  readonly match?: unknown;
  readonly timeout?: Duration;
  /** Returned when the time is up; without it a `TimeoutError` is thrown. */
  readonly onTimeout?: T;
}

export interface TokenOptions {
  /** How long it can be completed. */
  readonly timeout?: Duration;
}

/** A URL that anyone outside can complete once with `POST`. */
export interface CallbackToken<T = unknown> {
  readonly token: string;
  readonly url: string;
  /** Waits until it is completed; durable like every other wait. */
  wait(options?: { readonly timeout?: Duration }): Promise<T>;
}

export interface ChildOptions {
  readonly idempotencyKey?: string;
  readonly tags?: readonly string[];
  readonly priority?: number;
  readonly delay?: Duration;
}

export interface EmitOptions {
  readonly key?: string;
  /** A second event with the same id is ignored. */
  readonly id?: string;
}

/** Durable values. Every call is journaled together with its effect. */
export interface StateScope {
  /** The value of a key; `fallback`, or undefined, where there is none. */
  get<T = unknown>(key: string): Promise<T | undefined>;
  get<T>(key: string, fallback: T): Promise<T>;
  /** Sets a key to any value that can be stored; with `ttl` it is gone after that time. */
  set(key: string, value: unknown, options?: { readonly ttl?: Duration }): Promise<void>;
  /** Adds to a number, which starts at 0; the new value. */
  incr(key: string, amount?: number): Promise<number>;
  /** True when there was something to delete. */
  delete(key: string): Promise<boolean>;
}

export interface LockOptions {
  /** Freed by itself after this long. */
  readonly ttl?: Duration;
  /** Longest wait for it. */
  readonly timeout?: Duration;
}

/** A held lock. */
export interface HeldLock {
  /** Grows with every holder of this lock; what is guarded can refuse a smaller one. */
  readonly fence: number;
}

/** Search attributes of the run, as its workflow declares them. */
export interface RunAttributes {
  /** Sets some of them; null takes one away. Throws `bad_request` for what is not declared or does not fit its type. */
  set(values: Readonly<Record<string, string | number | boolean | Date | null>>): void;
}

export interface RunInfo {
  readonly id: string;
  readonly workflow: string;
  readonly version: string;
  readonly tags: readonly string[];
  readonly parent: string | undefined;
  readonly idempotencyKey: string | undefined;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface Log {
  (message: string, data?: unknown): void;
  /** For whoever looks for a mistake. */
  debug(message: string, data?: unknown): void;
  /** What happens; the same as calling the log itself. */
  info(message: string, data?: unknown): void;
  /** What somebody should look at. */
  warn(message: string, data?: unknown): void;
  /** What went wrong. */
  error(message: string, data?: unknown): void;
}

/** Branches of a race: functions get a context of their own, whose calls are given up when the branch loses. */
export type Branches<S = unknown> = Readonly<
  Record<string, Promise<unknown> | ((ctx: Context<S>) => Promise<unknown>)>
>;
type BranchValue<B> = B extends (ctx: never) => Promise<infer T> ? T : B extends Promise<infer T> ? T : never;
export type RaceResult<B> = {
  [K in keyof B & string]: { readonly winner: K; readonly value: BranchValue<B[K]> };
}[keyof B & string];

/** Which packages are meant, and how. */
export interface BuildOptions {
  /** As `sluice build --filter`. */
  readonly filter?: readonly string[];
  /** Everything is executed, whatever the cache has. */
  readonly force?: boolean;
  /** For the scripts, as what stands behind `--`. */
  readonly args?: readonly string[];
}

/** What came of a build. */
export interface Built {
  /** Of the build, which is a run of its own. */
  readonly run: string;
  readonly tasks: readonly {
    readonly id: string;
    readonly status: "completed" | "failed" | "skipped" | "cancelled";
    readonly cache: "hit" | "miss" | "off" | "none";
    readonly hash: string;
    /** 0 for a hit. */
    readonly durationMs: number;
  }[];
}

/** `S`: the services that the workflow names. */
export interface Context<S = unknown> {
  /** The actions of the services that the workflow names; each call is a step. */
  readonly services: ServiceCalls<S>;
  /** Runs a function once for good: its result is journaled before it is returned here. */
  step<T>(name: string, run: (step: StepContext) => T | Promise<T>, options?: StepOptions<T>): Promise<T>;
  /**
   * A step in a transaction of the user's own database: its effect and its result commit together, so that the effect takes
   * place exactly once, whatever crashes. The function has to use the connection it is given.
   */
  readonly transaction: Transact;
  /** Waits that long, through crashes and restarts; a run that only waits leaves memory. */
  sleep(duration: Duration): Promise<void>;
  sleep(name: string, duration: Duration): Promise<void>;
  /** Waits until then; a number is milliseconds since 1970. */
  sleepUntil(time: Date | number): Promise<void>;
  sleepUntil(name: string, time: Date | number): Promise<void>;
  /** Waits for an event; returns its payload. */
  waitFor<T = unknown, F = T>(event: string, options?: WaitOptions<F>): Promise<T | F>;
  /**
   * Waits for somebody's decision, or for those of several; a denial throws `DeniedError`. In a race, hand over a branch that
   * calls it rather than its promise: that way nobody is asked any longer once another branch has won.
   */
  approve<F = never, S extends StandardSchemaV1 = StandardSchemaV1>(
    name: string,
    options?: ApproveOptions<F, S>,
  ): Promise<Approval<InferOutput<S>> | F>;
  /** Makes a URL that somebody outside completes, and the promise of what they send. */
  token<T = unknown>(name: string, options?: TokenOptions): Promise<CallbackToken<T>>;
  /** Runs another workflow as a child and waits for its result. */
  call<W extends Workflow>(workflow: W, input: InputOf<W>, options?: ChildOptions): Promise<OutputOf<W>>;
  call<T = unknown>(workflow: string, input: unknown, options?: ChildOptions): Promise<T>;
  /**
   * Builds tasks of the workspace that the server runs over, `app#build` or a name, after what they depend on, and waits for them.
   * Unchanged ones come from the cache. Throws `ChildRunError` where one fails.
   */
  build(tasks: string | readonly string[], options?: BuildOptions): Promise<Built>;
  /**
   * Has a worker that can do it carry out a task, such as one with a graphics card or one that speaks Python, and waits for the
   * result; durable like every other call.
   */
  readonly task: CallTask;
  /** Starts another workflow and goes on; returns the id of its run. */
  start<W extends Workflow>(workflow: W, input: InputOf<W>, options?: ChildOptions): Promise<string>;
  start(workflow: string, input: unknown, options?: ChildOptions): Promise<string>;
  /**
   * Ends this run as completed and goes on as a new one of the same workflow, with an empty journal and on today's code; for
   * workflows that have no end. Whoever waits for the result waits for that of the new run. Never returns.
   */
  continueAs(input?: unknown): Promise<never>;
  /** Publishes an event, once: whatever waits for it goes on. */
  emit(event: string, payload?: unknown, options?: EmitOptions): Promise<void>;
  /** Runs a function for each item, `concurrency` at a time (default: all), and returns the results in the order of the items. */
  map<I, O>(
    items: readonly I[],
    run: (item: I, index: number) => Promise<O>,
    options?: { readonly concurrency?: number },
  ): Promise<O[]>;
  /** The first branch to settle wins, by name and value, or throws; the others are given up. */
  race<B extends Branches<S>>(branches: B): Promise<RaceResult<B>>;
  readonly state: { readonly run: StateScope; readonly workflow: StateScope; readonly global: StateScope };
  /** Runs a function while holding a named lock. The lock belongs to the run and survives crashes. */
  lock<T>(name: string, run: (lock: HeldLock) => Promise<T>, options?: LockOptions): Promise<T>;
  /** Milliseconds since 1970, the same on replay. */
  now(): number;
  /** 0 ≤ x < 1, the same on replay. */
  random(): number;
  /** Random UUID (version 4), the same on replay. */
  uuid(): string;
  readonly log: Log;
  readonly attributes: RunAttributes;
  /**
   * Sends a piece of output to whoever watches, now or later; inside of steps too. Up to 256 KiB each. An attempt of a step that is
   * made again streams from its beginning again.
   */
  stream(chunk: unknown): void;
  /** Shows how far the run is; the last value stays on the run. */
  progress(value: unknown): void;
  /** True in runs that reach this point for the first time with code that has it; false in older runs. */
  patched(id: string): boolean;
  /** Aborted when the run is cancelled or times out. */
  readonly signal: AbortSignal;
  readonly run: RunInfo;
  /** How often the run was retried, from 1. */
  readonly attempt: number;
}
