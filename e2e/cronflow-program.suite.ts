// A program as one would have written it for cronflow, started as a process that is killed: what it does is noted in a file
// outside of the engine, so that nothing the engine says has to be believed.
import { appendFileSync } from "node:fs";
import { cronflow } from "sluice/cronflow";
import type { ConcurrencyStats } from "sluice/cronflow";

const [data = "", ledger = "", command = "serve"] = process.argv.slice(2);
const note = (line: string): void => appendFileSync(ledger, `${line} ${Date.now()}\n`);
/** Leaves room to be killed in. */
const slow = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 15));

cronflow
  .define({ id: "order" })
  .step("reserve", async (ctx) => {
    await slow();
    note(`reserve ${ctx.run.id}`);
    return { item: ctx.payload.item };
  })
  .action("mail", async (ctx) => {
    await slow();
    note(`mail ${ctx.run.id}`);
  })
  .parallel([
    async (ctx) => {
      await slow();
      note(`label ${ctx.run.id}`);
      return `label for ${ctx.last.item}`;
    },
    async (ctx) => {
      await slow();
      note(`invoice ${ctx.run.id}`);
      return `invoice for ${ctx.last.item}`;
    },
  ])
  .forEach("pack", [1, 2, 3], (box, flow) => {
    flow.sleep(5).step("box", async (ctx) => {
      await slow();
      note(`box${box} ${ctx.run.id}`);
      return box;
    });
  })
  .if("large", (ctx) => ctx.last.totalItems > 2)
  .step("insure", async (ctx) => {
    await slow();
    note(`insure ${ctx.run.id}`);
    return "insured";
  })
  .else()
  .step("never", () => note("never"))
  .endIf()
  .step("done", (ctx) => [ctx.last, ...(ctx.steps["parallel"]?.output ?? [])]);

await cronflow.start({ data, webhookServer: false });
if (command === "start") for (let n = 0; n < 5; n++) await cronflow.trigger("order", { item: `tea ${n}` });
// Killed before, unless there is nothing left to do.
for (let busy = true; busy;) {
  await slow();
  const { running, queued, waiting } = (await cronflow.getConcurrencyStats("order")) as ConcurrencyStats;
  busy = running + queued + waiting > 0;
}
await cronflow.stop();
