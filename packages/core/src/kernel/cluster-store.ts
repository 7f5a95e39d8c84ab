// The port behind which clusters are kept: the components in them, the plans made for those, and the operations that carried plans out.
// Contents (what a plan consists of, what a component has) are encoded values that the store does not read.
import type { OperationStatus, PlanStatus } from "@sluice/protocol";
import type { RecoveryStore, RecoveryWriteVerb } from "./recovery-store.ts";
import type { Actor } from "./run-records.ts";

/** A cluster and who it is. Times are milliseconds since 1970. How it is reached is kept sealed elsewhere. */
export interface ClusterRecord {
  readonly name: string;
  readonly identity: { readonly server: string; readonly ca: string; readonly uid: string };
  readonly context?: string | undefined;
  readonly version: string;
  /** What is planned and done there is asked for in the name of the person behind it. */
  readonly impersonate?: boolean | undefined;
  readonly addedAt: number;
}

/** A component as it stands. */
export interface ComponentRecord {
  readonly name: string;
  readonly cluster: string;
  /** Path of the file that declares it, from the project's folder. */
  readonly file: string;
  /** Encoded: what the file declares. */
  readonly spec: Uint8Array;
  /** Counts operations: what comes with a lower one changes nothing. */
  readonly epoch: number;
  /** Counts what was applied. */
  readonly version: number;
  /** Encoded: what it has in its cluster. */
  readonly inventory: Uint8Array;
  readonly objects: number;
  /** The plan whose intent it has, and the one before. */
  readonly applied?: string | undefined;
  readonly previous?: string | undefined;
  /** The last operation. */
  readonly operation?: string | undefined;
  /** Encoded: its health as it was seen last. */
  readonly health?: Uint8Array | undefined;
  readonly updatedAt: number;
}

export interface PlanRecord {
  readonly id: string;
  readonly component: string;
  readonly cluster: string;
  /** `known`: what an operation waits for, once it is known what its plan could not show. */
  readonly kind: PlanKind;
  readonly status: PlanStatus;
  readonly hash: string;
  readonly by: Actor;
  /** Person behind whoever asked; whoever approves has to be another, unless the policy says otherwise. */
  readonly person: string;
  readonly approval: "other" | "self" | "none";
  readonly approvedBy?: string | undefined;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Encoded: changes, prunes, and what is to be. */
  readonly content: Uint8Array;
  /** Encoded: what is to be, without values of secrets. */
  readonly intent: Uint8Array;
}

type PlanKind = "apply" | "undo" | "known";

export interface OperationRecord {
  readonly id: string;
  readonly component: string;
  readonly cluster: string;
  readonly plan: string;
  readonly kind: "apply" | "undo";
  readonly status: OperationStatus;
  readonly reason?: string | undefined;
  readonly epoch: number;
  readonly run: string;
  readonly by: Actor;
  /** Name of the person in whose name the cluster is asked, where it takes that. */
  readonly as?: string | undefined;
  readonly startedAt: number;
  readonly endedAt?: number | undefined;
}

/** The verbs reject with a `SluiceError` (`store_failed`, `disk_full`) and have then changed nothing. */
export interface ClusterStore extends RecoveryStore {
  /** Adds a cluster, or changes one: with another identity only where that is accepted. */
  putCluster(p: {
    readonly by: Actor;
    readonly cluster: ClusterRecord;
    readonly acceptIdentity: boolean;
    readonly now: number;
  }): Promise<{ readonly outcome: "ok" } | { readonly outcome: "changed"; readonly known: ClusterRecord }>;
  /** Adds a component, or reads its file anew. One that is in another cluster already is refused as `elsewhere`. */
  putComponent(p: {
    readonly by: Actor;
    readonly component: Pick<ComponentRecord, "name" | "cluster" | "file" | "spec">;
    /** Encoded list of nothing. */
    readonly empty: Uint8Array;
    readonly now: number;
  }): Promise<
    { readonly outcome: "ok"; readonly component: ComponentRecord } | { readonly outcome: "elsewhere" | "no_cluster" }
  >;
  createPlan(p: {
    readonly by: Actor;
    readonly plan: Omit<PlanRecord, "by" | "status">;
    readonly now: number;
  }): Promise<{ readonly outcome: "ok" }>;
  approvePlan(p: {
    readonly by: Actor;
    readonly plan: string;
    readonly hash: string;
    readonly person: string;
    readonly now: number;
  }): Promise<
    | { readonly outcome: "ok"; readonly plan: PlanRecord }
    | { readonly outcome: "not_found" | "other_hash" | "expired" | "same_person" | "not_open" }
  >;
  /**
   * Begins to carry a plan out: the component gets its next epoch, so that what an operation before still does counts no longer. Asked
   * again for the same plan it answers with the same operation.
   */
  beginOperation(p: {
    readonly by: Actor;
    readonly operation: string;
    readonly run: string;
    readonly plan: string;
    readonly hash: string;
    readonly as?: string | undefined;
    readonly now: number;
  }): Promise<
    | { readonly outcome: "ok"; readonly operation: OperationRecord; readonly superseded?: OperationRecord | undefined }
    | { readonly outcome: "existing"; readonly operation: OperationRecord }
    | { readonly outcome: "not_found" | "other_hash" | "expired" | "not_approved" | "stale" }
  >;
  /** Notes what an operation has made of its component, while it has the epoch; `stale` otherwise. */
  noteInventory(p: {
    readonly operation: string;
    readonly inventory: Uint8Array;
    readonly objects: number;
    readonly now: number;
  }): Promise<{ readonly outcome: "ok" | "stale" }>;
  /** Notes why an operation is about to fail; the first reason stays. */
  noteReason(p: { readonly operation: string; readonly reason: string; readonly now: number }): Promise<{
    readonly outcome: "ok" | "stale";
  }>;
  /** Ends an operation. One that completed moves the component on to its plan, while it has the epoch. */
  endOperation(p: {
    readonly operation: string;
    readonly status: Exclude<OperationStatus, "running">;
    readonly reason?: string | undefined;
    readonly now: number;
  }): Promise<{ readonly outcome: "ok" | "stale" | "not_found" }>;
  noteHealth(p: {
    readonly component: string;
    readonly health: Uint8Array;
    readonly keepMax: number;
    readonly now: number;
  }): Promise<{
    readonly outcome: "ok" | "not_found";
  }>;

  getCluster(p: { readonly name: string }): Promise<ClusterRecord | undefined>;
  /** In order of names. */
  listClusters(): Promise<readonly ClusterRecord[]>;
  getComponent(p: { readonly name: string }): Promise<ComponentRecord | undefined>;
  /** In order of names. */
  listComponents(): Promise<readonly ComponentRecord[]>;
  getPlan(p: { readonly plan: string }): Promise<PlanRecord | undefined>;
  /** Newest first. */
  listPlans(p: { readonly component: string; readonly limit: number }): Promise<readonly PlanRecord[]>;
  getOperation(p: { readonly operation: string }): Promise<OperationRecord | undefined>;
  /** Newest first. */
  listOperations(p: { readonly component: string; readonly limit: number }): Promise<readonly OperationRecord[]>;
  /** Newest first; each an encoded value. */
  listHealth(p: { readonly component: string; readonly limit: number }): Promise<readonly Uint8Array[]>;
}

/** The verbs that change something. */
export type ClusterWriteVerb =
  | RecoveryWriteVerb
  | "putCluster"
  | "putComponent"
  | "createPlan"
  | "approvePlan"
  | "beginOperation"
  | "noteInventory"
  | "noteReason"
  | "endOperation"
  | "noteHealth";
