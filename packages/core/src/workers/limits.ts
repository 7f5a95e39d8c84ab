// What workers on other machines may take of the server; each is a setting.

export interface FleetLimits {
  /** A connection says who it is within this time. */
  readonly remoteHelloMs: number;
  /** How often the server asks a worker whether it is there. */
  readonly remoteHeartbeatMs: number;
  /** A worker that announced heartbeats is gone after this many in a row that did not come. */
  readonly heartbeatsMissedMax: number;
  /** A worker whose socket closed has this long to come back to what it was doing. */
  readonly reconnectGraceMs: number;
  /** Connections at once. */
  readonly remoteWorkersMax: number;
  /** Received bytes of one worker that wait to be handled: beyond them its socket is not read. */
  readonly workerInboxBytesMax: number;
  /** Bytes that one worker has not taken yet: beyond them its requests wait. */
  readonly workerOutboxBytesMax: number;
  /** Locks and resources that one worker waits for at once. */
  readonly workerWaitsMax: number;
  /** Longest wait for a lock or for resources. */
  readonly workerWaitMsMax: number;
  /** Work that one worker may announce that it takes at once. */
  readonly workerSlotsMax: number;
  /** Builds that wait for a worker. */
  readonly buildsQueuedMax: number;
  /** Output of one build that is kept; the oldest goes. */
  readonly buildOutputBytesMax: number;
  /** Output of one build that is on its way into the store. */
  readonly buildPendingBytesMax: number;
  /** After a build is cancelled its worker has this long to end it; then it counts as ended. */
  readonly buildCancelGraceMs: number;
  /** How long ended builds are kept. */
  readonly buildRetentionMs: number;
}

export const fleetLimits: FleetLimits = {
  remoteHelloMs: 10_000,
  remoteHeartbeatMs: 10_000,
  heartbeatsMissedMax: 3,
  reconnectGraceMs: 500,
  remoteWorkersMax: 2_000,
  workerInboxBytesMax: 1024 * 1024,
  workerOutboxBytesMax: 1024 * 1024,
  workerWaitsMax: 100,
  workerWaitMsMax: 600_000,
  workerSlotsMax: 1_000,
  buildsQueuedMax: 10_000,
  buildOutputBytesMax: 64 * 1024 * 1024,
  buildPendingBytesMax: 1024 * 1024,
  buildCancelGraceMs: 5_000,
  buildRetentionMs: 7 * 86_400_000,
};
