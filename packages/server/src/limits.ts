// Named limits of the HTTP side; each is an option of `createHttp`.

export interface HttpLimits {
  /** Longest body of a request. Larger than `payloadBytesMax` of the engine: JSON takes more room than the value. */
  readonly bodyBytesMax: number;
  /** Longest backup that is restored. It goes to the disk as it comes. */
  readonly restoreBytesMax: number;
  /** Levels of arrays and objects in a JSON body. */
  readonly jsonDepthMax: number;
  /** Longest `wait` of a request; clients ask again. */
  readonly waitMsMax: number;
  /** Entries of a page where none are asked for, and at most. */
  readonly pageDefault: number;
  readonly pageMax: number;
  /** Values of a page of steps or state; a page ends early once it holds this much. */
  readonly pageBytesMax: number;
  /** A comment is sent to a watcher of a run after this long, so that nobody in between thinks it is dead. */
  readonly heartbeatMs: number;
  /** Clients that watch runs at once. */
  readonly watchersMax: number;
  /** Updates that wait for a slow watcher; past it, they are dropped and read again from the journal. */
  readonly watchUpdatesMax: number;
  /** Bytes that wait in memory for a slow watcher. */
  readonly watchBytesMax: number;
  /** Connections on which nothing moves are closed after this long. */
  readonly idleTimeoutSeconds: number;
}

export const httpLimits: HttpLimits = {
  bodyBytesMax: 48 * 1024 * 1024,
  restoreBytesMax: 64 * 1024 * 1024 * 1024,
  jsonDepthMax: 400,
  waitMsMax: 120_000,
  pageDefault: 50,
  pageMax: 200,
  pageBytesMax: 8 * 1024 * 1024,
  heartbeatMs: 15_000,
  watchersMax: 10_000,
  watchUpdatesMax: 1_024,
  watchBytesMax: 64 * 1024,
  idleTimeoutSeconds: 60,
};
