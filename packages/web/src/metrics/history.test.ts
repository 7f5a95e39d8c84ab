import { expect, test } from "bun:test";
import { ratesOf, samplesMax, withSample } from "./history.ts";
import type { Sample } from "./history.ts";

const sample = (at: number, steps: number): Sample => ({ at, values: { steps } });

test("counters become rates a second, and a restart is a gap", () => {
  const samples = [sample(0, 10), sample(2_000, 30), sample(3_000, 5), sample(4_000, 6)];
  expect(ratesOf(samples, "steps")).toEqual([10, null, 1]);
  expect(ratesOf(samples.slice(0, 1), "steps")).toEqual([]);
  expect(ratesOf(samples, "unknown")).toEqual([0, 0, 0]);
});

test("samples are kept up to a number, one for a moment", () => {
  let samples: readonly Sample[] = [];
  for (let at = 0; at < samplesMax + 5; at++) samples = withSample(samples, sample(at, at));
  expect(samples).toHaveLength(samplesMax);
  expect(withSample(samples, sample(samplesMax + 4, 1)).at(-2)?.at).toBe(samplesMax + 3);
});
