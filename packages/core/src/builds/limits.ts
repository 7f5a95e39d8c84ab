// Named limits of builds, each with its unit.

export interface BuildLimits {
  /** Bytes of output of one task that are kept and replayed; a task that writes more is not stored. */
  readonly buildLogBytesMax: number;
  /** From being asked to end until being made to. */
  readonly buildStopGraceMs: number;
}

export const buildLimits: BuildLimits = {
  buildLogBytesMax: 64 * 1024 * 1024,
  buildStopGraceMs: 5_000,
};
