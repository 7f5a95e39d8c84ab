import { describe, expect, test } from "bun:test";
import type { Clock } from "./clock.ts";
import { createdAtOf, Ids, systemRandom } from "./ids.ts";

function clockAt(times: number[]): Clock {
  return { now: () => times.shift() ?? 0, after: () => () => undefined };
}

describe("ids", () => {
  test("of runs sort by creation, within one millisecond and when the clock goes back too", () => {
    const ids = new Ids(clockAt([1_000, 1_000, 999, 2_000]), systemRandom);
    const made = [ids.run(), ids.run(), ids.run(), ids.run()];
    expect(made.toSorted()).toEqual(made);
    expect(new Set(made).size).toBe(4);
  });

  test("of runs say when they were created", () => {
    const now = 1_790_000_123_456;
    expect(createdAtOf(new Ids(clockAt([now]), systemRandom).run())).toBe(now);
    for (const chosen of ["order-7", "run_short", `run_${"i".repeat(25)}`, `tok_${"0".repeat(25)}`, ""]) {
      expect(createdAtOf(chosen)).toBeUndefined();
    }
  });

  test("of tokens are 160 random bits", () => {
    const ids = new Ids(clockAt([]), systemRandom);
    const made = Array.from({ length: 200 }, () => ids.token());
    expect(new Set(made).size).toBe(200);
    for (const token of made) expect(token).toMatch(/^tok_[0-9a-z]{32}$/);
  });
});
