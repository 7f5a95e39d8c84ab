import { expect, test } from "bun:test";
import { ada, start } from "../../run-store.fixture.suite.ts";
import { withBench } from "../sqlite-store.fixture.suite.ts";
import { engineItself } from "../../../kernel/inner-actor.ts";
import { enterBreaker, resetBreaker } from "./breaker-verbs.ts";

const bench = withBench();
const plan = { name: "a", threshold: 1, recovery: 10, probes: 1 };

test("a breaker is made when it is first met, and not written again while it is closed", () => {
  const { t } = bench.on;
  expect(enterBreaker(t, { by: engineItself, plan, now: start })).toEqual({ outcome: "in", round: 0 });
  const before = bench.on.changes;
  expect(enterBreaker(t, { by: engineItself, plan, now: start + 1 })).toEqual({ outcome: "in", round: 0 });
  expect(bench.on.changes).toBe(before);
});

test("closing one that is not there changes nothing", () => {
  const { t } = bench.on;
  expect(resetBreaker(t, { by: ada, name: "nothing", now: start })).toEqual({ outcome: "not_found" });
  expect(t.breakers.count()).toBe(0);
});
