import { expect, test } from "bun:test";
import { outside } from "../audit-log.fixture.suite.ts";
import { start, value } from "../run-store.fixture.suite.ts";
import type { AuditSight } from "./audit-rule.ts";
import { runRules } from "./run-rules.ts";

const seen = { workflow: "order", version: "v1", status: "running", attempt: 1 };
const sight = {
  run: () => seen,
  waitToken: () => ({ run: "r1", workflow: "order", name: "manager" }),
  state: () => undefined,
} as unknown as AuditSight;

test("a rule looks before the change, not when it is told of it", () => {
  let looks = 0;
  const counting = { ...sight, run: () => (looks++, seen) };
  const finish = runRules.pauseRun({ by: outside, run: "r1", now: start }, counting);
  expect(looks).toBe(1);
  expect(finish({ outcome: "not_found" })).toMatchObject({ before: { status: "running" }, reason: "run_not_found" });
  expect(looks).toBe(1);
});

test("the wait token that came from outside is in no row, whatever became of it", () => {
  const p = {
    by: outside,
    token: "capability",
    kind: "approval",
    value: value({ approved: false }),
    now: start,
  } as const;
  const finish = runRules.completeToken(p, sight);
  const rows = (["unknown", "used", "expired"] as const).map((outcome) => finish({ outcome }));
  expect(rows).toMatchObject([{ reason: "token_unknown" }, { reason: "token_used" }, { reason: "token_expired" }]);
  expect(JSON.stringify(rows)).not.toContain("capability");
});

test("state of a workflow belongs to it, other state to none", () => {
  const rowOf = (scope: string) =>
    runRules.deleteState({ by: outside, scope, key: "k", now: start }, sight)({ outcome: "not_found" });
  expect(rowOf("workflow:billing/a")).toMatchObject({ workflow: "billing/a", target: "state:workflow:billing/a/k" });
  expect(rowOf("run:r1")).toMatchObject({ workflow: undefined });
});
