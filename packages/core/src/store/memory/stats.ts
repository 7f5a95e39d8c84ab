// Figures of what is there, counted when they are asked for.
import { matchesAny, sees } from "../../kernel/patterns.ts";
import type { RunRecord, RunStore, StoreStats } from "../../kernel/run-store.ts";
import { heldByKind } from "../flow/held.ts";
import { visitValues } from "./contents.ts";
import type { Tables } from "./tables.ts";

export function statsOf(tables: Tables, p: Parameters<RunStore["stats"]>[0]): StoreStats {
  const { events, runs, flowRows } = tables;
  const counts: Partial<Record<RunRecord["status"], number>> = {};
  let ready = 0;
  let timers = 0;
  for (const row of runs.all()) {
    if (!sees(p?.access, row.record.workflow)) continue;
    counts[row.record.status] = (counts[row.record.status] ?? 0) + 1;
    if (row.heapAt >= 0) ready++;
    for (const wait of row.waits) if (wait.due !== undefined) timers++;
  }
  let bytes = 0;
  visitValues(tables, (value) => {
    bytes += value.length;
  });
  const named =
    p?.names === undefined ? events.size : events.all().filter(({ name }) => matchesAny(p.names, name)).length;
  const held = heldByKind(flowRows.blockedBetween("", "\u{10FFFF}"), p?.access);
  return { runs: counts, ready, timers, events: named, bytes, held };
}
