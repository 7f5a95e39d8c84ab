// How soon a waiting run goes on: after a sleep, an event, or its start. Hot is a run that stayed in memory; parked is
// one that left it, which the run itself confirms by how often it began.

import { pause, preciseNow } from "../../clock.ts";
import { summarize } from "../../statistics.ts";
import type { Woken } from "../marks.ts";
import type { MetricName } from "../metrics.ts";
import type { CaseContext } from "./case.ts";

const NAP_MS = 100;
/** From the start of a run until it surely waits. */
const SETTLE_MS = 15;
/** Runs leave memory after this long in the case of parked ones. */
export const PARK_AFTER_MS = 20;
const PARKED_SETTLE_MS = PARK_AFTER_MS + 60;

export async function measureHotWakes(context: CaseContext): Promise<void> {
  const { contender, scale, key } = context;
  await contender.expect?.(1);
  const { hot } = context.spec.lacks;
  if (hot === undefined) {
    await measureNaps(context, "wakeHot.sleepMs");
    await measureEvents(context, "wakeHot.eventMs");
  } else context.skip(["wakeHot.sleepMs", "wakeHot.eventMs"], hot);
  const timesMs: number[] = [];
  for (let index = 0; index < scale.stamps; index += 1) {
    timesMs.push((await contender.run("stamp", { key: key(), sentAt: preciseNow() })) as number);
  }
  context.report("wakeHot.enqueueMs", summarize(timesMs).p50, timesMs);
}

export async function measureParkedWakes(context: CaseContext): Promise<void> {
  await context.contender.expect?.(1);
  await measureNaps(context, "wakeParked.sleepMs");
  await measureEvents(context, "wakeParked.eventMs");
}

async function measureNaps(context: CaseContext, metric: MetricName): Promise<void> {
  const { contender, scale, key } = context;
  const woken: Woken[] = [];
  for (let index = 0; index < scale.naps; index += 1) {
    woken.push((await contender.run("nap", { key: key(), ms: NAP_MS })) as Woken);
  }
  reportWoken(context, metric, woken);
}

async function measureEvents(context: CaseContext, metric: MetricName): Promise<void> {
  const { contender, scale } = context;
  const { event } = context.spec.lacks;
  if (event !== undefined) {
    context.skip([metric], event);
    return;
  }
  const woken: Woken[] = [];
  for (let index = 0; index < scale.events; index += 1) {
    const key = context.key();
    const result = contender.run("listen", { key });
    await pause(metric === "wakeParked.eventMs" ? PARKED_SETTLE_MS : SETTLE_MS);
    await contender.emit(key, preciseNow());
    woken.push((await result) as Woken);
  }
  reportWoken(context, metric, woken);
}

function reportWoken(context: CaseContext, metric: MetricName, woken: readonly Woken[]): void {
  const parked = metric.startsWith("wakeParked");
  const other = woken.filter(({ begun }) => begun > 1 !== parked).length;
  if (other > 0) {
    throw new Error(
      `${metric}: ${other} of ${woken.length} runs ${parked ? "stayed in" : "left"} memory while they waited`,
    );
  }
  const timesMs = woken.map(({ lateMs }) => lateMs);
  context.report(metric, summarize(timesMs).p50, timesMs);
}
