// The test of a workflow under Node and its own runner: time, mocks, crashes and assertions are the same there.
import { strict as assert } from "node:assert";
import { test } from "node:test";
import { workflow } from "@sluice/sdk";
import { testWorkflow } from "./workflow-test.ts";

const child = workflow({ name: "child" }, async (_ctx, input: number) => input * 2);
const order = workflow({ name: "order" }, async (ctx, input: number) => {
  const receipt = await ctx.step("charge", (): string => {
    throw new Error("a test must never pay");
  });
  await ctx.sleep("cool down", "30 days");
  const paid = await ctx.waitFor<number>("paid");
  await ctx.approve("manager");
  return `${receipt} ${await ctx.call(child, input + paid)}`;
});

void test("a workflow is tested on Node as it is on Bun", async () => {
  assert.equal("Bun" in globalThis, false);
  await using t = testWorkflow(order, { workflows: [child] });
  const charge = t.mock<string>("charge", () => "r1");
  t.crashAfter("charge");
  const run = await t.run(1);
  await t.expect(run).toBeWaitingFor("event", "paid");
  await t.emit("paid", 2);
  await t.approve("manager");
  await t.expect(run).toComplete("r1 6");
  await t.expect(run).toHaveSteps(["charge"]);
  assert.equal(charge.calls.length, 1);
  assert.equal(t.crashes, 1);
});

void test("an assertion that fails is one of Node's, with both values", async () => {
  await using t = testWorkflow(child);
  const run = await t.start(2);
  await assert.rejects(t.expect(run).toComplete(5), { name: "AssertionError", actual: 4, expected: 5 });
});

void test("a test is closed by a call where there is no `await using`", async () => {
  const t = testWorkflow(child);
  const run = await t.start(2);
  await t.close();
  await assert.rejects(run.get(), { code: "store_failed" });
});
