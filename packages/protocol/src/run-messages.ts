// What an engine and a worker say to each other about runs: message types 0x60–0x7f.
// The same objects travel in process as they are, and over a socket as MessagePack payloads of the frame codec;
// keys are single words so that both spellings are one. Values are bytes made by `encodeValue`.
import type { BreakerMark } from "./breaker.ts";
import type { FacilityAnswer, FacilityRequest } from "./facility-messages.ts";
import type { AttributeType } from "./attributes.ts";
import type { AttributesOp, CacheOp, ChunkOp, LogOp, ProgressOp, StepCacheUse } from "./run-data-ops.ts";
import type { FlowManifest } from "./flow.ts";
import type { DeclaredGraph } from "./declared-graph.ts";
import type { JournalEntry } from "./journal-entry.ts";
import type { EntryKind, FinalRunStatus, RunStatusReason } from "./statuses.ts";
import type { HeldTask, TaskOffer, TaskOp, TaskOrder, TaskReport } from "./task-messages.ts";
import type { InvokedMessage, InvokeMessage, TriggerManifest } from "./trigger-manifest.ts";

/** Numeric types of the frames that carry these messages. */
export const runMessageCodes = {
  deploy: 0x60,
  assign: 0x61,
  journal: 0x62,
  ops: 0x63,
  events: 0x64,
  validate: 0x65,
  validated: 0x66,
  drain: 0x67,
  handback: 0x68,
  piece: 0x69,
  checked: 0x6a,
  reveal: 0x78,
  revealed: 0x79,
  refresh: 0x7a,
  admit: 0x7b,
  admitted: 0x7c,
  services: 0x7d,
  invoke: 0x70,
  invoked: 0x71,
  task: 0x72,
  revoke: 0x73,
  result: 0x74,
  note: 0x75,
} as const;
export type RunMessageName = keyof typeof runMessageCodes;

/** Common to every operation that occupies a place in the journal. */
interface Placed {
  readonly seq: number;
  readonly name: string;
  readonly n: number;
}

