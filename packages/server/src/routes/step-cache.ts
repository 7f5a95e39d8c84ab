// Results of steps that are kept for other runs: seen and forgotten.
import type { StepCacheEntry, StepCacheFilter } from "@sluice/core";
import type { Call } from "../call.ts";
import { quoted, refuse } from "../fields.ts";
import type { Query } from "../query.ts";
import { omittedValue, showValue } from "../show.ts";
import { reply } from "../wire.ts";
import { limitOf } from "./runs.ts";

/** Results forgotten in one commit. */
const clearBatchMax = 500;
/** Longer values are left out of lists. */
const shownBytesMax = 2_048;
const scopePattern = /^(?:global|workflow:.+)$/s;

function filterOf(query: Query): StepCacheFilter {
  const scope = query.text("scope");
  if (scope !== undefined && !scopePattern.test(scope))
    refuse("invalid_filter", `There is no scope ${quoted(scope)}.`, "Use global or workflow:NAME.");
  return { scope, step: query.text("step"), key: query.text("key") };
}

export async function listStepCache(call: Call): Promise<Response> {
  const query = call.query();
  const limit = limitOf(call, query);
  const filter = filterOf(query);
  const cursor = query.text("cursor");
  query.done();
  const { engine, parts, wire } = call;
  const access = call.access("run:read");
  const page = await engine.store.listStepCache({ filter, access, limit, cursor, now: parts.clock.now() });
  const results: unknown[] = [];
  for (const entry of page.entries) results.push(await showResult(call, entry));
  return reply(wire, 200, { results, nextCursor: page.next ?? null });
}

async function showResult(call: Call, { value, ...rest }: StepCacheEntry): Promise<unknown> {
  const { engine, wire } = call;
  if (engine.values.isRef(value) || value.length > shownBytesMax) {
    return { ...rest, value: await showValue(engine, wire, omittedValue), omitted: ["value"] };
  }
  return { ...rest, value: await showValue(engine, wire, value) };
}

export async function clearStepCache(call: Call): Promise<Response> {
  const query = call.query();
  const filter = filterOf(query);
  const all = query.boolean("all") ?? false;
  query.done();
  const named = filter.scope !== undefined || filter.step !== undefined || filter.key !== undefined;
  if (!named && !all)
    refuse("bad_request", "Nothing says which results.", "Name a scope, step or key, or send all=true.");
  const { engine, parts, actor } = call;
  const access = call.access("step-cache:clear");
  let total = 0;
  for (;;) {
    const p = { by: actor, filter, access, limit: clearBatchMax, now: parts.clock.now() };
    const { cleared } = await engine.store.clearStepCache(p);
    total += cleared;
    if (cleared < clearBatchMax) return reply("json", 200, { cleared: total });
  }
}
