import { expect, test } from "bun:test";
import { breakerPlanOf } from "./breaker.ts";
import type { BreakerPolicy } from "./breaker.ts";

test("what is not said has a default", () => {
  expect(breakerPlanOf({ name: "a" })).toEqual({ name: "a", threshold: 5, recovery: 30_000, probes: 1 });
  const all = { name: "b", failureThreshold: 1, recoveryTimeout: "2m", halfOpenMax: 3 };
  expect(breakerPlanOf(all)).toEqual({ name: "b", threshold: 1, recovery: 120_000, probes: 3 });
});

test.each<BreakerPolicy>([
  { name: "" },
  { name: "x".repeat(129) },
  { name: "a", failureThreshold: 0 },
  { name: "a", failureThreshold: 1.5 },
  { name: "a", halfOpenMax: 0 },
  { name: "a", recoveryTimeout: "soon" },
])("%p makes no sense", (policy) => {
  expect(() => breakerPlanOf(policy)).toThrow();
});
