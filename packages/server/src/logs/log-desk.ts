// Logs as routes use them: the store, its tails, and the limits that hold.
import { LogStore, OwnLines, Tails } from "@sluice/core/logs";
import { LogClients } from "./log-clients.ts";
import type { Clock, Logger, LogLimits, ProductTrail } from "@sluice/core";

export interface LogDesk {
  readonly store: LogStore;
  readonly tails: Tails;
  readonly clients: LogClients;
  readonly limits: LogLimits;
  close(): Promise<void>;
}

/** Opens the logs of a data folder, which begin to exist with that. `trail`: what the product's own lines are made of. */
export async function openLogs(p: {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: LogLimits;
  readonly trail?: ProductTrail | undefined;
}): Promise<LogDesk> {
  const { clock, log, limits, trail } = p;
  const store = await LogStore.open(p);
  const own = trail === undefined ? undefined : new OwnLines({ trail, store, clock, log, limits });
  own?.start();
  const clients = new LogClients();
  return {
    store,
    clients,
    tails: new Tails(store, limits),
    limits,
    close: async () => {
      clients.close();
      await own?.stop();
      await store.close();
    },
  };
}
