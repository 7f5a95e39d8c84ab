// Logs as routes use them: the store, its tails, the limits that hold, and what entries go through on their way in.
import { Collector, compilePipelines, LogStore, OwnLines, RecentEntries, Tails } from "@sluice/core/logs";
import type { LogStoreOptions, PipelineSettings, RecentPush } from "@sluice/core/logs";
import type { Clock, Logger, LogLimits, ProductTrail } from "@sluice/core";
import { LogClients } from "./log-clients.ts";

export interface LogDesk {
  readonly store: LogStore;
  readonly tails: Tails;
  readonly clients: LogClients;
  readonly limits: LogLimits;
  /** For the entries of one request of a tenant. */
  collector(tenant: string): Collector;
  /** The same for a push of Loki's, which leaves out what came before. */
  lokiCollector(tenant: string): { readonly collector: Collector; readonly push: RecentPush };
  close(): Promise<void>;
}

/** Opens the logs of a data folder, which begin to exist with that. `trail`: what the product's own lines are made of. */
export async function openLogs(p: {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: LogLimits;
  readonly trail?: ProductTrail | undefined;
  readonly pipelines?: readonly PipelineSettings[] | undefined;
  /** Where old days go, and in which form. */
  readonly archive?: LogStoreOptions["archive"];
}): Promise<LogDesk> {
  const { clock, log, limits, trail } = p;
  const pipelineOf = compilePipelines(p.pipelines ?? []);
  const recent = new RecentEntries(limits.logRecentEntriesMax);
  const store = await LogStore.open(p);
  const own = trail === undefined ? undefined : new OwnLines({ trail, store, clock, log, limits });
  own?.start();
  const clients = new LogClients();
  return {
    store,
    clients,
    tails: new Tails(store, limits),
    limits,
    collector: (tenant) => new Collector(limits, pipelineOf(tenant)),
    lokiCollector: (tenant) => {
      const push = recent.push(tenant);
      return { push, collector: new Collector(limits, push.pipeline(pipelineOf(tenant))) };
    },
    close: async () => {
      clients.close();
      await own?.stop();
      await store.close();
    },
  };
}
