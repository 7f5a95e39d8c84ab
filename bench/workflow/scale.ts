// How much of everything is done: enough to be worth a figure, or just enough to show that a contender works.

export interface Scale {
  /** Runs before anything is timed. */
  readonly warmupRuns: number;
  /** One at a time: so many, or as many as fit. */
  readonly latencyRuns: number;
  readonly latencyMsMax: number;
  readonly longRuns: number;
  readonly throughputWarmupMs: number;
  readonly throughputMs: number;
  readonly enqueueMs: number;
  readonly naps: number;
  readonly events: number;
  readonly stamps: number;
  readonly idleMs: number;
  readonly loadMs: number;
  readonly diskRuns: number;
  readonly recoveryRuns: number;
  readonly recoveryMsMax: number;
  readonly fsyncAppends: number;
  /** Of one run, and how many such runs are timed. */
  readonly children: number;
  readonly items: number;
  readonly largeRuns: number;
  readonly largeMsMax: number;
  readonly keys: number;
  readonly runsPerKey: number;
  /** From the first start until those that wait begin. */
  readonly fairBlockedMs: number;
  readonly stormKeys: number;
  readonly noisyRuns: number;
  readonly noisyBlockedMs: number;
  readonly quietRuns: number;
}

export const fullScale: Scale = {
  warmupRuns: 200,
  latencyRuns: 1_000,
  latencyMsMax: 8_000,
  longRuns: 3,
  throughputWarmupMs: 1_000,
  throughputMs: 5_000,
  enqueueMs: 3_000,
  naps: 30,
  events: 100,
  stamps: 200,
  idleMs: 30_000,
  loadMs: 5_000,
  diskRuns: 3_000,
  recoveryRuns: 10_000,
  recoveryMsMax: 180_000,
  fsyncAppends: 500,
  children: 1_000,
  items: 10_000,
  largeRuns: 5,
  largeMsMax: 30_000,
  keys: 1_000,
  runsPerKey: 10,
  fairBlockedMs: 10_000,
  stormKeys: 100,
  noisyRuns: 100_000,
  noisyBlockedMs: 60_000,
  quietRuns: 200,
};

export const quickScale: Scale = {
  warmupRuns: 50,
  latencyRuns: 50,
  latencyMsMax: 1_000,
  longRuns: 1,
  throughputWarmupMs: 100,
  throughputMs: 500,
  enqueueMs: 300,
  naps: 3,
  events: 5,
  stamps: 10,
  idleMs: 500,
  loadMs: 500,
  diskRuns: 100,
  recoveryRuns: 200,
  recoveryMsMax: 60_000,
  fsyncAppends: 100,
  children: 20,
  items: 200,
  largeRuns: 1,
  largeMsMax: 10_000,
  keys: 20,
  runsPerKey: 5,
  fairBlockedMs: 1_000,
  stormKeys: 10,
  noisyRuns: 2_000,
  noisyBlockedMs: 3_000,
  quietRuns: 5,
};
