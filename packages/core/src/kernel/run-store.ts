// The store port of the engine: what must be durable, as verbs of intent. No connection and no transaction shows through;
// each verb is atomic by itself, and adapters commit whatever is pending together.
import type { CancelNotice, JournalEntry, RunStatusReason } from "@sluice/protocol";
import type {
  Actor,
  AccessFilter,
  NewRun,
  RunRecord,
  ClaimedRun,
  JournalCursor,
  StoreOp,
  Effects,
  CreateOutcome,
  AppendOutcome,
  ChangeOutcome,
  TokenOutcome,
  TokenRecord,
  StateEntry,
  ScheduleRecord,
  EventRecord,
  LogLine,
  RunFilter,
  StoreStats,
} from "./run-records.ts";
import type { ApprovalTalk } from "./approval-talk.ts";
import type { BreakerStore } from "./breaker-store.ts";
import type { RunHistory } from "./run-history.ts";
import type { ScheduleFiring } from "./schedule-firing.ts";
import type { FlowVerbs } from "./flow-verbs.ts";
import type { InnerActor } from "./inner-actor.ts";
import type { KeepingVerbs } from "./keeping-verbs.ts";
import type { RunFinder } from "./run-search.ts";
import type { RunStreamStore } from "./run-stream.ts";
import type { VersionVerbs } from "./version-verbs.ts";
import type { StepCacheStore } from "./step-cache.ts";
import type { TaskStore } from "./task-store.ts";

export type { RunHit, RunSummary } from "./run-search.ts";
export type {
  Actor,
  AccessFilter,
  NewRun,
  RunRecord,
  ClaimedRun,
  JournalCursor,
  StoreOp,
  LargeEvent,
  Undecided,
  Delivery,
  FinishedRun,
  Effects,
  CreateOutcome,
  ImportedRun,
  AppendOutcome,
  ChangeOutcome,
  ApprovalComment,
  CommentOutcome,
  TokenOutcome,
  TokenRecord,
  StateEntry,
  ScheduleRecord,
  EventRecord,
  LogLine,
  VersionRecord,
  RetentionRecord,
  RunFilter,
  StoreStats,
  FlowRule,
  QueueRecord,
  RunFlow,
} from "./run-records.ts";
/** Names a change that a run asks for; goes with the run. */
export interface StateOnce {
  readonly run: string;
  readonly id: string;
}

