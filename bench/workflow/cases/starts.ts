// Starting a run and reading its status, one at a time: what a caller waits for before anything has been executed.

import { pause } from "../../clock.ts";
import { summarize } from "../../statistics.ts";
import { type CaseContext, timeEach } from "./case.ts";

const ENDED_MS_MAX = 10_000;

export async function measureStarts(context: CaseContext): Promise<void> {
  const { contender, scale, key } = context;
  const ids: string[] = [];
  const start = async (): Promise<number> => {
    const startedMs = performance.now();
    const id = await contender.start("noop", { key: key() });
    const tookMs = performance.now() - startedMs;
    ids.push(id);
    await untilEnded(context, id); // The next start must not share the machine with this run.
    return tookMs;
  };
  await timeEach({ count: scale.warmupRuns, msMax: scale.latencyMsMax }, start);
  const startsMs: number[] = [];
  await timeEach({ count: scale.latencyRuns, msMax: scale.latencyMsMax }, async () => startsMs.push(await start()));
  const starts = summarize(startsMs);
  context.report("start.p50Ms", starts.p50, startsMs);
  context.report("start.p99Ms", starts.p99);
  let next = 0;
  const readsMs = await timeEach({ count: scale.latencyRuns, msMax: scale.latencyMsMax }, async () => {
    next += 1;
    await contender.status(ids[next % ids.length] ?? "");
  });
  const reads = summarize(readsMs);
  context.report("status.p50Ms", reads.p50, readsMs);
  context.report("status.p99Ms", reads.p99);
}

async function untilEnded({ contender }: CaseContext, id: string): Promise<void> {
  const endMs = performance.now() + ENDED_MS_MAX;
  while (!/^(completed|success)$/i.test(await contender.status(id))) {
    if (performance.now() > endMs) throw new Error(`The run ${id} did not end within ${ENDED_MS_MAX} ms`);
    await pause(1);
  }
}
