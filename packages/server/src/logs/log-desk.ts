// Logs as routes use them: the store, its tails, the limits that hold, and what entries go through on their way in.
import { Collector, compilePipelines, LogStore, RecentEntries, Tails } from "@sluice/core/logs";
import type { PipelineSettings, RecentPush } from "@sluice/core/logs";
import type { Clock, Logger, LogLimits } from "@sluice/core";

export interface LogDesk {
  readonly store: LogStore;
  readonly tails: Tails;
  readonly limits: LogLimits;
  /** For the entries of one request of a tenant. */
  collector(tenant: string): Collector;
  /** The same for a push of Loki's, which leaves out what came before. */
  lokiCollector(tenant: string): { readonly collector: Collector; readonly push: RecentPush };
}

/** Opens the logs of a data folder, which begin to exist with that. */
export async function openLogs(p: {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: LogLimits;
  readonly pipelines?: readonly PipelineSettings[] | undefined;
}): Promise<LogDesk> {
  const pipelineOf = compilePipelines(p.pipelines ?? []);
  const recent = new RecentEntries(p.limits.logRecentEntriesMax);
  const store = await LogStore.open(p);
  return {
    store,
    tails: new Tails(store, p.limits),
    limits: p.limits,
    collector: (tenant) => new Collector(p.limits, pipelineOf(tenant)),
    lokiCollector: (tenant) => {
      const push = recent.push(tenant);
      return { push, collector: new Collector(p.limits, push.pipeline(pipelineOf(tenant))) };
    },
  };
}
