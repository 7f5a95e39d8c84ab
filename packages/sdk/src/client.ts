// The one interface to an engine, the same embedded (`open`) and over HTTP (`connect`).
import type { Duration, FinalRunStatus, RunStatus, RunStatusReason, WireError } from "@sluice/protocol";
import type { InputOf, OutputOf, Workflow } from "./workflow.ts";

export interface StartOptions {
  /** Id of the run; made by the engine without one. */
  readonly id?: string;
  /** A second start of the same workflow with this key returns the run that is there. */
  readonly idempotencyKey?: string;
  /** Higher goes first; default 0. */
  readonly priority?: number;
  readonly delay?: Duration;
  readonly tags?: readonly string[];
}

/** A run as shown to callers. Times are milliseconds since 1970. */
export interface Run<I = unknown, O = unknown> {
  readonly id: string;
  readonly workflow: string;
  readonly version: string;
  readonly status: RunStatus;
  readonly statusReason: RunStatusReason | null;
  readonly input: I;
  readonly output: O | null;
  readonly error: WireError | null;
  readonly progress: unknown;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly tags: readonly string[];
  readonly priority: number;
  readonly idempotencyKey: string | null;
  readonly parent: string | null;
  readonly attempt: number;
  readonly forkedFrom: string | null;
  readonly schedule: string | null;
}

/** One thing that happened to a run; `id` grows and can be resumed from, and is absent for what is not journaled. */
export interface RunUpdate {
  readonly id: number | null;
  readonly type: "run" | "step" | "log" | "progress";
  readonly at: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** One journal entry as shown to callers. */
export interface Step {
  readonly seq: number;
  readonly kind: string;
  readonly name: string;
  readonly status: "running" | "completed" | "failed" | "aborted";
  readonly attempt: number;
  readonly output: unknown;
  readonly error: WireError | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly dueAt: number | null;
}

export interface RunHandle<O = unknown> {
  readonly id: string;
  /** False when the idempotency key led to a run that was already there. */
  readonly created: boolean;
  /** Waits for the end; throws the run's error when it did not complete. */
  result(options?: { readonly signal?: AbortSignal }): Promise<O>;
  get(): Promise<Run<unknown, O>>;
  steps(): Promise<readonly Step[]>;
  /** What happened and what happens, until the run ends. */
  events(options?: { readonly after?: number; readonly signal?: AbortSignal }): AsyncIterable<RunUpdate>;
  cancel(reason?: string): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  retry(options?: { readonly code?: "current" | "pinned" }): Promise<void>;
  fork(options?: { readonly from?: string | number; readonly input?: unknown }): Promise<RunHandle<O>>;
  delete(): Promise<void>;
}

export interface RunQuery {
  readonly workflow?: string;
  readonly status?: RunStatus | readonly RunStatus[];
  readonly tag?: string;
  /** Created at or after, and before; milliseconds since 1970. */
  readonly from?: number;
  readonly to?: number;
  readonly limit?: number;
  readonly cursor?: string;
}

export interface PendingApproval {
  readonly token: string;
  readonly run: string;
  readonly workflow: string;
  readonly name: string;
  readonly description: string | null;
  readonly data: unknown;
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

export interface Decision {
  readonly approved: boolean;
  readonly reason?: string;
  readonly payload?: unknown;
}

export interface StateValue {
  readonly value: unknown;
  readonly version: number;
  readonly expiresAt: number | null;
}

/** Input and options of a start; a workflow that takes no input needs none. */
type StartArguments<W extends Workflow> =
  undefined extends InputOf<W>
    ? [input?: InputOf<W>, options?: StartOptions]
    : [input: InputOf<W>, options?: StartOptions];

export interface Client extends AsyncDisposable {
  /** Resolves when the run is durable. */
  start<W extends Workflow>(workflow: W, ...rest: StartArguments<W>): Promise<RunHandle<OutputOf<W>>>;
  start(workflow: string, input?: unknown, options?: StartOptions): Promise<RunHandle>;
  /** A handle to a run by its id; nothing is asked until it is used. */
  run<O = unknown>(id: string): RunHandle<O>;
  runs(query?: RunQuery): Promise<{ readonly runs: readonly Run[]; readonly nextCursor: string | null }>;
  /** Resolves when the event is stored. */
  emit(
    name: string,
    payload?: unknown,
    options?: { readonly key?: string; readonly id?: string },
  ): Promise<{ readonly duplicate: boolean }>;
  approvals(): Promise<readonly PendingApproval[]>;
  approve(token: string, decision: Decision): Promise<void>;
  /** Completes a `ctx.token()`. */
  complete(token: string, payload?: unknown): Promise<void>;
  readonly state: {
    get(scope: string, key: string): Promise<StateValue | undefined>;
    set(
      scope: string,
      key: string,
      value: unknown,
      options?: { readonly ttl?: Duration; readonly ifVersion?: number },
    ): Promise<number>;
    delete(scope: string, key: string): Promise<boolean>;
  };
  close(): Promise<void>;
}

/** How a run ended, as clients see it before it becomes a result or an error. */
export interface RunEnd {
  readonly status: FinalRunStatus;
  readonly output?: Uint8Array;
  readonly error?: Uint8Array;
}
