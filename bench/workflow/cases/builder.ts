// A run of twelve steps written with the builder, one at a time: from the call that starts it to its result.

import { summarize } from "../../statistics.ts";
import { type CaseContext, timeEach, warmUp } from "./case.ts";

const STEPS = 12;

export async function measureBuilder(context: CaseContext): Promise<void> {
  const { contender, scale, key } = context;
  await contender.expect?.(1);
  await warmUp(context);
  const timesMs = await timeEach({ count: scale.latencyRuns, msMax: scale.latencyMsMax }, async () => {
    const { sum } = (await contender.run("builder12", { key: key() })) as { readonly sum: number };
    if (sum !== STEPS) throw new Error(`The run made ${sum} steps instead of ${STEPS}`);
  });
  const { p50, p95 } = summarize(timesMs);
  context.report("builder.p50Ms", p50, timesMs);
  context.report("builder.p95Ms", p95);
}
