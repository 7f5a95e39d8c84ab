// What the measured workers can do.
import { appendFileSync } from "node:fs";
import { task, workflow } from "@sluice/sdk";

export const noop = task({ name: "noop" }, () => null);

/** Says which process has it, and holds on to it. */
export const hold = workflow({ name: "hold" }, async (ctx, p: { log: string }) => {
  await ctx.step("hold", () => {
    appendFileSync(p.log, `${process.pid}\n`);
    return new Promise(() => undefined);
  });
});
