// Much at once from one run: a thousand children, and ten thousand items of which a hundred are at work at a time.

import { median } from "../../statistics.ts";
import type { MetricName } from "../metrics.ts";
import type { OwnWorkName } from "../contender.ts";
import { type CaseContext, timeEach, warmUp } from "./case.ts";

export async function measureFanOut(context: CaseContext): Promise<void> {
  await measure(context, { work: "fanOut", count: context.scale.children, metric: "fanout.ms" });
}

export async function measureMap(context: CaseContext): Promise<void> {
  await measure(context, { work: "mapItems", count: context.scale.items, metric: "map.ms" });
}

async function measure(
  context: CaseContext,
  { work, count, metric }: { readonly work: OwnWorkName; readonly count: number; readonly metric: MetricName },
): Promise<void> {
  const { contender, scale, key } = context;
  await contender.expect?.(1);
  await warmUp(context);
  const timesMs = await timeEach({ count: scale.largeRuns, msMax: scale.largeMsMax }, async () => {
    const made = await contender.run(work, { key: key(), count });
    if (made !== count) throw new Error(`${work} made ${String(made)} instead of ${count}`);
  });
  context.report(metric, median(timesMs), timesMs);
}
