// Named limits of builds, each with its unit.

export interface BuildLimits {
  /** Bytes of output of one task that are kept and replayed; a task that writes more is not stored. */
  readonly buildLogBytesMax: number;
  /** From being asked to end until being made to. */
  readonly buildStopGraceMs: number;
  /** How long a task that lasts for ever may take until it is there. */
  readonly buildReadyMs: number;
  /** Between two looks whether it is. */
  readonly buildReadyLookMs: number;
}

export const buildLimits: BuildLimits = {
  buildLogBytesMax: 64 * 1024 * 1024,
  buildStopGraceMs: 5_000,
  buildReadyMs: 60_000,
  buildReadyLookMs: 50,
};
