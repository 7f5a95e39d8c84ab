// Ships one order; runs as a child of the order.
import { NonRetryableError, workflow } from "sluice";
import { z } from "zod";

const Parcel = z.object({ order: z.string(), address: z.string(), label: z.string() });

export const shipping = workflow(
  { name: "shipping", description: "Hands a parcel to a carrier", input: Parcel },
  async (ctx, parcel) => {
    const tracking = await ctx.step("book carrier", ({ idempotencyKey }) => {
      if (parcel.address === "nowhere") throw new NonRetryableError("No carrier goes to nowhere.");
      return `TRACK-${idempotencyKey
        .replaceAll(/[^A-Za-z0-9]/g, "")
        .slice(-10)
        .toUpperCase()}`;
    });
    ctx.log("parcel is on its way", { order: parcel.order, tracking });
    return { tracking };
  },
);