/** The verbs. All of them reject with a `SluiceError` (`store_failed`, `disk_full`, `payload_too_large`) and have then changed nothing. */
export interface RunStore
  extends
    ApprovalTalk,
    RunFinder,
    RunHistory,
    RunStreamStore,
    BreakerStore,
    StepCacheStore,
    FlowVerbs,
    ScheduleFiring,
    KeepingVerbs,
    TaskStore,
    VersionVerbs {
  /**
   * Creates a run. With `claim` and a due time that has come it is at once `running` with epoch 1 and that owner; otherwise
   * it is `queued` and ready, or queued with reason `delayed` until `dueAt`. A run whose `serialKey` has an earlier run that
   * has not ended is never claimed at once, nor one that a gate holds back. Flow control may turn it away, or make it part of a
   * run that is there.
   */
  createRun(p: {
    readonly by: Actor;
    readonly run: NewRun;
    readonly claim?: { readonly owner: string } | undefined;
    readonly now: number;
  }): Promise<CreateOutcome>;

  /**
   * Hands out ready runs: epoch + 1, owner set, `running` (or `undoing` when it was). Those with the lowest rank go first (flow.ts):
   * the oldest, where none has a priority. Shares of fair workflows take turns, with one turn for all other runs together.
   */
  claimRuns(p: {
    readonly by: InnerActor;
    readonly owner: string;
    readonly limit: number;
    readonly now: number;
    readonly journalBytesMax: number;
  }): Promise<readonly ClaimedRun[]>;

  readJournal(p: {
    readonly run: string;
    readonly access?: AccessFilter | undefined;
    readonly from?: JournalCursor | undefined;
    readonly bytesMax: number;
  }): Promise<{ readonly entries: readonly JournalEntry[]; readonly next?: JournalCursor | undefined }>;

  /**
   * Applies operations of one incarnation, all or none; refused as stale when `epoch` is not the current one. Only a wait that
   * has to look into an event kept as a blob ends the list early: it is handed back as `undecided`, the rest is applied later.
   */
  append(p: {
    readonly by: InnerActor;
    readonly run: string;
    readonly epoch: number;
    readonly ops: readonly StoreOp[];
    readonly now: number;
  }): Promise<AppendOutcome>;

  /**
   * Takes idle runs out of memory: epoch + 1, no owner. One whose wait has settled meanwhile becomes ready instead, and so does
   * one that stopped for a pause (`paused`) which was taken back meanwhile. Where a pause is wanted the run is paused.
   */
  parkRun(p: {
    readonly by: InnerActor;
    readonly run: string;
    readonly epoch: number;
    readonly now: number;
    /** The incarnation has stopped, as it was asked to, before it had nothing left to do but wait. */
    readonly paused?: boolean | undefined;
  }): Promise<{ readonly outcome: "parked" | "ready" | "stale"; readonly effects?: Effects | undefined }>;

  /** Gives runs back so that they are claimed anew: epoch + 1, no owner, ready. `crashed` counts against them. */
  releaseRuns(p: {
    readonly by: InnerActor;
    readonly runs: readonly { readonly run: string; readonly epoch: number }[];
    readonly crashed: boolean;
    readonly now: number;
  }): Promise<{ readonly released: readonly RunRecord[]; readonly effects: Effects }>;

  /** At start: every run owned by somebody else than `owner` is given back. */
  recover(p: {
    readonly by: InnerActor;
    readonly owner: string;
    readonly now: number;
  }): Promise<{ readonly recovered: number; readonly effects: Effects }>;

  /** Parks a run until an operator acts, with the reason and evidence. */
  blockRun(p: {
    readonly by: InnerActor;
    readonly run: string;
    readonly epoch?: number | undefined;
    readonly reason: RunStatusReason;
    readonly error: Uint8Array;
    readonly now: number;
  }): Promise<ChangeOutcome>;

  /** Makes runs blocked for one of these reasons ready again. */
  unblockRuns(p: {
    readonly by: InnerActor;
    readonly reasons: readonly RunStatusReason[];
    readonly workflow?: string | undefined;
    readonly version?: string | undefined;
    readonly now: number;
  }): Promise<{ readonly effects: Effects }>;

  /**
   * Settles everything that is due, at most `limit`: by due time, and of what is due together first what was asked for first;
   * a lock is due when it expires and somebody waits for it. A sleep that is all its run waits for is settled up to `soonMs`
   * early, as of its due time: whoever hands it out waits for that. `next` is when there is something to settle again.
   */
  fireTimers(p: {
    readonly by: InnerActor;
    readonly now: number;
    readonly limit: number;
    readonly soonMs?: number;
  }): Promise<{
    readonly fired: number;
    readonly next?: number | undefined;
    readonly effects: Effects;
  }>;

  /** Stores an event and settles every wait that matches; with `id` a second one is acknowledged and ignored. */
  emitEvent(p: {
    readonly by: Actor;
    readonly name: string;
    readonly key?: string | undefined;
    readonly payload: Uint8Array;
    /** The payload itself where `payload` refers to a blob: waits are matched against it. */
    readonly content?: Uint8Array | undefined;
    readonly id?: string | undefined;
    readonly now: number;
  }): Promise<{ readonly event: number; readonly duplicate: boolean; readonly effects: Effects }>;

  /** Settles the wait behind a token, once. For an approval, `data` is the decision recorded with it. */
  completeToken(p: {
    readonly by: Actor;
    readonly token: string;
    readonly kind: "approval" | "callback";
    readonly value?: Uint8Array | undefined;
    readonly error?: Uint8Array | undefined;
    /** Who decides, as a person: nobody decides twice in one approval of several tokens. */
    readonly person?: string | undefined;
    readonly now: number;
  }): Promise<TokenOutcome>;

  /**
   * Ends a run early. A run in memory is marked and gets a delivery; one that has undos becomes ready so that they run; any
   * other ends at once. Children that were called (not started detached) are cancelled with it. Final runs: refused.
   */
  cancelRun(p: {
    readonly by: Actor;
    readonly run: string;
    readonly notice: CancelNotice;
    /** Recorded as the run's error, and seen by a parent that waits for it. */
    readonly error: Uint8Array;
    readonly now: number;
  }): Promise<ChangeOutcome>;

  /** Pauses a run. One in memory stays as it is and gets a `pause` delivery. Final or blocked runs: refused. */
  pauseRun(p: { readonly by: Actor; readonly run: string; readonly now: number }): Promise<ChangeOutcome>;
  /** Makes a paused or blocked run ready. Others: refused. */
  resumeRun(p: { readonly by: Actor; readonly run: string; readonly now: number }): Promise<ChangeOutcome>;

  /**
   * Runs a failed, cancelled, timed-out or blocked run again on its journal, without what has to be done anew, and with what has to
   * be done again open in its place (`retry-plan.ts`; a failed run without `cause`: that of its last failed entry); attempt + 1;
   * ready. A child that a removed call made is cancelled, unless the call will find it by its key. Later runs of a serial key wait.
   */
  retryRun(p: {
    readonly by: Actor;
    readonly run: string;
    readonly version?: string | undefined;
    readonly timeoutAt?: number | undefined;
    readonly now: number;
  }): Promise<ChangeOutcome>;

  /** Creates a run that begins with a copy of another's journal: every entry that stands before entry `before` in its order. */
  forkRun(p: {
    readonly by: Actor;
    readonly from: string;
    readonly before?: number | undefined;
    readonly run: NewRun;
    readonly now: number;
  }): Promise<CreateOutcome | { readonly outcome: "not_found" }>;

  /** Deletes ended runs with everything that belongs to them. Runs that have not ended: left alone. */
  deleteRuns(p: {
    readonly by: Actor;
    readonly runs: readonly string[];
    readonly now: number;
  }): Promise<{ readonly deleted: readonly string[] }>;

  setState(p: {
    readonly by: Actor;
    readonly scope: string;
    readonly key: string;
    readonly value: Uint8Array;
    readonly expiresAt?: number | undefined;
    /** Only when the key has this version; 0 means: only when it does not exist. */
    readonly ifVersion?: number | undefined;
    /** Made once for this run and id: where it was made before, nothing changes and the answer is what it was then. */
    readonly once?: StateOnce | undefined;
    readonly now: number;
  }): Promise<
    | { readonly outcome: "ok"; readonly version: number; /** As it was set before. */ readonly known?: Uint8Array }
    | { readonly outcome: "conflict"; readonly version: number }
  >;
  deleteState(p: {
    readonly by: Actor;
    readonly scope: string;
    readonly key: string;
    readonly ifVersion?: number | undefined;
    readonly now: number;
  }): Promise<{ readonly outcome: "ok" | "not_found" | "conflict" }>;
  getState(p: { readonly scope: string; readonly key: string; readonly now: number }): Promise<StateEntry | undefined>;
  listState(p: {
    readonly scope: string;
    readonly prefix?: string | undefined;
    /** Patterns of the keys the caller may see; absent means all. */
    readonly keys?: readonly string[] | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
    readonly now: number;
  }): Promise<{ readonly entries: readonly StateEntry[]; readonly next?: string | undefined }>;

  /** Makes the schedules that come from code be exactly these; pause state and what was handled stay. */
  putSchedules(p: {
    readonly by: Actor;
    readonly workflows: readonly string[];
    readonly schedules: readonly Omit<ScheduleRecord, "paused" | "handledUntil">[];
    readonly now: number;
  }): Promise<readonly ScheduleRecord[]>;
  listSchedules(p?: { readonly access?: AccessFilter | undefined }): Promise<readonly ScheduleRecord[]>;
  setSchedulePaused(p: {
    readonly by: Actor;
    readonly schedule: string;
    readonly paused: boolean;
    /** Nominal times while it was paused are not caught up: handled until now. */
    readonly now: number;
  }): Promise<ScheduleRecord | undefined>;

  getRun(p: { readonly run: string; readonly access?: AccessFilter | undefined }): Promise<RunRecord | undefined>;
  findByKey(p: {
    readonly workflow: string;
    readonly key: string;
    readonly access?: AccessFilter | undefined;
  }): Promise<RunRecord | undefined>;
  /** Newest first; `cursor` comes from the page before. */
  listRuns(p: {
    readonly filter: RunFilter;
    readonly limit: number;
    readonly cursor?: string | undefined;
    readonly access?: AccessFilter | undefined;
  }): Promise<{ readonly runs: readonly RunRecord[]; readonly next?: string | undefined }>;
  countRuns(p: { readonly filter: RunFilter; readonly access?: AccessFilter | undefined }): Promise<number>;
  listLogs(p: {
    readonly run: string;
    readonly after: number;
    readonly limit: number;
    readonly access?: AccessFilter | undefined;
  }): Promise<readonly LogLine[]>;
  getToken(p: { readonly token: string; readonly access?: AccessFilter | undefined }): Promise<TokenRecord | undefined>;
  /** Oldest first, then by run and place. */
  listTokens(p: {
    readonly kind: "approval" | "callback";
    readonly status?: "open" | undefined;
    readonly run?: string | undefined;
    readonly limit: number;
    /** The last one of the page before. */
    readonly after?: Pick<TokenRecord, "createdAt" | "run" | "seq"> | undefined;
    readonly access?: AccessFilter | undefined;
  }): Promise<readonly TokenRecord[]>;
  listEvents(p: {
    readonly name?: string | undefined;
    /** Patterns of the names the caller may see; absent means all. */
    readonly names?: readonly string[] | undefined;
    /** Number of the last event that was seen; 0 at the beginning. */
    readonly after: number;
    /** Oldest first without. */
    readonly order?: "oldest" | "newest" | undefined;
    readonly limit: number;
  }): Promise<readonly EventRecord[]>;
  /** Which of these blobs some run refers to. */
  blobsInUse(p: { readonly blobs: readonly string[] }): Promise<readonly string[]>;
  /** Figures of what the caller may see; `names`: patterns of event names. Size is that of everything. */
  stats(p?: {
    readonly access?: AccessFilter | undefined;
    readonly names?: readonly string[] | undefined;
  }): Promise<StoreStats>;

  /** Writes a consistent copy of everything to a file while work goes on. */
  backup(p: { readonly path: string }): Promise<{ readonly bytes: number }>;
  close(): Promise<void>;
}
