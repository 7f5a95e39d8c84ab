import { expect, test } from "bun:test";
import { playSeeds } from "./seeds.suite.ts";

const loop = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const timeoutMs = 60 * 60_000;
/** The slow tier plays the seeds before. */
const from = 50_001;
const each = 50_000;

test.each(Array.from({ length: 10 }, (_, i) => [from + i * each]))(
  "50,000 more seeds of everything going wrong, from %d",
  async (first) => {
    const { failures } = await playSeeds({ from: first, count: each, loop });
    expect(failures).toEqual([]);
  },
  timeoutMs,
);
