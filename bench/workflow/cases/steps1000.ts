// One run of 1,000 steps: what a step costs, and whether it costs more with a long history behind it.

import { median } from "../../statistics.ts";
import type { CaseContext } from "./case.ts";

const STEPS = 1_000;
/** Steps 51–100 and 951–1,000, counted from 1. */
const EARLY = [50, 100] as const;
const LATE = [950, STEPS] as const;

export async function measureSteps1000(context: CaseContext): Promise<void> {
  const { contender, scale, key } = context;
  await contender.expect?.(1);
  await contender.run("steps", { key: key(), count: STEPS });
  const all: number[] = [];
  const early: number[] = [];
  const late: number[] = [];
  for (let index = 0; index < scale.longRuns; index += 1) {
    const timesMs = (await contender.run("steps", { key: key(), count: STEPS })) as number[];
    if (timesMs.length !== STEPS) throw new Error(`The run returned ${timesMs.length} times`);
    all.push(...timesMs);
    early.push(...timesMs.slice(...EARLY));
    late.push(...timesMs.slice(...LATE));
  }
  context.report("steps1000.stepMs", median(all), all);
  context.report("steps1000.earlyMs", median(early));
  context.report("steps1000.lateMs", median(late));
  context.report("steps1000.growth", median(late) / median(early));
}
