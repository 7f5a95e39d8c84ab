// The test harness on Node: the real engine on virtual time, as somebody uses it who tests workflows there.
import { strict as assert } from "node:assert";
import { test } from "node:test";
import { NonRetryableError, schedule, workflow } from "@sluice/sdk";
import { testEngine } from "./testing.ts";

void test("sixty days pass in no time, on Node", async () => {
  assert.equal("Bun" in globalThis, false);
  const reminder = workflow({ name: "reminder" }, async (ctx, input: { readonly days: number }) => {
    const before = ctx.now();
    await ctx.sleep("wait", `${input.days} days`);
    return ctx.step("send", () => (ctx.now() - before) / 86_400_000);
  });
  await using engine = await testEngine({ workflows: [reminder] });
  const run = await engine.start(reminder, { days: 60 });
  await engine.advance("59 days");
  assert.equal((await run.get()).status, "waiting");
  await engine.advance("1 day");
  assert.equal(await run.result(), 60);
});

void test("schedules, events, approvals, children, retries and undos work on Node", async () => {
  const did: string[] = [];
  const child = workflow({ name: "child" }, (_ctx, input: number) => Promise.resolve(input * 2));
  const order = workflow({ name: "order" }, async (ctx) => {
    const paid = await ctx.waitFor<{ readonly amount: number }>("paid");
    await ctx.step(
      "charge",
      ({ attempt }) => {
        did.push(`charge ${attempt}`);
        if (attempt < 3) throw new Error("not yet");
      },
      { retry: { attempts: 3, delay: "1 minute" }, undo: () => void did.push("refund") },
    );
    await ctx.approve("boss");
    const doubled = await ctx.call(child, paid.amount);
    await ctx.step("ship", () => {
      throw new NonRetryableError(`cannot ship ${doubled}`);
    });
  });
  const nightly = workflow({ name: "nightly", triggers: [schedule("0 2 * * *")] }, async (ctx) =>
    ctx.step("note", () => did.push("nightly")),
  );
  await using engine = await testEngine({ workflows: [child, order, nightly], now: Date.UTC(2026, 5, 1) });
  const run = await engine.start(order);
  await engine.emit("paid", { amount: 12 });
  await engine.advance("1 hour");
  const [approval] = await engine.approvals();
  await engine.approve(approval?.token ?? "", { approved: true });
  await assert.rejects(run.result(), /cannot ship 24/);
  await engine.advance("1 day");
  assert.deepEqual(did, ["charge 1", "charge 2", "charge 3", "refund", "nightly"]);
});
