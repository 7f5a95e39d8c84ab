// What is kept of recoveries: failover plans as their files declare them, and the failovers and drills that carried them out. Part of the
// port of clusters. Contents are encoded values that the store does not read.
import type { FailoverStatus, SafetyRule } from "@sluice/protocol";
import type { Actor } from "./run-records.ts";

/** A failover plan and how it stands. */
export interface RecoveryRecord {
  readonly name: string;
  /** Path of its file, from the project's folder. */
  readonly file: string;
  /** Encoded: what the file declares. */
  readonly spec: Uint8Array;
  /** Encoded: what was found when it was looked at last. */
  readonly readiness?: Uint8Array | undefined;
  /** The last failover, and the last drill that completed. */
  readonly failover?: string | undefined;
  readonly drill?: string | undefined;
  /** Counts how often its file was read: the checks of an earlier reading end. */
  readonly version: number;
  readonly updatedAt: number;
}

export interface FailoverRecord {
  readonly id: string;
  readonly recovery: string;
  readonly kind: "failover" | "drill";
  readonly from: string;
  readonly to: string;
  readonly mode: "graceful" | "ungraceful";
  /** The epoch it was planned in. */
  readonly before: number;
  readonly overrides: readonly SafetyRule[];
  readonly hash: string;
  readonly status: FailoverStatus;
  readonly by: Actor;
  readonly person: string;
  readonly approval: "other" | "self" | "none";
  readonly approvedBy?: string | undefined;
  /** Why nobody else had to approve it, and who has looked at it since. */
  readonly breakGlass?: string | undefined;
  readonly reviewedBy?: string | undefined;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly startedAt?: number | undefined;
  readonly endedAt?: number | undefined;
  readonly run?: string | undefined;
  /** Encoded: the spec it was planned with. */
  readonly spec: Uint8Array;
  /** Encoded: the state of its machine, as it was before the phase that is under way. */
  readonly state?: Uint8Array | undefined;
  /** Encoded: what a drill has measured. */
  readonly measured?: Uint8Array | undefined;
}

/** The verbs reject with a `SluiceError` (`store_failed`, `disk_full`) and have then changed nothing. */
export interface RecoveryStore {
  /** Adds a failover plan, or reads its file anew. */
  putRecovery(p: {
    readonly by: Actor;
    readonly recovery: Pick<RecoveryRecord, "name" | "file" | "spec">;
    readonly now: number;
  }): Promise<{ readonly outcome: "ok"; readonly recovery: RecoveryRecord }>;
  noteReadiness(p: {
    readonly recovery: string;
    readonly readiness: Uint8Array;
    readonly now: number;
  }): Promise<{ readonly outcome: "ok" | "not_found" }>;
  createFailover(p: {
    readonly by: Actor;
    readonly failover: Omit<FailoverRecord, "by" | "status">;
    readonly now: number;
  }): Promise<{ readonly outcome: "ok" | "not_found" }>;
  approveFailover(p: {
    readonly by: Actor;
    readonly failover: string;
    readonly hash: string;
    readonly person: string;
    readonly now: number;
  }): Promise<
    | { readonly outcome: "ok"; readonly failover: FailoverRecord }
    | { readonly outcome: "not_found" | "other_hash" | "expired" | "same_person" | "not_open" }
  >;
  /** Begins it: one that is under way is superseded. Asked again it answers with the same run. */
  beginFailover(p: {
    readonly by: Actor;
    readonly failover: string;
    readonly hash: string;
    readonly run: string;
    /** Why nobody else had to approve it. */
    readonly breakGlass?: string | undefined;
    readonly now: number;
  }): Promise<
    | { readonly outcome: "ok"; readonly failover: FailoverRecord; readonly superseded?: FailoverRecord | undefined }
    | { readonly outcome: "existing"; readonly failover: FailoverRecord }
    | { readonly outcome: "not_found" | "other_hash" | "expired" | "not_approved" | "stale" }
  >;
  /** Notes the state before a phase begins, while the failover is under way; `stale` otherwise. */
  noteFailover(p: {
    readonly failover: string;
    readonly state: Uint8Array;
    readonly now: number;
  }): Promise<{ readonly outcome: "ok" | "stale" }>;
  endFailover(p: {
    readonly failover: string;
    readonly status: "completed" | "failed";
    readonly state?: Uint8Array | undefined;
    readonly measured?: Uint8Array | undefined;
    readonly now: number;
  }): Promise<{ readonly outcome: "ok" | "stale" }>;
  /** Somebody else has looked at what nobody else approved. */
  reviewFailover(p: {
    readonly by: Actor;
    readonly failover: string;
    readonly person: string;
    readonly now: number;
  }): Promise<
    | { readonly outcome: "ok"; readonly failover: FailoverRecord }
    | { readonly outcome: "not_found" | "same_person" | "not_open" }
  >;

  getRecovery(p: { readonly name: string }): Promise<RecoveryRecord | undefined>;
  /** In order of names. */
  listRecoveries(): Promise<readonly RecoveryRecord[]>;
  getFailover(p: { readonly failover: string }): Promise<FailoverRecord | undefined>;
  /** Newest first. */
  listFailovers(p: { readonly recovery: string; readonly limit: number }): Promise<readonly FailoverRecord[]>;
}

/** The verbs that change something. */
export type RecoveryWriteVerb =
  | "putRecovery"
  | "noteReadiness"
  | "createFailover"
  | "approveFailover"
  | "beginFailover"
  | "noteFailover"
  | "endFailover"
  | "reviewFailover";
