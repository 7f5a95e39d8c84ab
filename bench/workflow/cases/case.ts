// What a case is given, and what several of them do: drive a contender with many callers at once.

import type { Contender, ContenderSpec } from "../contender.ts";
import type { MetricName } from "../metrics.ts";
import type { Scale } from "../scale.ts";

export interface CaseContext {
  readonly spec: ContenderSpec;
  readonly contender: Contender;
  readonly scale: Scale;
  /** The contender's data folder, and what it took before the contender was opened. */
  readonly folder: string;
  readonly closedBytes: number;
  /** A key that no other run of this or another process has. */
  readonly key: () => string;
  /** One figure, with the values it was made from. */
  readonly report: (metric: MetricName, value: number, samples?: readonly number[]) => void;
  /** Why there is no figure. */
  readonly skip: (metrics: readonly MetricName[], reason: string) => void;
  /** Called after the contender has been closed. */
  readonly afterClose: (look: () => void) => void;
}

/**
 * Calls with so many callers at once; how many calls ended per second after the warm-up. It goes on past its time until
 * as many calls ended as there are callers, so that slow ones have a figure too.
 */
export async function perSecond(
  callers: number,
  time: { readonly warmupMs: number; readonly ms: number },
  call: () => Promise<unknown>,
): Promise<number> {
  const beginMs = performance.now() + time.warmupMs;
  let ended = 0;
  let lastMs = 0;
  const caller = async (): Promise<void> => {
    while (lastMs === 0) {
      await call();
      const nowMs = performance.now();
      if (nowMs < beginMs || lastMs !== 0) continue;
      ended += 1;
      if (nowMs >= beginMs + time.ms && ended >= callers) lastMs = nowMs;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return (ended * 1000) / (lastMs - beginMs);
}

/** Makes `count` calls, at most so many at once. */
export async function withCallers(callers: number, count: number, call: () => Promise<unknown>): Promise<void> {
  let left = count;
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await call();
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

/** Times one call after the other, one at least: milliseconds each, until there are enough or it took too long. */
export async function timeEach(
  limits: { readonly count: number; readonly msMax: number },
  call: () => Promise<unknown>,
): Promise<number[]> {
  const timesMs: number[] = [];
  const endMs = performance.now() + limits.msMax;
  do {
    const startedMs = performance.now();
    await call();
    timesMs.push(performance.now() - startedMs);
  } while (timesMs.length < limits.count && performance.now() < endMs);
  return timesMs;
}

export async function warmUp({ contender, scale, key }: CaseContext): Promise<void> {
  await timeEach({ count: scale.warmupRuns, msMax: scale.latencyMsMax }, async () => {
    await contender.run("steps3", { key: key() });
  });
}
