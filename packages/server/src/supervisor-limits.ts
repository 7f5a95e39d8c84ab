// Named limits of the supervisor; each is a setting (`limits.*`), and an error about one names it.

export interface SupervisorLimits {
  /** How often supervisor and worker tell each other that they are alive. */
  readonly workerHeartbeatMs: number;
  /** A worker that has been silent this long is reported as stalled, with the step that blocks it. */
  readonly stallMs: number;
  /** A worker that has been silent this long, or has not loaded its code by then, is killed and its runs go on elsewhere. */
  readonly leaseMs: number;
  /** Who connects must say within this time who it is. */
  readonly helloTimeoutMs: number;
  /** Pause before a worker that crashed a second time is started again; doubled with each crash that follows. */
  readonly restartDelayMs: number;
  readonly restartDelayMsMax: number;
  /** A worker that has lived this long has recovered: the next pause is the first one again. */
  readonly stableAfterMs: number;
  /** A worker of an old version, or one for suspects, is stopped when it has had nothing to do for this long. */
  readonly idleStopMs: number;
  /** Bytes that may wait for a worker that does not read; past it the worker is killed. */
  readonly outgoingBytesMax: number;
  /** Longer lines of a worker's output are cut. */
  readonly logLineBytesMax: number;
  /** Tasks that a worker does at once. */
  readonly workerTaskSlots: number;
  /** Resident memory of one worker, past which it is killed (Linux); 0 for no limit. */
  readonly workerMemoryBytesMax: number;
}

export const supervisorLimits: SupervisorLimits = {
  workerHeartbeatMs: 1_000,
  stallMs: 5_000,
  leaseMs: 30_000,
  helloTimeoutMs: 10_000,
  restartDelayMs: 100,
  restartDelayMsMax: 30_000,
  stableAfterMs: 30_000,
  idleStopMs: 60_000,
  outgoingBytesMax: 256 * 1024 * 1024,
  logLineBytesMax: 64 * 1024,
  workerTaskSlots: 64,
  workerMemoryBytesMax: 0,
};
