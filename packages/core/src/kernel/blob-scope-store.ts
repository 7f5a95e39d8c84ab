// The port behind which it is kept which scopes hold which blobs: a row for each scope that has shown to have the bytes. To know a
// digest is not to have a right to what it stands for.

/** A blob in a scope. Times are milliseconds since 1970. */
export interface HeldBlob {
  readonly scope: string;
  /** SHA-256 in hex. */
  readonly hash: string;
  readonly bytes: number;
  /** Who showed the bytes first: id of a token, or of whoever else it was. */
  readonly by: string;
  readonly usedAt: number;
}

/** The verbs reject with a `SluiceError` (`store_failed`, `disk_full`) and have then changed nothing. */
export interface BlobScopeStore {
  /** A scope holds a blob from now on; `known` when it did before, which then counts as used. */
  keepBlob(p: {
    /** Who shows them. A build leaves thousands of blobs: this row says who it was, and the audit trail is spared. */
    readonly by: string;
    readonly scope: string;
    readonly hash: string;
    readonly bytes: number;
    readonly now: number;
  }): Promise<{ readonly outcome: "new" | "known" }>;
  /** They were used. Those that are not there are passed over. */
  useBlobs(p: {
    readonly blobs: readonly Pick<HeldBlob, "scope" | "hash">[];
    readonly now: number;
  }): Promise<{ readonly used: number }>;
  /** Which of these blobs the scopes hold: a row for each blob and scope, blobs in the order asked for, then scopes. */
  heldBlobs(p: {
    readonly scopes: readonly string[];
    readonly hashes: readonly string[];
  }): Promise<readonly HeldBlob[]>;
  /** Scopes let go of up to `limit` blobs that were used last before then and that no build names. */
  dropBlobs(p: { readonly usedBefore: number; readonly limit: number }): Promise<{ readonly dropped: number }>;
}

/** The verbs that change something. */
export type BlobScopeWriteVerb = Exclude<keyof BlobScopeStore, "heldBlobs">;
