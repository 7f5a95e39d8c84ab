// Durable starts a second, with nothing executed meanwhile: the runs are due in an hour.

import { type CaseContext, perSecond } from "./case.ts";

const CALLERS = 256;
const DELAY_MS = 3_600_000;

export async function measureEnqueue(context: CaseContext): Promise<void> {
  const { contender, scale, key } = context;
  const { delay } = context.spec.lacks;
  if (delay !== undefined) {
    context.skip(["enqueue.perSecond"], delay);
    return;
  }
  const time = { warmupMs: scale.throughputWarmupMs, ms: scale.enqueueMs };
  const rate = await perSecond(CALLERS, time, async () => {
    await contender.start("noop", { key: key() }, { delayMs: DELAY_MS });
  });
  context.report("enqueue.perSecond", rate);
}
