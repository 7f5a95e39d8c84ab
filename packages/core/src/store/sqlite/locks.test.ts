import { expect, test } from "bun:test";
import { start } from "../run-store.fixture.suite.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("a fence grows with every grant of its name, whatever happens between", () => {
  const { locks } = bench.on.t;
  expect(locks.isFree("l", start)).toBe(true);
  expect(locks.grant("l", "r1", { expiresAt: undefined, no: 1 })).toBe(1);
  expect(locks.isFree("l", start)).toBe(false);
  locks.free("l");
  expect(locks.isFree("l", start)).toBe(true);
  expect(locks.grant("l", "r2", { expiresAt: start + 5, no: 2 })).toBe(2);
  expect(locks.isFree("l", start + 4)).toBe(false);
  expect(locks.isFree("l", start + 5)).toBe(true);
  expect(locks.grant("m", "r2", { expiresAt: undefined, no: 3 })).toBe(1);
  expect(locks.heldBy("r2")).toEqual(["l", "m"]);
});

test("only a lock that somebody waits for has a time to look at it", () => {
  const { locks, waits } = bench.on.t;
  locks.grant("l", "r1", { expiresAt: start + 5, no: 1 });
  expect(locks.nextExpiry()).toBeUndefined();
  waits.put({ run: "r2", seq: 0, kind: "lock", ref: "l" }, start);
  expect(locks.nextExpiry()).toBe(start + 5);
  expect(locks.expired(start + 4, 9)).toEqual([]);
  expect(locks.expired(start + 5, 9)).toEqual([{ name: "l", due: start + 5, no: 1 }]);
});
