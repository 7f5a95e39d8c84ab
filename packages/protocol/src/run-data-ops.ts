// Operations of a run that are about data rather than about waiting: results shared between runs, search attributes, what it says
// of itself, streamed output.
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

/** Bytes of the largest piece of streamed output. */
export const streamPieceBytesMax = 262_144;

/** Pieces of output of one source, in order: of the workflow, or of one attempt of a step. */
export interface ChunkOp {
  readonly op: "chunk";
  /** Milliseconds since 1970 of the first. */
  readonly at: number;
  /** The step whose function streams; without it the workflow does. */
  readonly step?: { readonly seq: number; readonly name: string; readonly attempt: number } | undefined;
  /**
   * Where the first piece stands. In a step: how many its function has streamed before it, in `index` alone. In the workflow: how
   * often the run was retried, the number of the last result it was given, and how many pieces since: a replay streams them again
   * in the same places, and they count once.
   */
  readonly place: readonly [life: number, ord: number, index: number];
  /** Encoded. */
  readonly values: readonly Uint8Array[];
}

export interface LogOp {
  readonly op: "log";
  /**
   * Which line of its run this is: an incarnation that does again what was done before writes it with the same key, and the same
   * line under the same key counts once. Without a key every line counts.
   */
  readonly key?: string | undefined;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly data?: Uint8Array | undefined;
  readonly at: number;
}
export interface ProgressOp {
  readonly op: "progress";
  readonly value: Uint8Array;
  readonly at: number;
}
