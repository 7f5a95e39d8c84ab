// Recovery: many runs accepted and under way, everything killed with SIGKILL, started again on the same folder. Two
// processes, since the first one is among the killed.

import { pause } from "../../clock.ts";
import { type CaseContext, withCallers } from "./case.ts";

const CALLERS = 256;
/** From the last start until those that execute have recorded their first step. */
const SETTLE_MS = 2_000;
const POLL_MS = 20;

/** Starts the runs, which stay in their second step. */
export async function fill({ contender, scale, key }: CaseContext): Promise<void> {
  await contender.expect?.(CALLERS);
  await withCallers(CALLERS, scale.recoveryRuns, async () => contender.start("gated", { key: key() }));
  await pause(SETTLE_MS);
  if (!(await contender.unfinished())) throw new Error("No run is under way before the crash");
}

/** Waits until all have ended; the time counts from the start of this process. */
export async function resume(context: CaseContext): Promise<void> {
  const { contender, scale } = context;
  context.report("recovery.readyMs", performance.now());
  await contender.expect?.(CALLERS);
  while (await contender.unfinished()) {
    if (performance.now() > scale.recoveryMsMax) throw new Error(`Runs are left after ${scale.recoveryMsMax} ms`);
    await pause(POLL_MS);
  }
  context.report("recovery.completeMs", performance.now());
}
