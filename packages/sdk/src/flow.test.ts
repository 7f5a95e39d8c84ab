// Options about when runs begin are refused where they are written when they make no sense.
import { expect, test } from "bun:test";
import { SluiceError } from "@sluice/protocol";
import { limitsOf, singletonOf, type FlowOptions } from "./flow.ts";
import { workflow } from "./workflow.ts";

function refusal(options: FlowOptions): unknown {
  try {
    workflow({ name: "w", ...options } as { name: string }, async () => 1);
    return "taken";
  } catch (error) {
    return error instanceof SluiceError ? [error.code, error.message] : error;
  }
}

const bad: readonly (readonly [string, unknown])[] = [
  ["concurrency.limit", { concurrency: 0 }],
  ["concurrency.limit", { concurrency: [{ limit: 1.5 }] }],
  ["concurrency.key", { concurrency: { limit: 1, key: "tenant" } }],
  ["concurrency.key", { concurrency: { limit: 1, key: (input: { tenant: string }) => input.tenant } }],
  ["concurrency.countWaiting", { concurrency: { limit: 1, countWaiting: "yes" } }],
  ["concurrency", { concurrency: [{ limit: 1 }, { limit: 2 }] }],
  ["concurrency", { concurrency: "five" }],
  ["rateLimit.count", { rateLimit: { count: 0, per: "1m" } }],
  ["rateLimit.per", { rateLimit: { count: 1, per: 0 } }],
  ["throttle.burst", { throttle: { count: 1, per: "1m", burst: 0 } }],
  ["throttle.key", { throttle: { count: 1, per: "1m", key: "input..a" } }],
  ["debounce.maxWait", { debounce: { wait: "10s", maxWait: "1s" } }],
  ["debounce.trailing", { debounce: { wait: "10s", trailing: false } }],
  ["batch.size", { batch: { size: 0, wait: "1s" } }],
  ["batch", { batch: { size: 2, wait: "1s" }, debounce: { wait: "1s" } }],
  ["singleton", { singleton: "both" }],
  ["fairness.key", { fairness: {} }],
  ["fairness.limit", { fairness: { key: "input.tenant", limit: -1 } }],
  ["startWithin", { startWithin: 0 }],
  ["queue", { queue: "a b" }],
  ["priority", { priority: 0.5 }],
];

test.each(bad)("%s", (field, options) => {
  expect(refusal(options as FlowOptions)).toEqual(["invalid_workflow", `Workflow w: ${field} makes no sense.`]);
});

test("times are durations", () => {
  expect(refusal({ throttle: { count: 1, per: "soon" } })).toMatchObject(["invalid_duration", expect.any(String)]);
});

test("what makes sense is taken, in every form", () => {
  const options: FlowOptions = {
    concurrency: [{ limit: 5 }, { limit: 1, key: "input.tenant", countWaiting: true }],
    rateLimit: { count: 10, per: "1m", key: "input.list.0.id" },
    throttle: { count: 10, per: "1m", burst: 3, key: "input" },
    debounce: { wait: "1s", maxWait: "10s", leading: true, trailing: false },
    singleton: { mode: "skip", key: "input.id" },
    fairness: { key: "input.tenant" },
    startWithin: "1h",
    queue: "mails/eu",
    priority: -3,
  };
  expect(refusal(options)).toBe("taken");
  expect(limitsOf(3)).toEqual([{ limit: 3 }]);
  expect(limitsOf({ limit: 3 })).toEqual([{ limit: 3 }]);
  expect(singletonOf("replace")).toEqual({ mode: "replace" });
});
