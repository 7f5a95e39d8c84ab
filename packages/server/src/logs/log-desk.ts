// Logs as routes use them: the store, its tails, and the limits that hold.
import { LogStore, Tails } from "@sluice/core/logs";
import type { Clock, Logger, LogLimits } from "@sluice/core";

export interface LogDesk {
  readonly store: LogStore;
  readonly tails: Tails;
  readonly limits: LogLimits;
}

/** Opens the logs of a data folder, which begin to exist with that. */
export async function openLogs(p: {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: LogLimits;
}): Promise<LogDesk> {
  const store = await LogStore.open(p);
  return { store, tails: new Tails(store, p.limits), limits: p.limits };
}
