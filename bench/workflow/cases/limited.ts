// What flow control costs a run that it does not hold back: three steps under a limit that is not reached against the same three
// steps without one, in turn; then many callers at once, of one and of the other.

import { summarize } from "../../statistics.ts";
import { type CaseContext, perSecond, timeEach, warmUp } from "./case.ts";

const CALLERS = 32;

export async function measureLimited(context: CaseContext): Promise<void> {
  const { contender, scale, key } = context;
  await contender.expect?.(1);
  await warmUp(context);
  const plainMs: number[] = [];
  const limitedMs: number[] = [];
  // Side by side: what slows the machine down meets both.
  await timeEach({ count: scale.latencyRuns, msMax: scale.latencyMsMax }, async () => {
    for (const [work, timesMs] of [
      ["steps3", plainMs],
      ["limited3", limitedMs],
    ] as const) {
      const beganMs = performance.now();
      await contender.run(work, { key: key() });
      timesMs.push(performance.now() - beganMs);
    }
  });
  const [plain, limited] = [summarize(plainMs).p50, summarize(limitedMs).p50];
  context.report("limited.plainMs", plain, plainMs);
  context.report("limited.p50Ms", limited, limitedMs);
  context.report("limited.ratio", limited / plain);
  await contender.expect?.(CALLERS);
  const rate = async (work: "steps3" | "limited3"): Promise<number> =>
    perSecond(CALLERS, { warmupMs: scale.throughputWarmupMs, ms: scale.throughputMs }, async () =>
      contender.run(work, { key: key() }),
    );
  context.report("limited.plainPerSecond", await rate("steps3"));
  context.report("limited.perSecond", await rate("limited3"));
}