/** A step with an undo is about to run (journaled first), or any step has begun (for show, not journaled). */
export interface StartedOp extends Placed {
  readonly op: "started";
  readonly at: number;
  readonly attempt: number;
  readonly undo: boolean;
}
/** A step (or an undo, with a negative seq) settled for good, or another call failed before it could be made. */
export interface DoneOp extends Placed {
  readonly op: "done";
  readonly kind: EntryKind;
  readonly at: number;
  /** Milliseconds since 1970 when it ended, where the workflow may have seen the result already. */
  readonly end?: number | undefined;
  readonly attempt: number;
  readonly value?: Uint8Array | undefined;
  readonly error?: Uint8Array | undefined;
  readonly undo?: boolean | undefined;
  /** The circuit breaker that let the attempt in, and what it learns from it. */
  readonly breaker?: BreakerMark | undefined;
  /** Of a cached step: its value is kept there in the same commit, and whoever waits for it gets it. */
  readonly cache?: StepCacheUse | undefined;
}
/** An attempt failed; the next one is due in `delay` milliseconds. */
export interface RetryOp extends Placed {
  readonly op: "retry";
  readonly kind: "step" | "undo";
  readonly at: number;
  readonly attempt: number;
  readonly error: Uint8Array;
  readonly delay: number;
  readonly undo?: boolean | undefined;
  readonly breaker?: BreakerMark | undefined;
}
export interface SleepOp extends Placed {
  readonly op: "sleep";
  /** Milliseconds since 1970; absent when `delay` counts from the commit. */
  readonly until?: number | undefined;
  readonly delay?: number | undefined;
}
export interface EventOp extends Placed {
  readonly op: "event";
  readonly key?: string | undefined;
  /** Encoded data that the payload must contain. */
  readonly match?: Uint8Array | undefined;
  readonly timeout?: number | undefined;
}
interface Asking extends Placed {
  readonly timeout?: number | undefined;
  readonly description?: string | undefined;
  readonly data?: Uint8Array | undefined;
}
export interface ApprovalOp extends Asking {
  readonly op: "approval";
  /** One that a `token` operation made before; without it one is made, and belongs to this entry. */
  readonly token?: string | undefined;
}
/** Makes a token, of a callback or (`terms`) of an approval; settles at once with it. */
export interface TokenOp extends Asking {
  readonly op: "token";
  /** Encoded `ApprovalTerms`, the group they name, and the approval's name: the entry's says whose link it is. */
  readonly terms?: Uint8Array | undefined;
  readonly group?: string | undefined;
  readonly title?: string | undefined;
}
/** Waits for a callback token. */
export interface CallbackOp extends Placed {
  readonly op: "callback";
  readonly token: string;
  readonly timeout?: number | undefined;
}
/** Starts a child run (`call` waits for it, `start` does not); `name` is the workflow. */
export interface ChildOp extends Placed {
  readonly op: "call" | "start";
  readonly input: Uint8Array;
  readonly key?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly priority?: number | undefined;
  readonly delay?: number | undefined;
}
export interface EmitOp extends Placed {
  readonly op: "emit";
  readonly payload: Uint8Array;
  readonly key?: string | undefined;
  readonly id?: string | undefined;
}
/** `scope` is `run`, `workflow` or `global`; `name` repeats scope, verb and key as the entry's fingerprint. */
export interface StateOp extends Placed {
  readonly op: "state";
  readonly key: string;
  readonly scope: "run" | "workflow" | "global";
  readonly verb: "get" | "set" | "incr" | "delete";
  readonly value?: Uint8Array | undefined;
  readonly amount?: number | undefined;
  readonly ttl?: number | undefined;
}
export interface LockOp extends Placed {
  readonly op: "lock";
  readonly ttl?: number | undefined;
  readonly timeout?: number | undefined;
}
export interface UnlockOp extends Placed {
  readonly op: "unlock";
  readonly fence: number;
}
/** Journals which branch won and closes the open entries of the others. */
export interface RaceOp extends Placed {
  readonly op: "race";
  readonly value: Uint8Array;
  readonly losers: readonly number[];
}
export interface PatchedOp extends Placed {
  readonly op: "patched";
}
/** The run is about to end this way; its undos run first. */
export interface UndoingOp {
  readonly op: "undoing";
  readonly status: FinalRunStatus;
  readonly reason?: RunStatusReason | undefined;
  readonly error?: Uint8Array | undefined;
}
export interface FinishOp {
  readonly op: "finish";
  readonly status: FinalRunStatus;
  readonly reason?: RunStatusReason | undefined;
  readonly output?: Uint8Array | undefined;
  readonly error?: Uint8Array | undefined;
  /** Entry whose failure ended the run; `retry` starts again from it. */
  readonly cause?: number | undefined;
  /** The run goes on as another one of its workflow, with this input; it has completed. */
  readonly input?: Uint8Array | undefined;
}
/** The worker cannot go on and an operator must act; nothing was executed. */
export interface BlockedOp {
  readonly op: "blocked";
  readonly reason: RunStatusReason;
  readonly error: Uint8Array;
}
/** Everything the run does now is wait, for the given reason; sent after the waits themselves. */
export interface IdleOp {
  readonly op: "idle";
  readonly reason?: RunStatusReason | undefined;
  /** Number of the last settlement the run has been given: when there is a later one on its way, the run does not wait. */
  readonly ord?: number | undefined;
  /** Entries that wait for a word to go on, such as for their next attempt: when it is on its way, the run does not wait. */
  readonly retries?: readonly number[] | undefined;
}

/** The incarnation gives itself up: idle long enough, or asked to pause and quiet. */
export interface ParkOp {
  readonly op: "park";
  readonly paused: boolean;
}

export type RunOp =
  | ParkOp
  | AttributesOp
  | CacheOp
  | ChunkOp
  | StartedOp
  | DoneOp
  | RetryOp
  | SleepOp
  | EventOp
  | ApprovalOp
  | TokenOp
  | CallbackOp
  | ChildOp
  | TaskOp
  | EmitOp
  | StateOp
  | LockOp
  | UnlockOp
  | RaceOp
  | PatchedOp
  | UndoingOp
  | FinishOp
  | BlockedOp
  | LogOp
  | ProgressOp
  | IdleOp;

/** Why a run is being ended before its function returned. */
export interface CancelNotice {
  readonly status: "cancelled" | "timedout";
  readonly reason: RunStatusReason;
  readonly message: string;
}

/** What the engine tells a hot run, in the order in which it must be handled. */
export type RunEvent =
  /** An entry settled and is durable. `value` and `error` are absent where the worker made them itself. */
  | {
      readonly event: "settle";
      readonly seq: number;
      readonly ord: number;
      readonly status: "completed" | "failed";
      readonly at: number;
      readonly value?: Uint8Array | undefined;
      readonly error?: Uint8Array | undefined;
    }
  /** The start of a step with an undo is durable: it may run. */
  | { readonly event: "started"; readonly seq: number }
  /** Another run makes the result that a cached step has asked for: it waits for a settlement or a wake. */
  | { readonly event: "queued"; readonly seq: number }
  /** The next attempt of a step is due, or a cached step may ask again. */
  | { readonly event: "wake"; readonly seq: number }
  | ({ readonly event: "cancel" } & CancelNotice)
  /** How the run will end is durable: its undos may run. */
  | { readonly event: "undoing" }
  /** Finish what runs, begin nothing new, then report idle. */
  | { readonly event: "pause" }
  /** Forget this incarnation: it can neither settle nor write any more. */
  | { readonly event: "drop" };

