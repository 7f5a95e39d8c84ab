import { expect, test } from "bun:test";
import { listRuns } from "./run-lists.ts";
import { newRun, plansOf, withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("runs with an attribute of one value are read in the order of the list, without a look at others", () => {
  const { on } = bench;
  on.hot("r1");
  on.t.attributes.set({ id: "r1", createdAt: newRun("r1").createdAt }, [
    { name: "customer", type: "keyword", value: "acme" },
    { name: "paid", type: "boolean", value: true },
  ]);
  expect(on.column("SELECT value FROM run_attributes ORDER BY name")).toEqual(["acme", "bff0000000000000"]);
  const attributes = [{ name: "customer", type: "keyword", operator: "=", value: "acme" }] as const;
  const plans = plansOf(on.db, () => listRuns(on.db, { filter: { attributes }, limit: 9 }));
  expect(plans.join()).toContain("run_attributes_by_value");
  expect(plans.join()).not.toMatch(/SCAN run/);
});
