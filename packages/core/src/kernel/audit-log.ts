// The port behind which the audit trail is kept: rows that are only ever added, each bound to the one before by a hash.
import type { Actor } from "./run-records.ts";

/** What became of what was asked for. `intended` stands before an action that is not a row of this store. */
export type AuditOutcome = "done" | "refused" | "failed" | "intended";

/** What is to be written; the store adds number, hash and the hash before. */
export interface AuditNote {
  readonly at: number;
  readonly by: Actor;
  /** `noun:verb` where there is such a permission, else the name of what happened, as `session:start`. */
  readonly action: string;
  /** What it was done to, as `noun:id`. */
  readonly target: string;
  /** Workflow it belongs to, where it belongs to one. */
  readonly workflow?: string | undefined;
  readonly outcome: AuditOutcome;
  /** Code of the error, for what was refused or failed; otherwise a short word where one helps. */
  readonly reason?: string | undefined;
  /** What it was and what it is, as JSON, where that is small; secrets are never in it. */
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  /** Of an outcome row: number of the row that stated the intent. */
  readonly intent?: number | undefined;
}

export interface AuditRecord extends AuditNote {
  /** Place in the chain, from 1, without gaps. */
  readonly seq: number;
  /** SHA-256 of the row before; 64 zeros for the first. Lower case hex. */
  readonly previous: string;
  /** SHA-256 over the previous hash and the row's canonical form (audit-chain.ts). Lower case hex. */
  readonly hash: string;
}

/** Where the chain stood at a time; signed, it proves later that nothing before it was taken away. */
export interface AuditHead {
  /** Of the node whose chain it is. */
  readonly chain: string;
  readonly seq: number;
  readonly hash: string;
}

export interface AuditFilter {
  /** `kind:id`, or only the kind. */
  readonly actor?: string | undefined;
  /** Exact, or `noun:*`. */
  readonly action?: string | undefined;
  /** Exact, or a beginning that ends in `*`. */
  readonly target?: string | undefined;
  readonly outcome?: AuditOutcome | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Occurs in the actor's id or name, action, target, reason, before or after; ASCII letters without regard to case. */
  readonly text?: string | undefined;
}

/** The audit trail of one node. */
export interface AuditLog {
  /** Adds a row; durable when it answers. */
  recordAudit(p: { readonly note: AuditNote }): Promise<{ readonly seq: number }>;
  /** Newest first. */
  searchAudit(p: {
    readonly filter: AuditFilter;
    readonly limit: number;
    /** `seq` of the last row of the page before. */
    readonly before?: number | undefined;
  }): Promise<{ readonly records: readonly AuditRecord[]; readonly next?: number | undefined }>;
  /** In order of the chain, from the row behind `after`; with a filter those that fit it. Fewer than `limit`: there are no more. */
  readAudit(p: {
    readonly after: number;
    readonly limit: number;
    readonly filter?: AuditFilter | undefined;
  }): Promise<readonly AuditRecord[]>;
  auditHead(): Promise<AuditHead>;
  /** The row that the oldest one kept follows, when older segments were let go. */
  auditStart(): Promise<AuditHead>;
  /**
   * Lets go of up to `limit` rows, oldest first, none after a head that was checkpointed; the chain then starts after them.
   * Rejects with `conflict` when that head is not one of this chain.
   */
  trimAudit(p: { readonly upTo: AuditHead; readonly limit: number }): Promise<{ readonly trimmed: number }>;
}
