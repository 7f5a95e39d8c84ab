// Audit rows about clusters: what was approved is there by its hash.
import { expect, test } from "bun:test";
import { outside } from "../audit-log.fixture.suite.ts";
import { start } from "../run-store.fixture.suite.ts";
import { clusterRules } from "./cluster-rules.ts";

test("an approval names the hash, a refused one why, and an apply that is asked for again is no news", () => {
  const p = { by: outside, plan: "p", hash: "h", person: "ada", now: start };
  const approve = clusterRules.approvePlan(p, {} as never);
  expect(approve({ outcome: "ok" } as never)).toMatchObject({
    target: "plan:p",
    outcome: "done",
    after: { hash: "h" },
  });
  expect(approve({ outcome: "same_person" })).toMatchObject({ outcome: "refused", reason: "same_person" });
  const begin = clusterRules.beginOperation(
    { by: outside, operation: "o", run: "r", plan: "p", hash: "h", now: start },
    {} as never,
  );
  expect(begin({ outcome: "existing" } as never)).toEqual([]);
  expect(begin({ outcome: "ok", superseded: { id: "old" } } as never)).toMatchObject({
    after: { superseded: "old", run: "r" },
  });
});

test("what was overridden, why nobody approved, and what was refused", () => {
  const overrides = ["fence-unproven"] as const;
  const begin = clusterRules.beginFailover(
    { by: outside, failover: "f", hash: "h", run: "r", breakGlass: "fire", now: start },
    {} as never,
  );
  const superseded = { id: "old" };
  expect(begin({ outcome: "ok", failover: { overrides }, superseded } as never)).toMatchObject({
    target: "failover:f",
    outcome: "done",
    after: { overrides, breakGlass: "fire", superseded: "old", run: "r" },
  });
  expect(begin({ outcome: "existing" } as never)).toEqual([]);
  expect(begin({ outcome: "not_approved" } as never)).toMatchObject({ outcome: "refused", reason: "not_approved" });
  const approve = clusterRules.approveFailover(
    { by: outside, failover: "f", hash: "h", person: "ada", now: start },
    {} as never,
  );
  expect(approve({ outcome: "ok", failover: { overrides } } as never)).toMatchObject({
    after: { hash: "h", overrides },
  });
  expect(approve({ outcome: "same_person" })).toMatchObject({ outcome: "refused", reason: "same_person" });
});
