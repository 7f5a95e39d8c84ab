// Named limits of a worker; each is a setting.

export interface WorkerLimits {
  /** A run that only waits is dropped from memory after this long. */
  readonly parkAfterMs: number;
  /** A recorded entry that the code has not reached by then counts as left over. */
  readonly replayStallMs: number;
  /** After a cancellation the workflow's own clean-up may take this long before its undos run. */
  readonly cancelGraceMs: number;
  /** A step that runs longer than this is announced as running. */
  readonly announceAfterMs: number;
  /** A service may take this long to start. */
  readonly serviceStartMsMax: number;
  /** A service that is to stop waits this long for its calls, and may take as long again. */
  readonly serviceStopMsMax: number;
  /** Health of services is looked at this often; 0: never. */
  readonly serviceHealthEveryMs: number;
}

export const workerLimits: WorkerLimits = {
  parkAfterMs: 10_000,
  replayStallMs: 5_000,
  cancelGraceMs: 10_000,
  announceAfterMs: 50,
  serviceStartMsMax: 60_000,
  serviceStopMsMax: 500,
  serviceHealthEveryMs: 30_000,
};
