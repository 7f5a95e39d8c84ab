// What a worker tells the engine about when runs may begin: the options with their defaults, times in milliseconds.
import { parseDuration } from "@sluice/protocol";
import type { FlowManifest } from "@sluice/protocol";
import { limitsOf, singletonOf } from "@sluice/sdk";
import type { FlowOptions } from "@sluice/sdk";

/** Runs of one key that go on at once where `fairness` does not say. */
const fairLimit = 100;

/** Undefined where nothing is said: then runs begin at once. */
export function flowManifest(options: FlowOptions): FlowManifest | undefined {
  const { concurrency, rateLimit, throttle, debounce, batch, singleton, fairness } = options;
  const { startWithin, queue, priority } = options;
  const limits = limitsOf(concurrency);
  const flow: FlowManifest = {
    ...(limits.length === 0
      ? {}
      : {
          concurrency: limits.map((each) => ({
            limit: each.limit,
            countWaiting: each.countWaiting ?? false,
            ...keyOf(each),
          })),
        }),
    ...(rateLimit === undefined
      ? {}
      : { rateLimit: { count: rateLimit.count, per: parseDuration(rateLimit.per), ...keyOf(rateLimit) } }),
    ...(throttle === undefined
      ? {}
      : {
          throttle: {
            count: throttle.count,
            per: parseDuration(throttle.per),
            burst: throttle.burst ?? 1,
            ...keyOf(throttle),
          },
        }),
    ...(debounce === undefined ? {} : { debounce: debounceManifest(debounce) }),
    ...(batch === undefined ? {} : { batch: { size: batch.size, wait: parseDuration(batch.wait), ...keyOf(batch) } }),
    ...(singleton === undefined ? {} : { singleton: singletonOf(singleton) }),
    ...(fairness === undefined ? {} : { fairness: { key: fairness.key, limit: fairness.limit ?? fairLimit } }),
    ...(startWithin === undefined ? {} : { startWithin: parseDuration(startWithin) }),
    ...(queue === undefined ? {} : { queue }),
    ...(priority === undefined ? {} : { priority }),
  };
  return Object.keys(flow).length === 0 ? undefined : flow;
}

function debounceManifest(debounce: NonNullable<FlowOptions["debounce"]>): NonNullable<FlowManifest["debounce"]> {
  const { wait, maxWait, leading = false, trailing = true } = debounce;
  return {
    wait: parseDuration(wait),
    ...(maxWait === undefined ? {} : { maxWait: parseDuration(maxWait) }),
    leading,
    trailing,
    ...keyOf(debounce),
  };
}

function keyOf({ key }: { readonly key?: string }): { readonly key?: string } {
  return key === undefined ? {} : { key };
}
