// What the rules of clusters need of an adapter: rows by kind and id. Each adapter keeps them in its own way.
import type { FailoverRecord, RecoveryRecord } from "../../kernel/recovery-store.ts";
import type { ClusterRecord, ComponentRecord, OperationRecord, PlanRecord } from "../../kernel/cluster-store.ts";

/** What is kept, by kind. */
export interface ClusterRowKinds {
  readonly cluster: ClusterRecord;
  readonly component: ComponentRecord;
  readonly plan: PlanRecord;
  readonly operation: OperationRecord;
  readonly recovery: RecoveryRecord;
  readonly failover: FailoverRecord;
  readonly health: { readonly id: string; readonly seen: Uint8Array };
}
export type ClusterRowKind = keyof ClusterRowKinds;

export interface ClusterRows {
  get<Kind extends ClusterRowKind>(kind: Kind, id: string): ClusterRowKinds[Kind] | undefined;
  /** Adds it or puts it in the place of the one with its id. `of`: what it belongs to. */
  put<Kind extends ClusterRowKind>(
    kind: Kind,
    row: ClusterRowKinds[Kind],
    at: { readonly id: string; readonly of: string },
  ): void;
  /** In order of ids; with `of` only what belongs to that, the last ones first. */
  list<Kind extends ClusterRowKind>(
    kind: Kind,
    p?: { readonly of: string; readonly limit: number },
  ): readonly ClusterRowKinds[Kind][];
  /** Forgets all but the last ones of what belongs to `of`. */
  trim(kind: ClusterRowKind, p: { readonly of: string; readonly keepMax: number }): void;
}
