import { expect, test } from "bun:test";
import { start, value } from "../run-store.fixture.suite.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("what has expired goes first, then what would be the first to", () => {
  const { stepCache } = bench.on.t;
  for (let i = 0; i < 4; i++) {
    const at = { scope: "global", step: "s", key: `k${i}`, value: value(i), createdAt: start, run: "r", hits: 0 };
    stepCache.put({ ...at, expiresAt: start + 10 - i });
  }
  const overdue = (now: number, keep: number) => stepCache.overdue(now, keep, 9).map(({ key }) => key);
  expect(overdue(start, 4)).toEqual([]);
  expect(overdue(start, 2)).toEqual(["k3", "k2"]);
  expect(overdue(start + 8, 0)).toEqual(["k3", "k2"]);
  expect(stepCache.get({ scope: "global", step: "s", key: "k3" }, start + 7)).toBeUndefined();
  expect(stepCache.get({ scope: "global", step: "s", key: "k2" }, start + 7)).toMatchObject({ value: value(2) });
});
