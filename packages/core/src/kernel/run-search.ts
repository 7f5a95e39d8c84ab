// The part of the store port that finds things by a piece of their name, and tells briefly how runs stand.
import type { AccessFilter, RunRecord } from "./run-records.ts";

/** A run as lists show it, without its values. */
export type RunSummary = Pick<
  RunRecord,
  "id" | "workflow" | "status" | "reason" | "createdAt" | "startedAt" | "endedAt"
>;

/** A run that was found, and by what of it. */
export interface RunHit {
  readonly run: RunSummary;
  readonly by: "id" | "key" | "tag";
  /** The id, key or tag that fits. */
  readonly value: string;
}

export interface RunFinder {
  /** How these runs stand, in any order; those that do not exist are missing from the answer. For some hundred at a time. */
  getRuns(p: { readonly runs: readonly string[] }): Promise<readonly RunSummary[]>;

  /**
   * Runs whose id, idempotency key or one of whose tags is this text or begins with it, each run once: those it names in full
   * first, then by id, key and tag; of several with one tag the newest. `more`: there may be others. A beginning that very many
   * runs share is not followed to its end where most of them may not be seen: `more` says so.
   */
  searchRuns(p: {
    readonly text: string;
    readonly limit: number;
    readonly access?: AccessFilter | undefined;
  }): Promise<{ readonly hits: readonly RunHit[]; readonly more: boolean }>;

  /** Names of stored events that hold the text in upper or lower case, in order; `names`: patterns of those seen. */
  searchEventNames(p: {
    readonly text: string;
    readonly names?: readonly string[] | undefined;
    readonly limit: number;
  }): Promise<{ readonly names: readonly string[]; readonly more: boolean }>;

  /**
   * Keys of state that begin with the text: those of everybody, then those of workflows, each in order. `keys`: patterns of
   * those seen; `access`: the workflows whose state is seen.
   */
  searchStateKeys(p: {
    readonly text: string;
    readonly keys?: readonly string[] | undefined;
    readonly access?: AccessFilter | undefined;
    readonly limit: number;
    readonly now: number;
  }): Promise<{
    readonly keys: readonly { readonly scope: string; readonly key: string }[];
    readonly more: boolean;
  }>;
}
