// The one interface to an engine, the same embedded (`open`) and over HTTP (`connect`).
import type {
  Duration,
  FinalRunStatus,
  GateKind,
  JoinReason,
  RunStatus,
  RunStatusReason,
  WireError,
} from "@sluice/protocol";
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
  /** Search attributes, as the workflow declares them. */
  readonly attributes?: Readonly<Record<string, string | number | boolean | Date>>;
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
  /** Search attributes; times are milliseconds since 1970. */
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly priority: number;
  readonly idempotencyKey: string | null;
  readonly parent: string | null;
  readonly attempt: number;
  readonly forkedFrom: string | null;
  /** First of the runs that went on as one another; null for one that stands alone. */
  readonly chain: string | null;
  /** The run of its chain before it. */
  readonly continuedFrom: string | null;
  /** The run it went on as. */
  readonly continuedTo: string | null;
  readonly schedule: string | null;
  /** How its values are kept; those of an erased run are gone. */
  readonly payload: "plain" | "encrypted" | "erased";
  /** What holds it back while it is queued, where that is flow control: the gate, and the value of its key. */
  readonly hold: { readonly by: GateKind; readonly path: string | null; readonly key: string | null } | null;
}

/** One thing that happened to a run; `id` grows and can be resumed from, and is absent for what is not journaled. */
export interface RunUpdate {
  readonly id: number | null;
  readonly type: "run" | "step" | "log" | "progress";
  readonly at: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A piece of streamed output. `id` grows by one and can be resumed from. */
export interface StreamChunk {
  readonly id: number;
  /** The step that streamed it; null for the workflow itself. */
  readonly step: { readonly seq: number; readonly name: string; readonly attempt: number } | null;
  /** How many the same attempt of the step streamed before it; 0 again where the attempt was made again. */
  readonly index: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly data: unknown;
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

export interface ForkOptions {
  /** The entry that is executed again: its number, or the name of a step (its first occurrence). */
  readonly from?: string | number;
  /** In place of the original's. */
  readonly input?: unknown;
  /**
   * Of a run that was imported: takes over what its steps have found, which whoever brought the file could have written. Needs
   * the permission `run:trust`.
   */
  readonly trustImported?: boolean;
}

export interface RetryOptions {
  readonly code?: "current" | "pinned" | undefined;
  /** What failed undos left standing was taken back by hand. */
  readonly takenBack?: boolean | undefined;
}

export interface RunHandle<O = unknown> {
  readonly id: string;
  /** False when the idempotency key, or flow control, led to a run that was already there. */
  readonly created: boolean;
  /** Why flow control made the start part of a run that was there. */
  readonly joined?: JoinReason | undefined;
  /**
   * Waits for the end; throws the run's error when it did not complete. A run that went on as another has the result of the
   * last of them.
   */
  result(options?: { readonly signal?: AbortSignal }): Promise<O>;
  /** The run as it is now. */
  get(): Promise<Run<unknown, O>>;
  /** Its journal: what has settled in that order, then what is open. */
  steps(): Promise<readonly Step[]>;
  /** What happened and what happens, until the run ends. */
  events(options?: { readonly after?: number; readonly signal?: AbortSignal }): AsyncIterable<RunUpdate>;
  /** What it has streamed behind `after`, as far as that is kept, and what it streams, until it ends. */
  stream(options?: { readonly after?: number; readonly signal?: AbortSignal }): AsyncIterable<StreamChunk>;
  /** Ends it early, its children with it; its undos run first. */
  cancel(reason?: string): Promise<void>;
  /** Lets it begin nothing new until it is resumed. */
  pause(): Promise<void>;
  /** Lets it go on after a pause, or after what parked it was dealt with. */
  resume(): Promise<void>;
  /**
   * Runs it again from the step that failed, with the code of today or that which started it (`pinned`). Where an undo has
   * failed, only once its effect was `takenBack` by hand; else rejects with `undo_failed`.
   */
  retry(options?: RetryOptions): Promise<void>;
  /** Starts a new run with its journal up to `from` (all of it without), and another input where one is given. */
  fork(options?: ForkOptions): Promise<RunHandle<O>>;
  /** Deletes it once it has ended, with everything that belongs to it. */
  delete(): Promise<void>;
}

export interface RunQuery {
  readonly workflow?: string;
  readonly status?: RunStatus | readonly RunStatus[];
  readonly tag?: string;
  /** Conditions on search attributes, such as `total>=100`: all have to hold. */
  readonly attributes?: readonly string[];
  /** The run with this id, and those it went on as. */
  readonly chain?: string;
  /** Created at or after, and before; milliseconds since 1970. */
  readonly from?: number;
  readonly to?: number;
  readonly limit?: number;
  readonly cursor?: string;
}

export interface PendingApproval {
  /** Empty where one may see that something waits, but not decide it. */
  readonly token: string;
  readonly run: string;
  readonly workflow: string;
  readonly name: string;
  readonly description: string | null;
  readonly data: unknown;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  /** Whom it is asked of; null where whoever has the link or the right decides. */
  readonly approver: string | null;
  /** How many have to approve, of how many. */
  readonly need: number;
  readonly of: number;
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

/** Writes, searches and follows logs. */
export interface LogClient {
  /** Resolves when the entries are on the disk. Under a key they are written once, however often they are sent. */
  write(
    entries: LogInput | readonly LogInput[],
    options?: { readonly labels?: Readonly<Record<string, string>>; readonly idempotencyKey?: string },
  ): Promise<{ readonly accepted: number; readonly rejections: number; readonly duplicate: boolean }>;
  /** Entries that fit, or what pipes make of them: `columns` and `rows`. Times are milliseconds since 1970. */
  query(
    text: string,
    options?: { readonly from?: number; readonly to?: number; readonly limit?: number },
  ): Promise<LogFound>;
  /** The latest entries that fit, then each as it comes, without end. */
  tail(
    filter?: string,
    options?: { readonly last?: number; readonly after?: number; readonly signal?: AbortSignal },
  ): AsyncIterable<LogEntry>;
}

/** An entry as it is written: a line, or an object with `message`, `time`, `labels` and fields of any name. */
export type LogInput = string | Readonly<Record<string, unknown>>;

export interface LogEntry {
  /** Place in the order of commits; also the cursor of tails. */
  readonly seq: number;
  /** ISO 8601, with up to nine digits of a second. */
  readonly time: string;
  readonly level: string;
  readonly line: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

export interface LogFound {
  readonly entries: readonly LogEntry[] | null;
  readonly columns: readonly string[] | null;
  readonly rows: readonly (readonly (string | number | boolean | null)[])[] | null;
  /** Why this is not all: null where it is. */
  readonly partial: string | null;
  readonly lastSeq: number;
}

/** Records values, and reports them. */
export interface MetricClient {
  /** Records a value of a histogram; of a counter, by how much it grows; of a gauge, what it is now. */
  record(
    name: string,
    value: number,
    options?: {
      readonly kind?: "counter" | "gauge" | "histogram";
      readonly labels?: Readonly<Record<string, string>>;
    },
  ): Promise<void>;
  /** What was recorded within a span, the last hour without one. Times are milliseconds since 1970. */
  report(options?: { readonly from?: number; readonly to?: number; readonly name?: string }): Promise<MetricReport>;
}

/** Of the values of a series. */
export interface MetricSummary {
  readonly count: number;
  readonly sum: number;
  readonly average: number;
  readonly min: number;
  readonly max: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface MetricReport {
  readonly from: number;
  readonly to: number;
  readonly metrics: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly kind: "counter" | "gauge" | "histogram";
    readonly summary: MetricSummary;
    readonly history: readonly (MetricSummary & { readonly at: number; readonly widthMs: number })[];
  }[];
}

/** The client of a server, with what only a server has. */
export interface ServerClient extends Client {
  readonly logs: LogClient;
  readonly metrics: MetricClient;
}

export interface Client extends AsyncDisposable {
  /** Resolves when the run is durable. */
  start<W extends Workflow>(workflow: W, ...rest: StartArguments<W>): Promise<RunHandle<OutputOf<W>>>;
  start(workflow: string, input?: unknown, options?: StartOptions): Promise<RunHandle>;
  /** A handle to a run by its id; nothing is asked until it is used. */
  run<O = unknown>(id: string): RunHandle<O>;
  /** A page of runs, newest first. */
  runs(query?: RunQuery): Promise<{ readonly runs: readonly Run[]; readonly nextCursor: string | null }>;
  /** Resolves when the event is stored. */
  emit(
    name: string,
    payload?: unknown,
    options?: { readonly key?: string; readonly id?: string },
  ): Promise<{ readonly duplicate: boolean }>;
  /** What waits for a decision. */
  approvals(): Promise<readonly PendingApproval[]>;
  /** Decides, once. */
  approve(token: string, decision: Decision): Promise<void>;
  /** Completes a `ctx.token()`. */
  complete(token: string, payload?: unknown): Promise<void>;
  readonly state: {
    /** The value of a key of `global`, `workflow:NAME` or `run:ID`; undefined where there is none. */
    get(scope: string, key: string): Promise<StateValue | undefined>;
    /** Sets a key; its new version. With `ifVersion` only from that one, 0 being none: otherwise `state_version_conflict`. */
    set(
      scope: string,
      key: string,
      value: unknown,
      options?: { readonly ttl?: Duration; readonly ifVersion?: number },
    ): Promise<number>;
    /** True when there was something to delete. */
    delete(scope: string, key: string): Promise<boolean>;
  };
  /** Stops the engine in order where it is in this process; a connection holds nothing. */
  close(): Promise<void>;
}

/** How a run ended, as clients see it before it becomes a result or an error. */
export interface RunEnd {
  readonly status: FinalRunStatus;
  readonly output?: Uint8Array;
  readonly error?: Uint8Array;
}
