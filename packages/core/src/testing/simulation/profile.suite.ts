// What a seed decides before anything happens: which calls, which faults, how fast machines and messages are.
import type { EngineLimits } from "../../engine/limits.ts";
import { SimulatedRandom } from "../simulated-random.ts";
import { features } from "./features.suite.ts";
import type { Feature } from "./features.suite.ts";

/** Chances and rates of what goes wrong. A rate is a mean time between two in virtual milliseconds; 0: never. */
interface Faults {
  /** Chance that a write is the last thing the engine does, half of them before and half after the write. */
  readonly crashPerWrite: number;
  readonly failPerWrite: number;
  readonly outageMs: number;
  readonly workerCrashMs: number;
  readonly workerHangMs: number;
  readonly restartMs: number;
  readonly deployMs: number;
  readonly jumpMs: number;
  /** Chance that what a lost worker had sent arrives after its runs went elsewhere. */
  readonly late: number;
  /** Chance that a message of a worker is delivered once more, much later. */
  readonly again: number;
}

export interface Profile {
  readonly seed: number;
  readonly features: ReadonlySet<Feature>;
  readonly faults: Faults;
  readonly programs: number;
  readonly clients: number;
  readonly startsEach: number;
  /** How long things go wrong, in virtual milliseconds. */
  readonly chaosMs: number;
  readonly workers: number;
  /** Messages pass at once, or take this long at most. */
  readonly link: "direct" | "socket";
  readonly linkDelayMsMax: number;
  readonly storeDelayMsMax: number;
  readonly slowReads: boolean;
  readonly parkAfterMs: number;
  readonly onDeploy: "pin" | "move";
  readonly limits: Partial<EngineLimits>;
  readonly blobs: boolean;
  readonly operatorMs: number;
  /** Somebody runs again what did not complete; 0: nobody does. */
  readonly retriesMs: number;
  /** The engine lets go of what it has, for a successor that does not come; 0: never. */
  readonly restsMs: number;
  readonly outsideMs: number;
  readonly schedules: boolean;
}

const calm: Faults = {
  crashPerWrite: 0,
  failPerWrite: 0,
  outageMs: 0,
  workerCrashMs: 0,
  workerHangMs: 0,
  restartMs: 0,
  deployMs: 0,
  jumpMs: 0,
  late: 0,
  again: 0,
};

/** Draws the profile of a seed. Features and faults are left out at random, so that those left meet more often. */
export function drawProfile(seed: number): Profile {
  const random = new SimulatedRandom(seed);
  const some = <T>(probability: number, value: T, otherwise: T): T => (random.chance(probability) ? value : otherwise);
  const share = random.pick([0.2, 0.5, 0.8, 1]);
  const enabled = new Set(features.filter(() => random.chance(share)));
  // Code that draws numbers in between would not be a compatible change.
  if (enabled.has("patches")) enabled.delete("values");
  const chaosMs = random.pick([2_000, 20_000, 60_000, 300_000]);
  const rate = (probability: number): number => (random.chance(probability) ? chaosMs / random.int(1, 5) : 0);
  const faults: Faults = random.chance(0.1)
    ? calm
    : {
        crashPerWrite: some(0.4, random.pick([0.005, 0.02, 0.05]), 0),
        failPerWrite: some(0.25, random.pick([0.01, 0.1]), 0),
        outageMs: rate(0.1),
        workerCrashMs: rate(0.3),
        workerHangMs: rate(0.2),
        restartMs: rate(0.15),
        deployMs: rate(0.2),
        jumpMs: rate(0.15),
        late: some(0.3, 0.5, 0),
        again: some(0.1, 0.02, 0),
      };
  const link = random.pick(["direct", "socket"] as const);
  const limits: Partial<EngineLimits> = {
    sweepIntervalMs: some(0.2, 60_000, 1e9),
    claimBatchMax: some(0.2, random.int(1, 3), 200),
    concurrentRunsMax: some(0.2, random.int(1, 4), 1_000),
    timerBatchMax: some(0.2, random.int(1, 3), 500),
    journalPieceBytesMax: some(0.2, random.pick([1, 200, 500]), 4 * 1024 * 1024),
    crashesMax: 3,
  };
  const blobs = random.chance(0.1);
  const profile = {
    seed,
    features: enabled,
    faults,
    programs: random.int(1, 4),
    clients: random.int(1, 3),
    startsEach: random.int(1, 3),
    chaosMs,
    workers: random.chance(0.25) ? 2 : 1,
    link,
    linkDelayMsMax: link === "direct" ? 0 : random.pick([0, 1, 5, 200]),
    storeDelayMsMax: random.pick([0, 0, 1, 10, 300]),
    slowReads: random.chance(0.3),
    // Runs that only wait must not keep the few places for longer than anybody has patience.
    parkAfterMs: random.pick(limits.concurrentRunsMax === 1_000 ? [0, 1, 50, 10_000, 1_000_000] : [0, 1, 50, 10_000]),
    onDeploy: random.pick(["pin", "move"] as const),
    // Events are that long, too.
    limits: blobs ? { ...limits, inlineBytesMax: 8 } : limits,
    blobs,
    operatorMs: some(0.5, chaosMs / random.int(2, 8), 0),
    retriesMs: drawRetries(seed, chaosMs),
    restsMs: drawRests(seed, chaosMs),
    outsideMs: chaosMs / random.int(3, 12),
    schedules: random.chance(0.1),
  };
  return { ...profile, limits: { ...profile.limits, sleepLeadMs: random.pick([3, 3, 0, 40]) } };
}

/** Drawn apart: everything else stays as it was. */
function drawRetries(seed: number, chaosMs: number): number {
  const random = new SimulatedRandom(seed ^ 0x2e7219);
  return random.chance(0.5) ? chaosMs / random.int(4, 30) : 0;
}

function drawRests(seed: number, chaosMs: number): number {
  const random = new SimulatedRandom(seed ^ 0x51c0d7);
  return random.chance(0.15) ? chaosMs / random.int(1, 6) : 0;
}
