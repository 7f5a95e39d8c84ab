import { describe, expect, test } from "bun:test";
import { crashEverywhere, crashedPrograms } from "./crash-everywhere.suite.ts";
import { mutants } from "./mutants.suite.ts";
import { playSeeds } from "./seeds.suite.ts";
import { simulate } from "./simulation.suite.ts";

const loop = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const timeoutMs = 240_000;
/** The slow tier plays all of them. */
const seeds = (process.env["TEST_TIER"] ?? "fast") === "fast" ? 1_000 : 100;
/** A defect that shows only after more seeds than this would not be noticed by somebody who works on the code. */
const mutantSeedsMax = 300;

test(
  `${seeds} seeds of everything going wrong`,
  async () => {
    const { failures, total } = await playSeeds({ from: 1, count: seeds, loop });
    expect(failures).toEqual([]);
    expect(total.runs).toBeGreaterThan(3 * seeds);
    expect(total.effects).toBeGreaterThan(10 * seeds);
  },
  timeoutMs,
);

test("a seed has one trace", async () => {
  for (const seed of [4, 21, 195, 1272, 2625, 3977, 4254]) {
    const first = await simulate({ seed, loop, trace: true });
    const second = await simulate({ seed, loop, trace: true });
    expect(first.trace.length).toBeGreaterThan(20);
    expect(second.trace).toEqual(first.trace);
  }
});

describe("a crash before and after every write", () => {
  test.each(Object.keys(crashedPrograms))(
    "of %s",
    async (name) => {
      const { failures, writes } = await crashEverywhere(crashedPrograms[name]!, 7, loop);
      expect(failures).toEqual([]);
      expect(writes).toBeGreaterThan(15);
    },
    timeoutMs,
  );
});

describe("the simulation catches what", () => {
  test.each(mutants.map((mutant) => [mutant.does, mutant] as const))(
    "%s",
    async (_, mutant) => {
      for (let seed = 1; seed <= mutantSeedsMax; seed++) {
        const { failure } = await simulate({ seed, loop, mutant: mutant.make() });
        if (failure !== undefined) return;
      }
      throw new Error(`nobody noticed within ${mutantSeedsMax} seeds`);
    },
    timeoutMs,
  );
});
