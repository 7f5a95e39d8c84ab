// Port for large values: content-addressed, durable before they are named.

export interface BlobStore {
  /**
   * Keeps bytes under their SHA-256 (hex); durable when this resolves. Until `release` is called the blob is not collected,
   * whether a row names it or not.
   */
  put(bytes: Uint8Array): Promise<{ readonly hash: string; readonly release: () => void }>;
  get(hash: string): Promise<Uint8Array | undefined>;
}
