// The part of the store port that keeps runs which ended somewhere else.
import type { JournalEntry } from "@sluice/protocol";
import type { Actor, ImportedRun, ImportOutcome, LogLine } from "./run-records.ts";

export interface RunHistory {
  /**
   * Keeps a run that ended elsewhere as history, with its journal and lines: by `import`, counted at its own times, never
   * ready. Refused where a run has its id or its idempotency key.
   */
  importRun(p: {
    readonly by: Actor;
    readonly run: ImportedRun;
    /** No two entries have one number. */
    readonly journal: readonly JournalEntry[];
    readonly logs: readonly LogLine[];
    readonly now: number;
  }): Promise<ImportOutcome>;
}
