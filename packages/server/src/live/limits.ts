// Named limits of the live stream; each is an option of `createHttp`.

export interface LiveLimits {
  /** Connections to the live stream at once, and of one user or token. */
  readonly liveConnectionsMax: number;
  readonly liveConnectionsPerUserMax: number;
  /** Topics of one connection. */
  readonly liveTopicsMax: number;
  /** Longest message of a client over a WebSocket; one that leaves more than that waiting is dropped. */
  readonly socketMessageBytesMax: number;
  readonly socketWaitingBytesMax: number;
  /** Messages a second of one connection; what its topics need may come at once. */
  readonly liveMessagesPerSecondMax: number;
  /** Changes of runs are collected for so long, and are at most so many in one message. */
  readonly liveRunsMs: number;
  readonly liveRunsMax: number;
  /** A topic says at most this often that something of it has changed. */
  readonly liveChangedMs: number;
  /** Bytes that wait for a slow client; past it, it is told to read again what it missed. */
  readonly liveWaitingBytesMax: number;
}

export const liveLimits: LiveLimits = {
  liveConnectionsMax: 2_000,
  liveConnectionsPerUserMax: 64,
  liveTopicsMax: 64,
  socketMessageBytesMax: 4_096,
  socketWaitingBytesMax: 8 * 1024 * 1024,
  liveMessagesPerSecondMax: 20,
  liveRunsMs: 200,
  liveRunsMax: 500,
  liveChangedMs: 1_000,
  liveWaitingBytesMax: 1024 * 1024,
};
