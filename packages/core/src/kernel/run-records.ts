// What the store port speaks of: runs, their journals, and everything that belongs to them.
import type {
  ApprovalOp,
  CallbackOp,
  CancelNotice,
  CatchUp,
  ChildOp,
  DoneOp,
  EmitOp,
  EventOp,
  FinalRunStatus,
  FinishOp,
  AttributesOp,
  GateKind,
  BlockedOp,
  CacheOp,
  ChunkOp,
  IdleOp,
  JournalEntry,
  LockOp,
  LogOp,
  Overlap,
  PatchedOp,
  ProgressOp,
  RaceOp,
  RetryOp,
  RunAttribute,
  RunEvent,
  RunStatus,
  RunStatusReason,
  SleepOp,
  StartedOp,
  StateOp,
  TaskOp,
  TokenOp,
  UndoingOp,
  UnlockOp,
} from "@sluice/protocol";
import type { NewPayloadKey } from "./payload-keys.ts";
import type { FlowRule, Hold, JoinReason, QueueRecord, Refused, RunFlow } from "./flow.ts";

export type { FlowRule, QueueRecord, RunFlow };

export type { AttributeFilter, RunFilter } from "./run-filter.ts";

/** On whose behalf a change is made. */
export interface Actor {
  /** `import`: the run is history that was brought here by somebody with this id, and has not been executed here. */
  readonly kind: "system" | "user" | "token" | "run" | "schedule" | "webhook" | "trigger" | "import";
  readonly id: string;
  /** Where the wish came from. Changes made with it are written to the audit trail, in the same transaction. */
  readonly origin?: Origin | undefined;
}

/** Where a wish came from, as far as the edge knows. */
export interface Origin {
  /** The actor's name as people know it. */
  readonly name?: string | undefined;
  /** Network address of the caller. */
  readonly address?: string | undefined;
  /** Session or token it came with. */
  readonly session?: string | undefined;
  readonly token?: string | undefined;
}

/** What a caller may see; absent means everything. */
export interface AccessFilter {
  /** Patterns of workflow names (patterns.ts): one of them has to fit. With none nothing is seen. */
  readonly workflows: readonly string[];
}

/** A run about to exist. Times are milliseconds since 1970; `input` is an encoded value. */
export interface NewRun {
  readonly id: string;
  readonly workflow: string;
  readonly version: string;
  readonly input: Uint8Array;
  /** Digest of the input that decides whether two starts with one key are the same. */
  readonly inputHash?: string | undefined;
  /** Idempotency key, unique within the workflow while the run exists. */
  readonly key?: string | undefined;
  /** Higher goes first. */
  readonly priority: number;
  readonly tags: readonly string[];
  /** Search attributes. */
  readonly attributes?: readonly RunAttribute[] | undefined;
  readonly createdAt: number;
  /** Not to be executed before this time. */
  readonly dueAt: number;
  /** The whole run must have ended by then. */
  readonly timeoutAt?: number | undefined;
  readonly parent?: { readonly run: string; readonly seq: number; readonly detached: boolean } | undefined;
  readonly schedule?: string | undefined;
  /** Runs with the same key execute one after the other, in order of creation. */
  readonly serialKey?: string | undefined;
  readonly forkedFrom?: string | undefined;
  /** Runs that went on as one another: id of the first of them, in each of them once there are two. */
  readonly chain?: string | undefined;
  /** The run of its chain before it. */
  readonly continuedFrom?: string | undefined;
  /** Gates it passes before it begins; absent: none. */
  readonly flow?: RunFlow | undefined;
  /** It ends unless it has begun this long after it was due, in milliseconds. */
  readonly startWithinMs?: number | undefined;
  /** The span that began it, as W3C `traceparent` has it. */
  readonly trace?: string | undefined;
  /** Id of the data key that its values are sealed with; absent: they are not. */
  readonly payloadKey?: string | undefined;
  /** That key, where this is the first run that has it. */
  readonly newKey?: NewPayloadKey | undefined;
}

