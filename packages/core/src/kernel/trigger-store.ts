// What must be durable about triggers, as verbs of intent: how far each has got, which occurrences have had their run, which
// wait for quiet, and the requests that came to webhooks.
import type { DeliveryStatus } from "@sluice/protocol";
import type { NewPayloadKey } from "./payload-keys.ts";
import type { InnerActor } from "./inner-actor.ts";
import type { AccessFilter, Actor, Effects, NewRun, RunRecord } from "./run-store.ts";

/** A trigger of deployed code and how far it has got. Times are milliseconds since 1970. */
export interface TriggerRecord {
  /** `WORKFLOW:NAME`. */
  readonly id: string;
  readonly workflow: string;
  readonly kind: string;
  readonly createdAt: number;
  readonly paused: boolean;
  /** Grows with every advance: one that was prepared for an earlier one is refused. */
  readonly version: number;
  /** Number of the last stored event that has been dealt with; at first that of the last one when the trigger came to be. */
  readonly position: number;
  /** Where a poll goes on: an encoded value. */
  readonly cursor?: Uint8Array | undefined;
  readonly lookedAt?: number | undefined;
  readonly nextAt?: number | undefined;
  readonly firedAt?: number | undefined;
  /** Runs it has started. */
  readonly fired: number;
  /** Failures since it last worked. */
  readonly failures: number;
  /** The last of them: an encoded error. */
  readonly error?: Uint8Array | undefined;
}

/** Something that was seen before. `mark`: in which form, for what changes under one key. */
export interface TriggerMark {
  readonly key: string;
  readonly mark?: string | undefined;
  readonly run?: string | undefined;
  readonly at: number;
  readonly expiresAt?: number | undefined;
}

/** An occurrence that gets a run, unless its key is marked. Without a key only the advance itself makes it happen once. */
export interface Occurrence {
  readonly key?: string | undefined;
  readonly mark?: string | undefined;
  /** Remembered until then; without it for as long as the trigger exists. */
  readonly expiresAt?: number | undefined;
  /** Key of the held start that this lets go, once it has its run. */
  readonly held?: string | undefined;
  readonly run: NewRun;
}

/** What waits for quiet, or for a limit that turned it away, before it gets its run. `input` is an encoded value. */
export interface HeldStart {
  readonly key: string;
  readonly firstAt: number;
  readonly dueAt: number;
  /** Occurrences it stands for. */
  readonly count: number;
  readonly input: Uint8Array;
  /** Where the input is sealed: the run it is sealed for, which it becomes, and the data key of that. */
  readonly run?: string | undefined;
  readonly payloadKey?: string | undefined;
  /** That key, when it is held for the first time. */
  readonly newKey?: NewPayloadKey | undefined;
}

/** A request to a webhook and what became of it. */
export interface DeliveryRecord {
  readonly id: string;
  readonly trigger: string;
  readonly workflow: string;
  readonly at: number;
  readonly kind: "live" | "test" | "redelivery";
  /** The delivery that this one repeats. */
  readonly of?: string | undefined;
  readonly method: string;
  /** Below `/hooks`, as it was asked for. */
  readonly path: string;
  readonly query: string;
  /** JSON; what proves who the sender is, is left out. */
  readonly headers: string;
  /** Absent where it was too large to be kept, or nobody is known to have sent it. */
  readonly body?: Uint8Array | undefined;
  readonly bytes: number;
  readonly address?: string | undefined;
  readonly status: DeliveryStatus;
  /** HTTP status of the answer. */
  readonly code: number;
  readonly tookMs: number;
  readonly run?: string | undefined;
  /** Code and message of a refusal: JSON. */
  readonly error?: string | undefined;
}

/** Everything that an advance changes besides the version. Absent: stays. */
export interface TriggerProgress {
  readonly position?: number | undefined;
  readonly cursor?: Uint8Array | undefined;
  readonly lookedAt?: number | undefined;
  readonly nextAt?: number | undefined;
  readonly failures?: number | undefined;
  /** Null: there is none any more. */
  readonly error?: Uint8Array | null | undefined;
}

