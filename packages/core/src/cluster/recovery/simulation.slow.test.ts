// Ten thousand seeds of failovers in a bad world.
import { expect, test } from "bun:test";
import { simulate } from "./simulation.suite.ts";

const seeds = 10_000;

test("10,000 seeded partitions, crashes, pauses and duplicate deliveries: no two writers, no unreported loss", async () => {
  let [completed, lost] = [0, 0];
  for (let seed = 1; seed <= seeds; seed++) {
    const { violations, ...ended } = await simulate(seed);
    expect({ seed, violations }).toEqual({ seed, violations: [] });
    completed += ended.completed;
    lost += ended.lost;
  }
  expect(completed).toBeGreaterThan(3_000);
  // Some of what was allowed to be lost was, and was reported.
  expect(lost).toBeGreaterThan(0);
}, 300_000);
