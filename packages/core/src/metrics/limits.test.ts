import { expect, test } from "bun:test";
import { metricLimits } from "./limits.ts";

test("what is kept longer is kept coarser", () => {
  const { metricFineKeptMs, metricMiddleKeptMs, metricCoarseKeptMs } = metricLimits;
  expect([metricFineKeptMs, metricMiddleKeptMs, metricCoarseKeptMs].toSorted((a, b) => a - b)).toEqual([
    metricFineKeptMs,
    metricMiddleKeptMs,
    metricCoarseKeptMs,
  ]);
});
