import { expect, test } from "bun:test";
import { MetricCalls } from "./metric-calls.ts";

test("a thread that has ended answers nobody, and says so", async () => {
  const calls = new MetricCalls();
  const open = calls.call("kept", undefined);
  expect(calls.waiting).toBe(1);
  calls.end();
  const failures = await Promise.allSettled([open, calls.call("kept", undefined)]);
  expect(failures.map((each) => (each.status === "rejected" ? (each.reason as { code: string }).code : ""))).toEqual([
    "store_failed",
    "store_failed",
  ]);
  expect(calls.waiting).toBe(0);
});
