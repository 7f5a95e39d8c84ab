// Many seeds one after the other, what failed with the command that plays it again, and what all of them did together.
import { simulate } from "./simulation.suite.ts";
import type { SimulationOptions, SimulationReport } from "./simulation.suite.ts";
import type { EventLoop } from "./world.suite.ts";

export interface SeedsReport {
  /** For each seed that failed: which, why, and how to see it again. */
  readonly failures: readonly string[];
  readonly total: {
    readonly turns: number;
    readonly runs: number;
    readonly commits: number;
    readonly effects: number;
    readonly sights: number;
  };
  /** How often each verb, operation, end and fault occurred. */
  readonly counts: ReadonlyMap<string, number>;
}

/** More are not listed: the first is the one to look at. */
const failuresMax = 20;

/** The command that plays a seed and shows everything that happens in it. */
function replayCommand(seed: number): string {
  return `bun packages/core/src/testing/simulation/main.ts --seed ${seed} --trace`;
}

export async function playSeeds(p: {
  readonly from: number;
  readonly count: number;
  readonly loop: EventLoop;
  readonly onReport?: (report: SimulationReport) => void;
  /** A deliberate defect, made anew for every seed. */
  readonly mutant?: () => SimulationOptions["mutant"];
}): Promise<SeedsReport> {
  const failures: string[] = [];
  const total = { turns: 0, runs: 0, commits: 0, effects: 0, sights: 0 };
  const counts = new Map<string, number>();
  const count = (name: string, by: number): void => void counts.set(name, (counts.get(name) ?? 0) + by);
  for (let seed = p.from; seed < p.from + p.count && failures.length < failuresMax; seed++) {
    const report = await simulate({ seed, loop: p.loop, mutant: p.mutant?.() });
    p.onReport?.(report);
    if (report.failure !== undefined) failures.push(`seed ${seed}: ${report.failure}\n  ${replayCommand(seed)}`);
    for (const key of ["turns", "runs", "commits", "effects", "sights"] as const) total[key] += report[key];
    for (const [name, times] of report.counts) count(name, times);
    for (const [end, times] of report.ends) count(`ended ${end}`, times);
    for (const [what, times] of report.faults) count(`fault: ${what}`, times);
  }
  return { failures, total, counts };
}

/** How often what has to go wrong at least, in a thousand seeds. */
const faultsPerThousand: Readonly<Record<string, number>> = {
  fail: 500,
  crash_before: 10,
  "crash_before append": 50,
  crash_after: 10,
  "crash_after append": 50,
  "worker dies": 300,
  "worker dies in a step": 5,
  "worker hangs and is given up": 50,
  "worker hangs and comes back": 50,
  "lost worker answers late": 2,
  "message comes again": 10,
  "the engine rests": 50,
};

/** What went wrong less often in these many seeds than it has to, so that nobody takes luck for proof. */
export function neverWrong(counts: ReadonlyMap<string, number>, seeds: number): readonly string[] {
  return Object.entries(faultsPerThousand)
    .filter(([what, times]) => (counts.get(`fault: ${what}`) ?? 0) < Math.floor((times * seeds) / 1_000))
    .map(([what]) => `${what}: ${counts.get(`fault: ${what}`) ?? 0} times in ${seeds} seeds`);
}
