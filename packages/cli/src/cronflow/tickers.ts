// What starts runs every so often, and for what a function finds: small workflows of their own beside those of the program. Each
// sleeps, starts, and hands over to a successor before its journal grows long; so a tick is neither lost nor made twice.
import { formatDuration, parseDuration } from "@sluice/protocol";
import { triggered, workflow } from "@sluice/sdk";
import type { Context, FlowTriggerNote, Workflow } from "@sluice/sdk";
import type { Program, Site } from "./program.ts";

/** Times that one run of a ticker fires. */
const ticksMax = 100;
/** How often a poll that fails is tried before the next time is waited for. */
const pollRetry = { attempts: 3, backoff: "exponential", delay: "1s" } as const;

type TickerNote = Extract<FlowTriggerNote, { readonly type: "interval" | "poll" }>;

/** The tickers of the program's triggers. */
export function tickersOf(program: Program): Workflow[] {
  return [...program.workflows].flatMap(([id, instance]) =>
    instance
      .getTriggers()
      .filter((trigger): trigger is TickerNote => trigger.type === "interval" || trigger.type === "poll")
      .map((trigger) => tickerOf(program, id, trigger)),
  );
}

/** Starts those that are not under way. */
export async function startTickers({ client }: Site, tickers: readonly Workflow[]): Promise<void> {
  for (const { name } of tickers) {
    const status = ["queued", "running", "waiting", "paused"] as const;
    const { runs } = await client.runs({ workflow: name, status, limit: 1 });
    if (runs.length === 0) await client.start(name);
  }
}

function tickerOf(program: Program, id: string, trigger: TickerNote): Workflow {
  const everyMs = parseDuration(trigger.interval);
  const name = `${id}/${trigger.type}/${everyMs}ms`;
  const description = `Starts ${id} every ${formatDuration(everyMs)}.`;
  return workflow({ name, description }, async (ctx) => {
    for (let tick = 0; tick < ticksMax; tick++) {
      await ctx.sleep("next time", everyMs);
      if (!(await ctx.step("still wanted", () => isWanted(program, id, trigger)))) return "not wanted any more";
      if (trigger.type === "interval") await ctx.start(id, triggered({ type: "interval" }, null));
      else await poll(ctx, id, trigger);
    }
    return ctx.start(name, undefined);
  });
}

function isWanted(program: Program, id: string, { type, interval }: TickerNote): boolean {
  const triggers = program.workflows.get(id)?.getTriggers() ?? [];
  return triggers.some((each) => each.type === type && each.interval === interval);
}

/** One look; each new id starts one run. */
async function poll(ctx: Context, id: string, trigger: Extract<TickerNote, { readonly type: "poll" }>): Promise<void> {
  try {
    const items = await ctx.step("poll", async () => trigger.poll({ workflowId: id }), { retry: pollRetry });
    for (const item of items)
      await ctx.start(id, triggered({ type: "poll" }, item.payload), { idempotencyKey: `poll:${item.id}` });
  } catch (error) {
    if (ctx.signal.aborted) throw error;
    ctx.log.warn(`Polling for ${id} has failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}
