// What is measured of a contender; those that do not have something leave it out.

import { median } from "../statistics.ts";

export const figureSpecs = {
  ingestMBs: "ingest, MB/s (Loki push, or a file)",
  ingestLines: "ingest, lines/s",
  singles: "WebSocket, single acks/s",
  ackP99Ms: "WebSocket, ack p99 at 5,000/s, ms",
  batchLines: "WebSocket, batched lines/s",
  ratio: "raw : stored",
  needleMs: "whole-token needle, ms",
  fragmentMs: "fragment of a token, ms",
  histogramMs: "24 h by level and minute, ms",
  filteredMs: "the same of one service, ms",
  latestMs: "latest 100 of a service, ms",
  tailP99Ms: "tail at 50,000 lines/s, p99, ms",
} as const;
export type FigureName = keyof typeof figureSpecs;
export type Figures = Partial<Record<FigureName, number>>;

/** What every contender has to find, and what it is asked for. */
export interface Asked {
  /** A whole id, and a piece of another, each in one line. */
  readonly needle: string;
  readonly fragment: string;
  readonly service: string;
  readonly lines: number;
  readonly rawBytes: number;
}

/** The median of a few, in milliseconds, after one that warms up. */
export async function timedMs(repeats: number, body: () => unknown): Promise<number> {
  await body();
  const took: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const startedMs = performance.now();
    await body();
    took.push(performance.now() - startedMs);
  }
  return median(took);
}

/** Throws where a contender has found something else: a figure of a wrong answer is none. */
export function expectCount(what: string, found: number, wanted: number): void {
  if (found !== wanted) throw new Error(`${what}: ${found} were found, ${wanted} are there`);
}
