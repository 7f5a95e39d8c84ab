// The part of the store port about results that runs share: what is kept, and how it is let go.
import type { StepCacheUse } from "@sluice/protocol";
import type { Actor, AccessFilter } from "./run-records.ts";

/** A kept result of a step. Times are milliseconds since 1970. */
export interface StepCacheEntry {
  /** `workflow:NAME`, or `global`. */
  readonly scope: string;
  readonly step: string;
  readonly key: string;
  readonly value: Uint8Array;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Run that made it. */
  readonly run: string;
  /** Times it was used instead of calling the step's function. */
  readonly hits: number;
}

/** Which results: everything that is named has to fit. */
export interface StepCacheFilter {
  readonly scope?: string | undefined;
  readonly step?: string | undefined;
  readonly key?: string | undefined;
}

/** The verbs about kept results. */
export interface StepCacheStore {
  /** By scope, step and key; what has expired is absent. Those of a workflow only where the caller may see it. */
  listStepCache(p: {
    readonly filter: StepCacheFilter;
    readonly limit: number;
    readonly cursor?: string | undefined;
    readonly access?: AccessFilter | undefined;
    readonly now: number;
  }): Promise<{ readonly entries: readonly StepCacheEntry[]; readonly next?: string | undefined }>;
  /** Forgets results, at most `limit`; of workflows only those of `access`. Runs that are being made go on. */
  clearStepCache(p: {
    readonly by: Actor;
    readonly filter: StepCacheFilter;
    readonly access?: AccessFilter | undefined;
    readonly limit: number;
    readonly now: number;
  }): Promise<{ readonly cleared: number }>;
}

/** The scope of a step's cache by its full name. */
export function cacheScope(use: Pick<StepCacheUse, "scope">, workflow: string): string {
  return use.scope === "global" ? "global" : `workflow:${workflow}`;
}

/** Names a result where one text has to: the name that waits for it have. */
export function cacheName(scope: string, step: string, key: string): string {
  return JSON.stringify([scope, step, key]);
}