export type AdvanceOutcome =
  | {
      readonly outcome: "ok";
      readonly trigger: TriggerRecord;
      readonly created: readonly RunRecord[];
      /** Occurrences whose key was marked. */
      readonly duplicates: number;
      /** Occurrences that a limit of their workflow turned away, which are held: how many, and when it may take one. */
      readonly refused?: { readonly count: number; readonly retryAt: number } | undefined;
      readonly effects: Effects;
    }
  /** It has been advanced, paused or taken away meanwhile: nothing was written. */
  | { readonly outcome: "stale" };

/** The verbs. All of them reject as those of the run port do, and have then changed nothing. */
export interface TriggerStore {
  /** Makes the triggers of these workflows be exactly these; how far the ones that stay have got stays too. */
  putTriggers(p: {
    readonly by: Actor;
    readonly workflows: readonly string[];
    readonly triggers: readonly Pick<TriggerRecord, "id" | "workflow" | "kind" | "createdAt">[];
    readonly now: number;
  }): Promise<readonly TriggerRecord[]>;
  setTriggerPaused(p: {
    readonly by: Actor;
    readonly trigger: string;
    readonly paused: boolean;
    readonly now: number;
  }): Promise<TriggerRecord | undefined>;
  /**
   * Moves a trigger on and creates the runs of its occurrences, all or nothing and once: refused as `stale` unless its version
   * still is `expect`. An occurrence whose key is marked in the same form gets none. One that a limit turns away is held from now
   * on, due at once, and its key is marked. A data key that nothing needs any more goes with what was held.
   */
  advanceTrigger(p: {
    readonly by: InnerActor;
    readonly trigger: string;
    readonly expect: number;
    readonly occurrences: readonly Occurrence[];
    /** Marked without a run, or again. */
    readonly marks?: readonly Omit<TriggerMark, "at">[] | undefined;
    readonly forget?: readonly string[] | undefined;
    /** Added, or put in the place of what is held under the key. */
    readonly hold?: readonly HeldStart[] | undefined;
    readonly release?: readonly string[] | undefined;
    readonly progress?: TriggerProgress | undefined;
    readonly now: number;
  }): Promise<AdvanceOutcome>;
  listTriggers(): Promise<readonly TriggerRecord[]>;
  /** Those of the keys that are marked. */
  findMarks(p: { readonly trigger: string; readonly keys: readonly string[] }): Promise<readonly TriggerMark[]>;
  /** By key, those after `after`. */
  listMarks(p: {
    readonly trigger: string;
    readonly after?: string | undefined;
    readonly limit: number;
  }): Promise<readonly TriggerMark[]>;
  /** By due time and key: those after `after`, or without a key in it those that are due later. */
  listHeld(p: {
    readonly trigger: string;
    readonly limit: number;
    readonly after?: { readonly dueAt: number; readonly key?: string | undefined } | undefined;
  }): Promise<readonly HeldStart[]>;
  countHeld(p: { readonly trigger: string }): Promise<number>;
  findHeld(p: { readonly trigger: string; readonly keys: readonly string[] }): Promise<readonly HeldStart[]>;

  /** `mark`: in the same commit. */
  recordDelivery(p: {
    readonly by: InnerActor;
    readonly delivery: DeliveryRecord;
    readonly mark?: Omit<TriggerMark, "at"> | undefined;
  }): Promise<void>;
  getDelivery(p: {
    readonly delivery: string;
    readonly access?: AccessFilter | undefined;
  }): Promise<DeliveryRecord | undefined>;
  /** Newest first; bodies are left out. */
  listDeliveries(p: {
    readonly trigger?: string | undefined;
    readonly workflow?: string | undefined;
    readonly status?: DeliveryStatus | undefined;
    readonly limit: number;
    /** Id of the last delivery of the page before. */
    readonly before?: string | undefined;
    readonly access?: AccessFilter | undefined;
  }): Promise<readonly DeliveryRecord[]>;
  /** Deletes up to `limit` marks that have expired, and deliveries that are too old or beyond the last `keep` of their trigger. */
  sweepTriggers(p: {
    readonly by: InnerActor;
    readonly now: number;
    readonly deliveriesBefore: number;
    readonly keep: number;
    readonly limit: number;
  }): Promise<{ readonly swept: number }>;
}

/** Which of the verbs change something. */
export type TriggerWriteVerb =
  | "putTriggers"
  | "setTriggerPaused"
  | "advanceTrigger"
  | "recordDelivery"
  | "sweepTriggers";
