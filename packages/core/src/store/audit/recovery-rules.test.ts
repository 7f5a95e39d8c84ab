// Audit rows about failovers: the overridden rules and the reason for a broken glass are there.
import { expect, test } from "bun:test";
import { outside } from "../audit-log.fixture.suite.ts";
import { start } from "../run-store.fixture.suite.ts";
import { recoveryRules } from "./recovery-rules.ts";

test("what was overridden, why nobody approved, and what was refused", () => {
  const overrides = ["fence-unproven"] as const;
  const begin = recoveryRules.beginFailover(
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
  const approve = recoveryRules.approveFailover(
    { by: outside, failover: "f", hash: "h", person: "ada", now: start },
    {} as never,
  );
  expect(approve({ outcome: "ok", failover: { overrides } } as never)).toMatchObject({
    after: { hash: "h", overrides },
  });
  expect(approve({ outcome: "same_person" })).toMatchObject({ outcome: "refused", reason: "same_person" });
});
