// The part of the store port that keeps runs which ended somewhere else.
import type { JournalEntry } from "@sluice/protocol";
import type { Actor, ImportedRun, LogLine, RunRecord } from "./run-records.ts";
import type { StreamChunk } from "./run-stream.ts";

export type ImportOutcome =
  | { readonly outcome: "created"; readonly run: RunRecord }
  /** Another run of the workflow has its idempotency key. */
  | { readonly outcome: "conflict"; readonly run: RunRecord }
  | { readonly outcome: "id_taken"; readonly run: RunRecord }
  /** This run does not agree to be of its chain. */
  | { readonly outcome: "chain_broken"; readonly run: RunRecord };

export interface RunHistory {
  /**
   * Keeps a run that ended elsewhere as history, with its journal and lines: by `import`, counted at its own times, never
   * ready. Refused where a run has its id or its idempotency key, and where a run of its
   * chain that is here says otherwise.
   */
  importRun(p: {
    readonly by: Actor;
    readonly run: ImportedRun;
    /** No two entries have one number. */
    readonly journal: readonly JournalEntry[];
    readonly logs: readonly LogLine[];
    /** What is kept of its streamed output: numbers grow by one. */
    readonly stream?: readonly StreamChunk[] | undefined;
    readonly now: number;
  }): Promise<ImportOutcome>;
}