/** A run as stored. */
export interface RunRecord extends Omit<NewRun, "flow" | "startWithinMs" | "newKey"> {
  readonly status: RunStatus;
  readonly reason?: RunStatusReason | undefined;
  readonly epoch: number;
  /** Entries that have settled so far: the number the last of them got. */
  readonly ord: number;
  /** Engine that holds the run in memory now. */
  readonly owner?: string | undefined;
  readonly startedAt?: number | undefined;
  readonly endedAt?: number | undefined;
  readonly output?: Uint8Array | undefined;
  readonly error?: Uint8Array | undefined;
  readonly progress?: Uint8Array | undefined;
  /** Entry whose failure ended the run. */
  readonly cause?: number | undefined;
  /** The run it went on as. */
  readonly continuedTo?: string | undefined;
  /** Times an operator retried it, from 1. */
  readonly attempt: number;
  /** Times its effects were undone before a retry: `retryRun` adds one when it removes undo entries. */
  readonly generation: number;
  /** Times it took its worker down with it. */
  readonly crashes: number;
  readonly cancel?: CancelNotice | undefined;
  readonly outcome?: UndoingOp | undefined;
  /** True when it is parked until an operator acts. */
  readonly blocked: boolean;
  readonly by: Actor;
  /** What holds it back while it is queued, where that is a gate. */
  readonly hold?: Hold | undefined;
}

/** A run that has ended somewhere else, to be kept as history. */
export interface ImportedRun extends NewRun {
  readonly status: FinalRunStatus;
  readonly reason?: RunStatusReason | undefined;
  readonly startedAt?: number | undefined;
  readonly endedAt: number;
  readonly output?: Uint8Array | undefined;
  readonly error?: Uint8Array | undefined;
  readonly progress?: Uint8Array | undefined;
  readonly cause?: number | undefined;
  readonly continuedTo?: string | undefined;
  readonly attempt: number;
  readonly generation: number;
}

/** A run handed to an engine, with the first piece of its journal (settled entries by `ord`, then the open ones). */
export interface ClaimedRun {
  readonly run: RunRecord;
  readonly journal: readonly JournalEntry[];
  /** Where `readJournal` goes on; absent when the journal is complete. */
  readonly next?: JournalCursor | undefined;
}
export interface JournalCursor {
  readonly after: number;
  readonly open: boolean;
}

/** What the engine adds to an operation before it is stored: absolute times, tokens, the child run. */
interface Prepared {
  /** When the timer, time limit or next attempt is due. */
  readonly due?: number | undefined;
}
/** A stored event whose payload is kept as a blob, with that payload: the search goes on with it, those before it do not fit. */
export interface LargeEvent {
  readonly event: number;
  readonly content: Uint8Array;
}
export type StoreOp =
  | (ChunkOp & {
      /** Bytes of streamed output that are kept of a run; older pieces go. */
      readonly keepBytes: number;
    })
  | AttributesOp
  | CacheOp
  | StartedOp
  | DoneOp
  | (RetryOp & Prepared)
  | (SleepOp & Prepared)
  | (EventOp & Prepared & { readonly large?: LargeEvent | undefined })
  /** `linked`: the token is one that the run made before. */
  | (ApprovalOp & Prepared & { readonly token: string; readonly linked?: boolean | undefined })
  | (TokenOp & Prepared & { readonly token: string; readonly value: Uint8Array })
  | (CallbackOp & Prepared)
  | (ChildOp & { readonly child: NewRun })
  | (TaskOp & Prepared & { readonly task: string })
  | (EmitOp & {
      /** The payload itself where `payload` refers to a blob: waits are matched against it. */
      readonly content?: Uint8Array | undefined;
    })
  | (Omit<StateOp, "scope"> & { readonly scope: string })
  | (LockOp & Prepared)
  | UnlockOp
  | RaceOp
  | PatchedOp
  | UndoingOp
  | (FinishOp & {
      /** The run it goes on as; the store adds what that takes over from it. */
      readonly child?: NewRun | undefined;
    })
  | BlockedOp
  | LogOp
  | ProgressOp
  | IdleOp;

/** Something that must reach the engine holding a run. */
export interface Delivery {
  readonly run: string;
  readonly epoch: number;
  readonly owner: string;
  readonly event: RunEvent;
}
export interface FinishedRun {
  readonly run: string;
  readonly workflow: string;
  readonly status: FinalRunStatus;
  readonly output?: Uint8Array | undefined;
  readonly error?: Uint8Array | undefined;
  readonly reason?: RunStatusReason | undefined;
  /** The run it went on as. */
  readonly continuedTo?: string | undefined;
}
/** What a change did to runs besides the one it was about. */
export interface Effects {
  /** For runs in memory somewhere: settled entries, due attempts, cancellations. */
  readonly deliveries: readonly Delivery[];
  readonly finished: readonly FinishedRun[];
  /** How many runs became ready to be claimed. */
  readonly ready: number;
  /** Earliest due time among the timers this change added. */
  readonly due?: number | undefined;
  /** Runs whose status or journal changed without being in memory anywhere; for those who watch them. */
  readonly touched: readonly string[];
}

