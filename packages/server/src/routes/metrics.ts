// Figures about the engine and the HTTP side, for Prometheus and for people.
import type { StoreStats } from "@sluice/core";
import type { MetricStore } from "@sluice/core/metrics";
import { gateKinds, runStatuses } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { refuse } from "../fields.ts";
import { nosniff } from "../hygiene.ts";
import { reply } from "../wire.ts";

const textHeaders = {
  ...nosniff,
  "content-type": "text/plain; version=0.0.4; charset=utf-8",
  "cache-control": "no-store",
};

export async function metrics(call: Call): Promise<Response> {
  const query = call.query();
  const format = query.text("format") ?? "prometheus";
  query.done();
  if (format === "json") return report(call);
  if (format === "prometheus") return prometheus(call);
  return refuse("invalid_filter", "There is no such format.", "Known are prometheus and json.");
}

/**
 * Figures are of what may be seen. Whoever may read figures and no runs at all, as a collector of figures, gets those of
 * everything, unless their token is limited to workflows.
 */
async function statsOf(call: Call): Promise<StoreStats> {
  const { principal } = call;
  const workflows = principal.may("run:read") ? principal.patterns("run:read") : principal.narrowed("workflow");
  const names = principal.may("event:read") ? principal.patterns("event:read") : principal.narrowed("event");
  return call.engine.store.stats({ access: workflows === undefined ? undefined : { workflows }, names });
}

async function report(call: Call): Promise<Response> {
  const { parts, engine } = call;
  const stats = await statsOf(call);
  const { rss, heapUsed } = process.memoryUsage();
  return reply("json", 200, {
    uptimeMs: parts.clock.now() - parts.startedAt,
    memory: { rssBytes: rss, heapUsedBytes: heapUsed },
    runs: { ...stats.runs, hot: engine.hotRuns, ready: stats.ready },
    store: { timers: stats.timers, events: stats.events, bytes: stats.bytes },
    workers: engine.deployments.workers.length,
    counters: engine.counters,
    durationsMs: { runs: parts.metrics.runs.report(), requests: parts.metrics.report() },
    recorded: await recordedOf(call, (store) => store.recorder.all()),
  });
}

/** What programs have recorded; nothing where metrics were not used yet. */
async function recordedOf<T>(call: Call, use: (store: MetricStore) => readonly T[]): Promise<readonly T[]> {
  let found: readonly T[] = [];
  await call.parts.figures?.whenOpen((store) => {
    found = use(store);
  });
  return found;
}

async function prometheus(call: Call): Promise<Response> {
  const { parts, engine } = call;
  const stats = await statsOf(call);
  const { rss, heapUsed } = process.memoryUsage();
  const gauges: readonly (readonly [name: string, help: string, value: number])[] = [
    ["sluice_uptime_seconds", "Time since the server started.", (parts.clock.now() - parts.startedAt) / 1_000],
    ["sluice_memory_rss_bytes", "Memory of the server process.", rss],
    ["sluice_memory_heap_used_bytes", "Memory used by objects.", heapUsed],
    ["sluice_runs_hot", "Runs in memory.", engine.hotRuns],
    ["sluice_runs_ready", "Runs that could be executed now.", stats.ready],
    ["sluice_timers", "Sleeps, time limits and retries that are not due yet.", stats.timers],
    ["sluice_events_stored", "Events kept for those who wait later.", stats.events],
    ["sluice_store_bytes", "Size of the store.", stats.bytes],
    ["sluice_workers", "Workers that are connected.", engine.deployments.workers.length],
  ];
  const lines = gauges.flatMap(([name, help, value]) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    `${name} ${value}`,
  ]);
  lines.push("# HELP sluice_runs Runs by status.", "# TYPE sluice_runs gauge");
  for (const status of runStatuses) lines.push(`sluice_runs{status="${status}"} ${stats.runs[status] ?? 0}`);
  lines.push("# HELP sluice_runs_held Queued runs that flow control holds back.", "# TYPE sluice_runs_held gauge");
  for (const kind of gateKinds) lines.push(`sluice_runs_held{by="${kind}"} ${stats.held[kind] ?? 0}`);
  for (const [name, count] of Object.entries(engine.counters)) {
    lines.push(
      `# HELP sluice_${name}_total Counted since the start.`,
      `# TYPE sluice_${name}_total counter`,
      `sluice_${name}_total ${count}`,
    );
  }
  lines.push(...parts.metrics.lines(), ...(await recordedOf(call, (store) => store.recorder.lines())));
  return new Response(`${lines.join("\n")}\n`, { headers: textHeaders });
}
