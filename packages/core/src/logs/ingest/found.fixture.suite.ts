// For tests of formats: what a collector took, as entries.
import type { StoredEntry } from "../entry.ts";
import { logLevels } from "../level.ts";
import { logLimits } from "../limits.ts";
import { entriesOf } from "../storage/frame.ts";
import { Collector } from "./collector.ts";
import type { Pipeline } from "./collector.ts";

export interface Found {
  readonly collector: Collector;
  readonly entries: readonly (Omit<StoredEntry, "level"> & { readonly level: string })[];
}

/** What a format finds. */
export function found(read: (collector: Collector) => void, pipeline?: Pipeline): Found {
  const collector = new Collector(logLimits, pipeline);
  read(collector);
  const entries = entriesOf(collector.batch("t").frame, 1).map((entry) => ({
    ...entry,
    fields: { ...entry.fields },
    level: logLevels[entry.level] ?? "",
  }));
  return { collector, entries };
}

/** When things come, in these tests: 2026-03-04T12:00:00.500Z. */
export const now = { timeMs: Date.UTC(2026, 2, 4, 12, 0, 0, 500), subNs: 0 } as const;
