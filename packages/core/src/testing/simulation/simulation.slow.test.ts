import { expect, test } from "bun:test";
import { neverWrong, playSeeds } from "./seeds.suite.ts";

const loop = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const timeoutMs = 24 * 60_000;

/**
 * Seeds that are known to fail, each by something that has still to be mended; docs/status.md says what. Any other is a failure.
 */
const open: ReadonlySet<string> = new Set(["26080"]);
const seedOf = (failure: string): string => /^seed (\d+)/.exec(failure)?.[1] ?? "";

test(
  "50,000 seeds of everything going wrong",
  async () => {
    const { failures, counts } = await playSeeds({ from: 1, count: 50_000, loop });
    expect(failures.filter((failure) => !open.has(seedOf(failure)))).toEqual([]);
    expect(neverWrong(counts, 50_000)).toEqual([]);
  },
  timeoutMs,
);
