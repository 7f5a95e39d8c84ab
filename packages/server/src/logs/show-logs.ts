// Log entries as clients see them.
import { isoTime, logLevels } from "@sluice/core/logs";
import type { QueryAnswer, StoredEntry } from "@sluice/core/logs";

export function shownEntry({ seq, timeMs, subNs, level, line, labels, fields }: StoredEntry): object {
  return { seq, time: isoTime(timeMs, subNs), level: logLevels[level] ?? "unknown", line, labels, fields };
}

export function shownAnswer(answer: QueryAnswer, elapsedMs: number): object {
  const { entries, columns, rows, partial, scannedBytes, damage, lastSeq } = answer;
  return {
    entries: entries?.map(shownEntry) ?? null,
    columns: columns ?? null,
    rows: rows ?? null,
    partial: partial ?? null,
    scannedBytes,
    damaged: damage,
    lastSeq,
    elapsedMs,
  };
}
