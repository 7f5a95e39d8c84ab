import { expect, test } from "bun:test";
import { idle, lock, sleep, start } from "../run-store.fixture.suite.ts";
import { engineItself } from "../../kernel/inner-actor.ts";
import type { Firing } from "./timers.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();
const fire = (now: number, limit: number) => {
  bench.on.now = now;
  return bench.on.verb("fireTimers", { by: engineItself, now, limit }) as Firing;
};

test("waits that went with their run while others fired are not fired", () => {
  bench.on.hot("r1", { timeoutAt: start + 1 });
  bench.on.append("r1", sleep(0, start + 2), sleep(1, start + 2), idle());
  bench.on.verb("parkRun", { by: engineItself, run: "r1", epoch: 1, now: start });
  expect(fire(start + 5, 99)).toMatchObject({
    fired: 1,
    effects: { finished: [{ run: "r1", status: "timedout" }], ready: 0 },
  });
  expect(bench.on.one("SELECT count(*) FROM waits")).toBe(0);
});

test("locks that ran out are given on within the same limit", () => {
  for (const id of ["r1", "r2", "r3"]) bench.on.hot(id);
  bench.on.append("r1", lock(0, "a", { ttl: 1 }), lock(1, "b", { ttl: 1 }), sleep(2, start + 1));
  bench.on.append("r2", lock(0, "a"));
  bench.on.append("r3", lock(0, "b"));
  const first = fire(start + 5, 2);
  expect([first.fired, first.next]).toEqual([2, start + 1]);
  const second = fire(start + 5, 2);
  expect([second.fired, second.next]).toEqual([1, undefined]);
});
