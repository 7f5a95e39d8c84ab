// The test harness: how long thirty days of sleeping take, and how many tests of a workflow run in a second. No disk and no
// contender's server takes part; it is measured beside the others so that it does not become slow unnoticed.

import { workflow } from "sluice";
import { testWorkflow } from "sluice/testing";
import { median } from "../../statistics.ts";
import { type CaseContext, timeEach } from "./case.ts";

const DAYS = 30;

const sleeper = workflow({ name: "sleeper" }, async (ctx) => {
  for (let day = 0; day < DAYS; day += 1) await ctx.sleep("night", "1 day");
  return ctx.now();
});
const order = workflow({ name: "order" }, async (ctx) => {
  await ctx.step("reserve", () => 1);
  await ctx.sleep("cool down", "3 days");
  await ctx.approve("manager");
  return ctx.step("ship", () => 2);
});

async function sleepDays(): Promise<void> {
  await using t = testWorkflow(sleeper);
  await t.expect(await t.run()).toComplete();
}

async function testOrder(): Promise<void> {
  await using t = testWorkflow(order);
  t.mock<number>("reserve", () => 7);
  const run = await t.run();
  await t.approve("manager");
  await t.expect(run).toComplete(2);
  await t.replayEveryPrefix();
}

export async function measureHarness({ scale, report }: CaseContext): Promise<void> {
  const limits = { count: scale.warmupRuns, msMax: scale.latencyMsMax };
  await timeEach(limits, sleepDays);
  const sleepsMs = await timeEach(limits, sleepDays);
  report("harness.monthMs", median(sleepsMs), sleepsMs);
  const testsMs = await timeEach(limits, testOrder);
  report("harness.testMs", median(testsMs), testsMs);
}
