// Port for large values: content-addressed, durable before they are named.

export interface BlobStore {
  /**
   * Keeps bytes under their SHA-256 (hex); durable when this resolves. Until `release` is called the blob is not collected,
   * whether a row names it or not. Rejects with a `SluiceError` (`disk_full`, `store_failed`).
   */
  put(bytes: Uint8Array): Promise<{ readonly hash: string; readonly release: () => void }>;
  /** Nothing, too, where what is there is not what was put. */
  get(hash: string): Promise<Uint8Array | undefined>;
  /** How many bytes a blob has, where that is known without reading it. */
  size?(hash: string): Promise<number | undefined>;
  /** The file that holds a blob, held against its name, for those who read it elsewhere; a store without files has none. */
  find?(hash: string): Promise<{ readonly bytes: number; readonly file: string } | undefined>;
}

/** What keeping the blobs few needs besides; only stores that live on take part. */
export interface BlobCollector {
  /**
   * Deletes blobs that nothing names and that nobody holds. `inUse` says which of some hashes are named by a row, as
   * `RunStore.blobsInUse` does; blobs younger than `olderThanMs` are left alone.
   */
  collect(p: {
    readonly inUse: (hashes: readonly string[]) => Promise<readonly string[]>;
    readonly olderThanMs: number;
    readonly now: number;
  }): Promise<{ readonly deleted: number; readonly bytes: number }>;
}
