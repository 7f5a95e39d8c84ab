// A project with something to see on every screen of the console: the quickstart's workflows, and one that waits for an
// event, publishes one, logs and tries again.
import { workflow } from "sluice";

export { order } from "../../../examples/quickstart/workflows/order.ts";
export { report } from "../../../examples/quickstart/workflows/report.ts";
export { shipping } from "../../../examples/quickstart/workflows/shipping.ts";

interface Payout {
  readonly account: string;
  readonly amount: number;
}

export const payout = workflow(
  {
    name: "billing/payout",
    description: "Pays a seller once the bank has cleared the money",
    retry: { attempts: 3, backoff: "fixed", delay: "50ms" },
  },
  async (ctx, input: Payout) => {
    ctx.log("payout asked for", { account: input.account, amount: input.amount });
    await ctx.step("reserve", ({ attempt }) => {
      if (attempt < 2) throw new Error("the ledger is locked by another booking");
      return { reserved: input.amount, account: input.account };
    });
    const cleared = await ctx.waitFor<{ readonly reference: string }>("bank.cleared", {
      key: input.account,
      timeout: "2 days",
    });
    ctx.log.warn("cleared later than usual", { reference: cleared.reference });
    await Promise.all([
      ctx.step("transfer", () => ({ reference: cleared.reference, amount: input.amount })),
      ctx.step("statement", () => `statement of ${input.account}`),
    ]);
    await ctx.emit("payout.sent", { account: input.account, amount: input.amount }, { key: input.account });
    return { reference: cleared.reference };
  },
);
