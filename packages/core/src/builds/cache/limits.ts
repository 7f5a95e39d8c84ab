// Named limits of the build cache, each with its unit.

export interface CacheLimits {
  /** Bytes of files that are kept; past it, what was used least recently goes. 0: any number. */
  readonly cacheBytesMax: number;
  /** What nobody has used for so long goes. */
  readonly cacheKeptMs: number;
  /** What was used within this time is in use, and never goes. */
  readonly cacheInUseMs: number;
  /** Longest blob that is stored. */
  readonly cacheBlobBytesMax: number;
  /** Longest description of a result, and how many blobs it names. */
  readonly cacheEntryBytesMax: number;
  readonly cacheEntryBlobsMax: number;
  /** Blobs that are stored at once; others wait for their turn. */
  readonly cacheUploadsMax: number;
  /** Bytes that an archive of another tool may have once it is unpacked. */
  readonly cacheArchiveBytesMax: number;
}

export const cacheLimits: CacheLimits = {
  cacheBytesMax: 20 * 1024 * 1024 * 1024,
  cacheKeptMs: 30 * 86_400_000,
  cacheInUseMs: 5 * 60_000,
  cacheBlobBytesMax: 16 * 1024 * 1024 * 1024,
  cacheEntryBytesMax: 32 * 1024 * 1024,
  cacheEntryBlobsMax: 200_000,
  cacheUploadsMax: 64,
  cacheArchiveBytesMax: 64 * 1024 * 1024 * 1024,
};
