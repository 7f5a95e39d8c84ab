import { expect, test } from "bun:test";
import { neverWrong, playSeeds } from "./seeds.suite.ts";

const loop = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const timeoutMs = 24 * 60_000;

test(
  "50,000 seeds of everything going wrong",
  async () => {
    const { failures, counts } = await playSeeds({ from: 1, count: 50_000, loop });
    expect(failures).toEqual([]);
    expect(neverWrong(counts, 50_000)).toEqual([]);
  },
  timeoutMs,
);
