// A run of three durable steps, one at a time: from the call that starts it to its result.

import { summarize } from "../../statistics.ts";
import { type CaseContext, timeEach, warmUp } from "./case.ts";

export async function measureSteps3(context: CaseContext): Promise<void> {
  const { contender, scale, key } = context;
  await contender.expect?.(1);
  await warmUp(context);
  const timesMs = await timeEach({ count: scale.latencyRuns, msMax: scale.latencyMsMax }, async () => {
    await contender.run("steps3", { key: key() });
  });
  const { p50, p95, p99 } = summarize(timesMs);
  context.report("steps3.p50Ms", p50, timesMs);
  context.report("steps3.p95Ms", p95);
  context.report("steps3.p99Ms", p99);
}
