import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { crashEverywhere, crashedPrograms } from "./crash-everywhere.suite.ts";
import { brokenPromises, mutants } from "./mutants.suite.ts";
import type { Mutant } from "./mutants.suite.ts";
import { neverWrong, playSeeds } from "./seeds.suite.ts";
import { simulate } from "./simulation.suite.ts";

const loop = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const timeoutMs = 240_000;
/** The slow tier plays all of them. */
const seeds = (process.env["TEST_TIER"] ?? "fast") === "fast" ? 1_000 : 100;
/** A defect that shows only after more seeds than this would not be noticed by somebody who works on the code. */
const mutantSeedsMax = 1_000;

test(
  `${seeds} seeds of everything going wrong`,
  async () => {
    const { failures, total, counts } = await playSeeds({ from: 1, count: seeds, loop });
    expect(failures).toEqual([]);
    expect(neverWrong(counts, seeds)).toEqual([]);
    expect(total.runs).toBeGreaterThan(3 * seeds);
    expect(total.effects).toBeGreaterThan(10 * seeds);
  },
  timeoutMs,
);

test("the workflows of seeds are drawn at random", async () => {
  const tracedSeeds = 30;
  const programs = new Set<string>();
  const begun = new Set<string>();
  for (let seed = 1; seed <= tracedSeeds; seed++) {
    const { trace } = await simulate({ seed, loop, trace: true });
    for (const line of trace) {
      const [, program] = / program (\{.*)/.exec(line) ?? [];
      if (program !== undefined) programs.add(program);
      if (/ step run_\w+ epoch \d+: .* begins/.test(line)) begun.add(`${seed}`);
    }
  }
  expect(programs.size).toBeGreaterThan(tracedSeeds);
  expect(begun.size).toBeGreaterThan(tracedSeeds / 2);
});

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

/** Plays seeds until the defect is noticed in these words. */
async function noticed(mutant: Mutant, words: RegExp): Promise<void> {
  const said = new Set<string>();
  for (let seed = 1; seed <= mutantSeedsMax; seed++) {
    const { failure } = await simulate({ seed, loop, mutant: mutant.make() });
    if (failure !== undefined && words.test(failure)) return;
    if (failure !== undefined) said.add(failure);
  }
  throw new Error(`nobody said ${words} within ${mutantSeedsMax} seeds, but:\n${[...said].slice(0, 5).join("\n")}`);
}

describe("the model notices", () => {
  test("when something acknowledged is lost", () => noticed(brokenPromises.lostRun, /was acknowledged and is lost/));

  test("when a completed step runs again", () =>
    noticed(brokenPromises.stepAgain, /^step .* begins again although it has completed durably/));

  test("when a run completes twice", () =>
    noticed(brokenPromises.endAgain, /ended as completed after it had ended as completed/));

  test("when a timer is lost, fires twice or fires early", async () => {
    await noticed(brokenPromises.timerLost, /^runs never end .*\n.* open \[.*sleep/s);
    await noticed(brokenPromises.timerAgain, /settled twice/);
    await noticed(brokenPromises.timerEarly, /went on after sleep .* early/);
  });

  test("when a breaker lets in whom it should not, or was not told of a failure", async () => {
    await noticed(brokenPromises.breakerOpen, /^breaker .* answered in/);
    await noticed(brokenPromises.breakerDeaf, /^breaker /);
  });

  test("when a paused queue goes on", () =>
    noticed(brokenPromises.queueGoesOn, /begins though its queue .* is paused/));

  test("when starts that became one lose an input", () =>
    noticed(brokenPromises.joinedLost, /does not have their input/));

  test("when a trigger overlooks something", () => noticed(brokenPromises.eventOverlooked, /has started no run/));

  test("when a wait does not get its event", () => noticed(brokenPromises.eventMissed, /^wait .* and missed event/));
});

test("a failure prints its seed and the command that plays it again", async () => {
  const { failures } = await playSeeds({ from: 42, count: 3, loop, mutant: brokenPromises.endAgain.make });
  const [first = ""] = failures;
  expect(first).toMatch(/^seed 42: run \S+ ended as (\w+) after it had ended as \1\n/);
  const [, command = ""] = first.split("\n  ");
  expect(command).toBe("bun packages/core/src/testing/simulation/main.ts --seed 42 --trace");
  const [, main = ""] = command.split(" ");
  expect(existsSync(join(import.meta.dir, "../../../../..", main))).toBe(true);
});
