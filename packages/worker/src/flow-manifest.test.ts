import { expect, test } from "bun:test";
import { flowManifest } from "./flow-manifest.ts";

test("says nothing of a workflow that says nothing", () => {
  expect(flowManifest({})).toBeUndefined();
});

test("has defaults and times in milliseconds", () => {
  expect(
    flowManifest({
      concurrency: 5,
      rateLimit: { count: 2, per: "1m" },
      throttle: { count: 2, per: "1s", key: "input.tenant" },
      debounce: { wait: "1s", maxWait: "1m" },
      batch: { size: 3, wait: "2s" },
      singleton: "skip",
      fairness: { key: "input.tenant" },
      startWithin: "1h",
      queue: "mails",
      priority: 2,
    }),
  ).toEqual({
    concurrency: [{ limit: 5, countWaiting: false }],
    rateLimit: { count: 2, per: 60_000 },
    throttle: { count: 2, per: 1_000, burst: 1, key: "input.tenant" },
    debounce: { wait: 1_000, maxWait: 60_000, leading: false, trailing: true },
    batch: { size: 3, wait: 2_000 },
    singleton: { mode: "skip" },
    fairness: { key: "input.tenant", limit: 100 },
    startWithin: 3_600_000,
    queue: "mails",
    priority: 2,
  });
});