export type CreateOutcome =
  | { readonly outcome: "created"; readonly run: RunRecord; readonly effects: Effects }
  /** The same key with the same input: the run that is already there. */
  | { readonly outcome: "existing"; readonly run: RunRecord }
  /** Flow control made it part of a run that is there. */
  | { readonly outcome: "joined"; readonly how: JoinReason; readonly run: RunRecord; readonly effects: Effects }
  | Refused
  /** The same key with another input. */
  | { readonly outcome: "conflict"; readonly run: RunRecord }
  | { readonly outcome: "id_taken"; readonly run: RunRecord };

/** A wait whose pattern has to be held against an event that is kept as a blob: to be asked again with `large`. */
export interface Undecided {
  /** Place of the operation in the list. */
  readonly at: number;
  readonly seq: number;
  readonly event: number;
  readonly payload: Uint8Array;
}

export type AppendOutcome =
  | {
      readonly outcome: "ok";
      /** For the run itself, in the order in which the worker must handle them. */
      readonly events: readonly RunEvent[];
      readonly status: RunStatus;
      readonly effects: Effects;
      /** An operation that could not be applied, nor those after it. */
      readonly undecided?: Undecided | undefined;
    }
  /** Another incarnation owns the run, or it has ended: nothing was written. */
  | { readonly outcome: "stale" };

export type ChangeOutcome =
  | { readonly outcome: "ok"; readonly run: RunRecord; readonly effects: Effects }
  | { readonly outcome: "not_found" }
  /** The run is not in a state that allows this. */
  | { readonly outcome: "refused"; readonly run: RunRecord };

export type TokenOutcome =
  | { readonly outcome: "ok"; readonly run: string; readonly effects: Effects }
  | { readonly outcome: "unknown" }
  | { readonly outcome: "used" }
  | { readonly outcome: "expired" }
  /** This person has decided with another token of the same approval. */
  | { readonly outcome: "decided" };

/** A capability that lets somebody outside settle a wait. */
export interface TokenRecord {
  readonly token: string;
  readonly kind: "approval" | "callback";
  readonly run: string;
  readonly workflow: string;
  readonly seq: number;
  readonly name: string;
  readonly description?: string | undefined;
  readonly data?: Uint8Array | undefined;
  readonly createdAt: number;
  readonly expiresAt?: number | undefined;
  readonly status: "open" | "used" | "expired";
  /** Of an approval of several tokens: encoded `ApprovalTerms`, and the group that they name. */
  readonly terms?: Uint8Array | undefined;
  readonly group?: string | undefined;
}

/** What somebody wrote beside an approval. */
export interface ApprovalComment {
  /** From 1 within its approval. */
  readonly no: number;
  readonly by: Actor;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly text: string;
}

export type CommentOutcome =
  | { readonly outcome: "ok"; readonly run: string; readonly no: number }
  | { readonly outcome: "unknown" | "expired" | "full" };

export interface StateEntry {
  readonly scope: string;
  readonly key: string;
  readonly value: Uint8Array;
  /** Grows with every change of this key. */
  readonly version: number;
  readonly expiresAt?: number | undefined;
}

export interface ScheduleRecord {
  readonly id: string;
  readonly workflow: string;
  readonly cron: string;
  readonly timezone: string;
  readonly input: Uint8Array;
  readonly catchUp: CatchUp;
  readonly catchUpMax: number;
  readonly overlap: Overlap;
  readonly jitterMs: number;
  readonly paused: boolean;
  readonly createdAt: number;
  /** Nominal times up to here have been dealt with. */
  readonly handledUntil: number;
  readonly source: "code" | "api";
}

export interface EventRecord {
  readonly id: number;
  readonly name: string;
  readonly key?: string | undefined;
  readonly payload: Uint8Array;
  readonly at: number;
}

export interface LogLine {
  readonly line: number;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly data?: Uint8Array | undefined;
  readonly at: number;
  /** As the worker gave it: of a line that a step wrote `LIFE:step SEQ:ATTEMPT:N:NAME`. */
  readonly key?: string | undefined;
}

export interface VersionRecord {
  readonly version: string;
  readonly createdAt: number;
  /** Encoded list of workflow manifests. */
  readonly manifest: Uint8Array;
}

/** How long and how many ended runs of a workflow are kept; about what is absent its code says nothing. */
export interface RetentionRecord {
  readonly workflow: string;
  readonly ageMs?: number | undefined;
  readonly keep?: number | undefined;
}

export interface StoreStats {
  readonly runs: Readonly<Partial<Record<RunStatus, number>>>;
  readonly ready: number;
  readonly timers: number;
  readonly events: number;
  readonly bytes: number;
  /** Runs that gates hold back, by the kind of gate. */
  readonly held: Readonly<Partial<Record<GateKind, number>>>;
}
