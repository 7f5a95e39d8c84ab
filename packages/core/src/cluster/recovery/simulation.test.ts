// Failovers in a world where anything may happen between two steps: a few hundred seeds here, ten thousand in the slow tier.
import { describe, expect, test } from "bun:test";
import { simulate } from "./simulation.suite.ts";

const seeds = 300;

describe("failovers under partitions, crashes, pauses and orders that come late or twice", () => {
  test("never have two writers in an epoch, and lose nothing acknowledged that was not reported", async () => {
    const total = { completed: 0, failed: 0, crashes: 0, lost: 0, acknowledged: 0 };
    for (let seed = 1; seed <= seeds; seed++) {
      const { violations, ...ended } = await simulate(seed);
      expect({ seed, violations }).toEqual({ seed, violations: [] });
      for (const key of ["completed", "failed", "crashes", "lost", "acknowledged"] as const) total[key] += ended[key];
    }
    // The world is as bad as it is meant to be, and failovers still get through it.
    expect(total.completed).toBeGreaterThan(30);
    expect(total.failed).toBeGreaterThan(100);
    expect(total.crashes).toBeGreaterThan(300);
    expect(total.acknowledged).toBeGreaterThan(1_000);
  });

  test.each(["sites-take-stale-orders", "epochs-repeat", "marks-lie", "thaws-without-guard"] as const)(
    "are found out where %s",
    async (sabotage) => {
      for (let seed = 1; seed <= 3_000; seed++) if ((await simulate(seed, sabotage)).violations.length > 0) return;
      throw new Error(`${sabotage} is not found out`);
    },
  );

  test("come to the same end from the same seed", async () => {
    expect(await simulate(7)).toEqual(await simulate(7));
  });
});
