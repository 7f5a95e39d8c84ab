// The nightly report: counts what was sold since the one before.
import { schedule, workflow } from "sluice";

export const report = workflow(
  {
    name: "report",
    description: "Sums up the orders since the last report",
    triggers: [
      schedule("0 2 * * *", {
        name: "nightly",
        input: {},
        timezone: "Europe/Lisbon",
        catchUp: "one",
        overlap: "skip",
        jitter: "30s",
      }),
    ],
    retention: { count: 100 },
  },
  async (ctx) => {
    const day = new Date(ctx.now()).toISOString().slice(0, 10);
    const orders = await ctx.state.global.get("orders", 0);
    const revenue = await ctx.state.global.get("revenue", 0);
    // What was read is taken off, so that an order that comes in between is counted in the next report.
    await ctx.state.global.incr("orders", -orders);
    await ctx.state.global.incr("revenue", -revenue);
    const sums = { day, orders, revenue };
    await ctx.state.workflow.set(day, sums, { ttl: "90 days" });
    ctx.log("nightly report", sums);
    return sums;
  },
);