/** What a worker must know about a run to execute it. */
export interface RunAssignment {
  readonly run: string;
  readonly epoch: number;
  readonly workflow: string;
  readonly version: string;
  readonly input: Uint8Array;
  readonly created: number;
  readonly started: number;
  /** How often the run was retried by an operator, from 1. */
  readonly attempt: number;
  /** How often its effects were undone before a retry. */
  readonly generation: number;
  readonly tags: readonly string[];
  readonly parent?: string | undefined;
  readonly key?: string | undefined;
  /** The span that began it, as W3C `traceparent` has it; absent where nobody traces. */
  readonly trace?: string | undefined;
  /** Number of the last entry that settled before this journal was read; later ones come as events. */
  readonly ord: number;
  /** Ordered by `ord`, unsettled entries last. */
  readonly journal: readonly JournalEntry[];
  /** True when more of the journal follows in `journal` messages. */
  readonly more?: boolean | undefined;
  /** Entries were taken out of the journal, or out of the one it is a copy of: what was recorded after them may have to wait. */
  readonly gaps?: boolean | undefined;
  /** Set when the run is to be cancelled rather than continued. */
  readonly cancel?: CancelNotice | undefined;
  /** Set when the run was already undoing: how it will end. */
  readonly outcome?: UndoingOp | undefined;
  /** Replay only: report whether the code follows the journal, execute nothing. */
  readonly check?: boolean | undefined;
  /** Base of callback and approval URLs, without a trailing slash. */
  readonly url: string;
}

/** What a workflow says of itself to the engine. */
export interface WorkflowManifest {
  readonly name: string;
  readonly triggers: readonly TriggerManifest[];
  /** JSON Schema of the input where the schema library offers one. */
  readonly schema?: unknown;
  readonly validates: boolean;
  /** Milliseconds a run may take. */
  readonly timeout?: number | undefined;
  /** Keep finished runs this long and this many. */
  readonly retention?: { readonly age?: number | undefined; readonly count?: number | undefined } | undefined;
  readonly description?: string | undefined;
  /** Search attributes its runs may have. */
  readonly attributes?: Readonly<Record<string, AttributeType>> | undefined;
  readonly graph?: DeclaredGraph | undefined;
  /** Payloads of its runs are encrypted; absent: as the server is set. */
  readonly encrypt?: boolean | undefined;
  /** When its runs may begin; absent: at once. */
  readonly flow?: FlowManifest | undefined;
}

export type EngineToWorker =
  | { readonly type: "assign"; readonly assignment: RunAssignment }
  | {
      readonly type: "journal";
      readonly run: string;
      readonly epoch: number;
      readonly entries: readonly JournalEntry[];
      readonly more: boolean;
    }
  | { readonly type: "events"; readonly run: string; readonly epoch: number; readonly events: readonly RunEvent[] }
  | { readonly type: "validate"; readonly request: string; readonly workflow: string; readonly input: Uint8Array }
  | InvokeMessage
  | { readonly type: "drain"; readonly ms: number }
  | TaskOrder
  | FacilityAnswer;

export type WorkerToEngine =
  | {
      readonly type: "deploy";
      readonly worker: string;
      readonly version: string;
      readonly workflows: readonly WorkflowManifest[];
      readonly tasks?: readonly TaskOffer[] | undefined;
    }
  | { readonly type: "ops"; readonly run: string; readonly epoch: number; readonly ops: readonly RunOp[] }
  | {
      readonly type: "validated";
      readonly request: string;
      readonly input?: Uint8Array | undefined;
      readonly issues?: readonly { readonly path: string; readonly message: string }[] | undefined;
    }
  | InvokedMessage
  /** The answer to a replay check: `error` says where code and journal differ. */
  | {
      readonly type: "checked";
      readonly run: string;
      readonly epoch: number;
      readonly error?: Uint8Array | undefined;
    }
  | FacilityRequest
  | TaskReport
  /** The worker leaves and gives these runs and tasks back. */
  | {
      readonly type: "handback";
      readonly runs: readonly { readonly run: string; readonly epoch: number }[];
      readonly tasks?: readonly HeldTask[] | undefined;
    };
