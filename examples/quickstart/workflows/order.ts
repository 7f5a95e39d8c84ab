// One order from payment to shipping. Kill the process wherever you like: the run goes on where it was.
import { webhook, workflow } from "sluice";
import { z } from "zod";
import { charge, refund } from "../payments.ts";
import { shipping } from "./shipping.ts";

/** Orders above this amount need a manager's word. */
const approvalAbove = 1000;

const Order = z.object({
  id: z
    .string()
    .min(1)
    .meta({ examples: ["o-17"] }),
  total: z
    .number()
    .positive()
    .meta({ examples: [40] }),
  /** `nowhere` is an address that no carrier goes to: shipping fails, and the payment is given back. */
  address: z.string().min(1).default("Lisbon"),
  /** Time in which the customer may still change their mind. */
  holdSeconds: z.number().min(0).max(86_400).default(5),
});

export const order = workflow(
  {
    name: "order",
    description: "Charges an order, waits, asks for approval above 1000, ships",
    input: Order,
    triggers: [webhook("/orders")],
    timeout: "30 days",
    retry: { attempts: 5, backoff: "exponential", delay: "200ms" },
  },
  async (ctx, input) => {
    const payment = await ctx.step("charge", (step) => charge(input, step), {
      timeout: "10s",
      undo: (_payment, step) => refund(input.id, step),
    });
    ctx.progress("paid");
    await ctx.sleep("hold", input.holdSeconds * 1000);

    if (input.total > approvalAbove) {
      await ctx.approve("manager", { timeout: "2 days", description: `Order ${input.id} over ${input.total}` });
    }

    const [label, invoice] = await Promise.all([
      ctx.step("label", () => `LABEL ${input.id} ${input.address}`),
      ctx.step("invoice", () => ({ number: `INV-${input.id}`, total: input.total })),
    ]);
    const { tracking } = await ctx.call(shipping, { order: input.id, address: input.address, label });

    await ctx.state.global.incr("orders");
    await ctx.state.global.incr("revenue", input.total);
    return { payment: payment.id, invoice: invoice.number, tracking };
  },
);
