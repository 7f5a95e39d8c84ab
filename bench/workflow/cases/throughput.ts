// Runs of three durable steps with many callers at once, each waiting for its result before it starts the next.

import { type CaseContext, perSecond } from "./case.ts";

export async function measureThroughput(context: CaseContext): Promise<void> {
  const { contender, scale, key } = context;
  const time = { warmupMs: scale.throughputWarmupMs, ms: scale.throughputMs };
  for (const [callers, metric] of [
    [32, "runs32.perSecond"],
    [256, "runs256.perSecond"],
  ] as const) {
    await contender.expect?.(callers);
    const rate = await perSecond(callers, time, async () => contender.run("steps3", { key: key() }));
    context.report(metric, rate);
  }
}
