// Many who share one workflow: whether a thousand keys take turns, what a start among them costs, what a storm of starts that are
// debounced costs, and how long a quiet tenant's run waits beside a hundred thousand of a noisy one.

import { pause, preciseNow } from "../../clock.ts";
import { summarize } from "../../statistics.ts";
import { type CaseContext, perSecond, withCallers } from "./case.ts";

const CALLERS = 256;
const POLL_MS = 50;
const HOUR_MS = 3_600_000;
/** Runs of one tenant that go on at once, unless the workflow says otherwise; and of `taking`. */
const tenantPlaces = 100;
const takingPlaces = 50;
const BLOCKER = "blocker";

interface Backlog {
  readonly work: "tenants" | "taking";
  readonly count: number;
  /** Until the runs end that keep all others from beginning. */
  readonly blockedMs: number;
  /** How many of them there have to be. */
  readonly places: number;
  readonly blocker: string;
  readonly tenantOf: (index: number) => string;
}

/** Starts runs that all wait in the queue, however long it takes to start them; resolves when they begin. */
async function queueUp({ contender, key }: CaseContext, backlog: Backlog): Promise<void> {
  const { work, count, blockedMs, places, blocker, tenantOf } = backlog;
  const beginsAt = performance.now() + blockedMs;
  await withCallers(CALLERS, places, async () => {
    const ms = Math.max(1, Math.round(beginsAt - performance.now()));
    await contender.start(work, { key: key(), tenant: blocker, ms });
  });
  let next = 0;
  await withCallers(CALLERS, count, async () => {
    await contender.start(work, { key: key(), tenant: tenantOf(next++), ms: 1 });
  });
  const leftMs = beginsAt - performance.now();
  if (leftMs < 0) throw new Error(`${count} starts took longer than ${blockedMs} ms`);
  await pause(leftMs);
}

async function untilOver({ contender }: CaseContext): Promise<void> {
  while (await contender.unfinished()) await pause(POLL_MS);
}

/** Tenants of the runs that have begun since it was asked last, in that order. */
async function turns({ contender, key }: CaseContext): Promise<readonly string[]> {
  return (await contender.run("turns", { key: key() })) as readonly string[];
}

/** The largest difference, at any moment, between what two keys have had that both still had something queued. */
function spreadOf(order: readonly string[], perKey: number): number {
  const begun = new Map(order.map((tenant) => [tenant, 0]));
  let spread = 0;
  for (const tenant of order) {
    const had = (begun.get(tenant) ?? 0) + 1;
    begun.set(tenant, had);
    const waiting = [...begun.values()].filter((count) => count < perKey);
    if (waiting.length > 0) spread = Math.max(spread, had - Math.min(...waiting));
  }
  return spread;
}

export async function measureFairness(context: CaseContext): Promise<void> {
  const { scale, report, contender, key } = context;
  const { keys, runsPerKey } = scale;
  const count = keys * runsPerKey;
  // One key after the other: who is first in the queue would be done first.
  const tenantOf = (index: number): string => `t${Math.floor(index / runsPerKey)}`;
  await queueUp(context, {
    work: "taking",
    count,
    blockedMs: scale.fairBlockedMs,
    places: takingPlaces,
    blocker: BLOCKER,
    tenantOf,
  });
  await untilOver(context);
  const order = (await turns(context)).filter((tenant) => tenant !== BLOCKER);
  if (order.length !== count) throw new Error(`${order.length} of ${count} runs began`);
  report("fair.spread", spreadOf(order, runsPerKey));
  let next = 0;
  const time = { warmupMs: scale.throughputWarmupMs, ms: scale.enqueueMs };
  const rate = await perSecond(CALLERS, time, async () => {
    await contender.start("tenants", { key: key(), tenant: `t${next++ % keys}` }, { delayMs: HOUR_MS });
  });
  report("fair.enqueuePerSecond", rate);
}

export async function measureStorm(context: CaseContext): Promise<void> {
  const { contender, scale, report, key } = context;
  let next = 0;
  const time = { warmupMs: 0, ms: scale.throughputMs };
  const rate = await perSecond(CALLERS, time, async () => {
    await contender.start("calm", { key: key(), tenant: `s${next++ % scale.stormKeys}` });
  });
  await untilOver(context);
  const runs = (await turns(context)).length;
  if (runs !== scale.stormKeys) throw new Error(`${next} starts of ${scale.stormKeys} keys made ${runs} runs`);
  report("storm.perSecond", rate);
}

export async function measureNoisyTenant(context: CaseContext): Promise<void> {
  const { contender, scale, report, key } = context;
  await queueUp(context, {
    work: "tenants",
    count: scale.noisyRuns,
    blockedMs: scale.noisyBlockedMs,
    places: tenantPlaces,
    blocker: "noisy",
    tenantOf: () => "noisy",
  });
  const timesMs: number[] = [];
  for (let index = 0; index < scale.quietRuns; index += 1) {
    const input = { key: key(), tenant: "quiet", sentAt: preciseNow() };
    timesMs.push((await contender.run("tenants", input)) as number);
  }
  if (!(await contender.unfinished())) throw new Error("The noisy tenant was done before the quiet one was measured");
  const { p50, p99, max } = summarize(timesMs);
  report("tenant.p50Ms", p50, timesMs);
  report("tenant.p99Ms", p99);
  report("tenant.maxMs", max);
}
