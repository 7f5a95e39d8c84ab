// Operations of a run that are about data rather than about waiting: results shared between runs, search attributes.
import type { AttributeSetting } from "./attributes.ts";

/** Where the result of a cached step is kept, and how long. */
export interface StepCacheUse {
  /** Runs of the same workflow share it, or those of every workflow. */
  readonly scope: "workflow" | "global";
  readonly key: string;
  /** Milliseconds a result counts. */
  readonly ttl: number;
  /** Milliseconds to wait for another run that makes the same result; without it nobody waits. */
  readonly flight?: number | undefined;
}

/**
 * Asks for the result of a cached step before its function is called. One that is there settles the entry; otherwise the answer
 * is `started`, or `queued` where another run makes the result (`flight`): then it settles too, or is told to ask again when
 * that run has failed or taken too long.
 */
export interface CacheOp {
  readonly op: "cache";
  readonly seq: number;
  readonly name: string;
  readonly n: number;
  readonly cache: StepCacheUse;
}

/** Sets search attributes of the run; the last word counts. */
export interface AttributesOp {
  readonly op: "attributes";
  readonly set: readonly AttributeSetting[];
}
