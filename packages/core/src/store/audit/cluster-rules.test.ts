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
