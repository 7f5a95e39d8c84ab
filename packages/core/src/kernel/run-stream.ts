// The part of the store port about streamed output: the pieces of a run in the order in which they were stored.
import type { AccessFilter } from "./run-records.ts";

/** One piece of streamed output. */
export interface StreamChunk {
  /** From 1; grows by one with every piece of the run. */
  readonly no: number;
  /** The step that streamed it; without it the workflow did. */
  readonly step?: { readonly seq: number; readonly name: string; readonly attempt: number } | undefined;
  /** How many the same attempt of the step streamed before it; 0 again where the attempt was made again. */
  readonly index: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly value: Uint8Array;
}

export interface RunStreamStore {
  /** Pieces with a number above `after`, at least one where there is one, and about `bytesMax` bytes. */
  readStream(p: {
    readonly run: string;
    readonly after: number;
    readonly bytesMax: number;
    readonly access?: AccessFilter | undefined;
  }): Promise<{
    readonly chunks: readonly StreamChunk[];
    /** Number of the first that is kept; those before it were let go to keep within the limit. */
    readonly first: number;
  }>;
}

type Place = readonly [number, number, number];

/** How many of the pieces that begin at `from` come at or before `last`, where a replay has streamed them before. */
export function knownPieces(from: Place, count: number, last: Place | undefined): number {
  if (last === undefined) return 0;
  const [life, ord, index] = from;
  const [lastLife, lastOrd, lastIndex] = last;
  if (life !== lastLife) return life < lastLife ? count : 0;
  if (ord !== lastOrd) return ord < lastOrd ? count : 0;
  return Math.max(0, Math.min(count, lastIndex + 1 - index));
}
