import { expect, test } from "bun:test";
import { schedule, workflow } from "@sluice/sdk";
import { testEngine } from "./testing.ts";

test("days pass in no time", async () => {
  const reminder = workflow({ name: "reminder" }, async (ctx, input: { readonly days: number }) => {
    const before = ctx.now();
    await ctx.sleep("wait", `${input.days} days`);
    return ctx.step("send", () => (ctx.now() - before) / 86_400_000);
  });
  await using engine = await testEngine({ workflows: [reminder] });
  const run = await engine.start(reminder, { days: 60 });
  await engine.advance("59 days");
  expect((await run.get()).status).toBe("waiting");
  await engine.advance("1 day");
  expect(await run.result()).toBe(60);
});

test("schedules, events and approvals follow virtual time", async () => {
  const fired: number[] = [];
  const nightly = workflow(
    { name: "nightly", triggers: [schedule("0 2 * * *", { timezone: "Europe/Lisbon" })] },
    async (ctx) => ctx.step("note", () => fired.push(ctx.now())),
  );
  const order = workflow({ name: "order" }, async (ctx) => {
    const paid = await ctx.waitFor<{ readonly amount: number }, null>("paid", { timeout: "1 hour", onTimeout: null });
    if (paid === null) return "late";
    const { by } = await ctx.approve("boss", { description: `${paid.amount}` });
    return by;
  });
  await using engine = await testEngine({ workflows: [nightly, order], now: Date.UTC(2026, 5, 1) });
  const late = await engine.start(order);
  await engine.advance("3 days");
  expect(fired.map((at) => new Date(at).toISOString())).toEqual([
    "2026-06-01T01:00:00.000Z",
    "2026-06-02T01:00:00.000Z",
    "2026-06-03T01:00:00.000Z",
  ]);
  expect(await late.result()).toBe("late");
  const run = await engine.start(order);
  await engine.emit("paid", { amount: 12 });
  await engine.settle();
  const [approval] = await engine.approvals();
  expect(approval).toMatchObject({ run: run.id, description: "12" });
  await engine.approve(approval?.token ?? "", { approved: true });
  expect(await run.result()).toBe("test");
});
