// What both clients are tried with: the embedded one is given these, the connected one finds them in a project.
import { workflow } from "sluice";

/** Doubles the sum, and waits to be paid. */
export const order = workflow({ name: "order" }, async (ctx, input: { readonly id: string; readonly sum: bigint }) => {
  const charged = await ctx.step("charge", () => input.sum * 2n);
  const paid = await ctx.waitFor<{ readonly at: Date }>("paid", { key: input.id });
  return { charged, at: paid.at };
});

/** Takes no input. */
export const quick = workflow({ name: "quick" }, async (ctx) => ctx.step("answer", () => 42));

/** Fails, and says why. */
export const broken = workflow({ name: "broken" }, async (ctx) =>
  ctx.step("breaks", () => {
    throw Object.assign(new TypeError("broken", { cause: new RangeError("inside") }), { code: "EBROKEN" });
  }),
);
