// Loads metrics when somebody first records, sends or asks for them; where targets are to be scraped, soon after a start.
import { metricLimits, systemClock } from "@sluice/core";
import type { Logger } from "@sluice/core";
import type { MetricStore } from "@sluice/core/metrics";
import type { ScrapeTarget } from "../config-metrics.ts";
import { FirstUse } from "../first-use.ts";

/** A server that has just started has other things to do first. */
const beginAfterMs = 500;

export interface MetricPart {
  /** The metrics of the data folder, which begin to exist with that. */
  open(): Promise<MetricStore>;
  /** Does this with them where they are there already. */
  whenOpen(use: (store: MetricStore) => unknown): Promise<void>;
}

export function metricsOf(p: {
  readonly folder: string;
  readonly log: Logger;
  readonly settings: {
    readonly limits: Readonly<Record<string, number>>;
    readonly scrape?: readonly ScrapeTarget[];
  };
}): MetricPart & { stop(): Promise<void> } {
  const { folder, log, settings } = p;
  const { scrape = [] } = settings;
  const limits = { ...metricLimits, ...settings.limits };
  const part = new FirstUse(
    async () => (await import("./metric-desk.ts")).openMetrics({ folder, clock: systemClock, log, limits, scrape }),
    (desk) => desk.close(),
  );
  const begin = (): void => {
    part.open().catch((error: unknown) => log("error", "the metrics could not be opened", { error: String(error) }));
  };
  const cancel = scrape.length > 0 ? systemClock.after(beginAfterMs, begin) : undefined;
  return {
    open: async () => (await part.open()).store,
    whenOpen: (use) => part.whenOpen(({ store }) => use(store)),
    stop: () => {
      cancel?.();
      return part.stop();
    },
  };
}
