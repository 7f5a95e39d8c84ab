// Metrics as the server uses them: the store, and the targets it asks by itself.
import type { Clock, Logger, MetricLimits } from "@sluice/core";
import { MetricStore } from "@sluice/core/metrics";
import type { ScrapeTarget } from "../config-metrics.ts";
import { Scraper } from "./scraper.ts";

export interface MetricDesk {
  readonly store: MetricStore;
  close(): Promise<void>;
}

export async function openMetrics(p: {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: MetricLimits;
  readonly scrape: readonly ScrapeTarget[];
}): Promise<MetricDesk> {
  const store = await MetricStore.open(p);
  const scrapers = p.scrape.map((target) => new Scraper({ ...p, store, target }));
  for (const each of scrapers) each.start();
  return {
    store,
    close: async () => {
      await Promise.all(scrapers.map((each) => each.stop()));
      await store.close();
    },
  };
}
