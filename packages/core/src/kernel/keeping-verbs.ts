// The part of the store port that lets go: of runs past their retention, of events, state and figures past their time.
import type { InnerActor } from "./inner-actor.ts";

export interface KeepingVerbs {
  /**
   * Deletes up to `limit` ended runs of a workflow, those that ended first before the others: all that ended before
   * `endedBefore`, and all but the `keep` that ended last. When a run was created plays no part.
   */
  purgeRuns(p: {
    readonly by: InnerActor;
    readonly workflow: string;
    readonly endedBefore?: number | undefined;
    readonly keep?: number | undefined;
    readonly limit: number;
  }): Promise<{ readonly deleted: number }>;
  /**
   * Deletes up to `limit` expired rows of each: events older than `eventsBefore`, state past its time to live, figures of hours
   * that ended before `figuresBefore`, kept results past their time and those over `cacheEntriesMax` that would be the first to
   * expire. Gives space back.
   */
  sweep(p: {
    readonly by: InnerActor;
    readonly now: number;
    readonly eventsBefore: number;
    readonly figuresBefore?: number | undefined;
    readonly cacheEntriesMax?: number | undefined;
    readonly limit: number;
  }): Promise<{ readonly swept: number }>;
}
