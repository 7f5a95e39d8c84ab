import { expect, test } from "bun:test";
import type { BreakerRecord } from "../../../kernel/breaker-store.ts";
import { start } from "../../run-store.fixture.suite.ts";
import { withBench } from "../sqlite-store.fixture.suite.ts";

const bench = withBench();
const row: BreakerRecord = {
  name: "a",
  state: "open",
  failures: 3,
  round: 7,
  openUntil: start + 5,
  probes: 1,
  probedAt: start,
  opened: 4,
  changedAt: start + 1,
  failedAt: start + 2,
  error: "no answer",
  plan: { name: "a", threshold: 3, recovery: 5, probes: 1 },
};

test("a row comes back as it was put, with an error and without", () => {
  const { breakers } = bench.on.t;
  breakers.put(row);
  expect(breakers.get("a")).toEqual(row);
  const { error: _error, ...rest } = row;
  breakers.put({ ...rest, state: "closed" });
  expect([breakers.get("a"), breakers.count()]).toEqual([{ ...rest, state: "closed" }, 1]);
});

test("an outcome that changes nothing writes nothing", () => {
  const { breakers } = bench.on.t;
  breakers.put(row);
  const before = bench.on.changes;
  breakers.record({ ...row.plan, round: 6, outcome: "failed" }, { error: "late", now: start + 9 });
  breakers.record({ ...row.plan, name: "unknown", round: 0, outcome: "failed" }, { error: "x", now: start });
  expect(bench.on.changes).toBe(before);
});
