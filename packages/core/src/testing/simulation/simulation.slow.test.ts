import { expect, test } from "bun:test";
import { playSeeds } from "./seeds.suite.ts";

const loop = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
/**
 * Seeds that show a fault whose cause is known and that is not mended yet: a branch that loses a race while its unlock is
 * held back by a replay keeps its lock until the run ends (docs/status.md).
 */
const openSeeds = [10_209];
const timeoutMs = 15 * 60_000;

test(
  "50,000 seeds of everything going wrong",
  async () => {
    const { failures } = await playSeeds({ from: 1, count: 50_000, loop });
    const unexpected = failures.filter((failure) => !openSeeds.some((seed) => failure.startsWith(`seed ${seed}:`)));
    expect(unexpected).toEqual([]);
  },
  timeoutMs,
);
