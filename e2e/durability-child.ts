// A program that embeds the engine and is killed: `work` starts runs without end, `check` finishes what is there and reports.
import { openEmbedded as open } from "@sluice/server/embedded";
import { workflow } from "@sluice/sdk";
import { note } from "./ledger.ts";

const [mode = "work", data = "", ledger = "", durability = "full", bytes = "0"] = process.argv.slice(2);
if (data === "" || ledger === "")
  throw new Error("usage: durability-child.ts work|check DATA LEDGER [full|relaxed [BYTES]]");

const lanes = 16;
const stepsEach = 4;

const job = workflow({ name: "job" }, async (ctx, input: { readonly size: number; readonly load: string }) => {
  let sum = 0;
  for (let step = 0; step < stepsEach; step++) {
    sum += await ctx.step(`step ${step}`, () => {
      note(ledger, { what: "effect", run: ctx.run.id, step });
      return input.size + step;
    });
    if (step === 1) await ctx.sleep("breath", 1);
  }
  const load = await ctx.step("load", () => input.load.toUpperCase());
  return { sum, load };
});

const sluice = await open({ data, workflows: [job], durability: durability === "relaxed" ? "relaxed" : "full" });

/** As many bytes as asked for, other ones for each run. */
function loadOf(name: string): string {
  return `${name} ${"x".repeat(Number(bytes))}`;
}

async function work(lane: number): Promise<void> {
  for (let round = 0; ; round++) {
    const run = await sluice.start(job, { size: lane + round, load: loadOf(`${lane}/${round}`) });
    note(ledger, { what: "started", run: run.id, step: 0 });
    await run.result();
    note(ledger, { what: "completed", run: run.id, step: 0 });
  }
}

async function check(): Promise<void> {
  const found: Record<string, string> = {};
  let cursor: string | undefined;
  do {
    const page = await sluice.runs({ limit: 500, ...(cursor === undefined ? {} : { cursor }) });
    for (const run of page.runs) {
      await sluice.run(run.id).result();
      found[run.id] = (await sluice.run(run.id).get()).status;
    }
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  console.log(JSON.stringify(found));
  await sluice.close();
}

if (mode === "check") {
  await check();
} else {
  console.log("ready");
  await Promise.all(Array.from({ length: lanes }, (_, lane) => work(lane)));
}
