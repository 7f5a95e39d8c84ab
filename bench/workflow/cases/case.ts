// What a case is given, and what several of them do: drive a contender with many callers at once.

import type { Contender, ContenderSpec } from "../contender.ts";
import type { MetricName } from "../metrics.ts";
import type { Scale } from "../scale.ts";

export interface CaseContext {
  readonly spec: ContenderSpec;
  readonly contender: Contender;
  readonly scale: Scale;
  /** The contender's data folder. */
  readonly folder: string;
  /** A key that no other run of this or another process has. */
  key(): string;
  /** One figure, with the values it was made from. */
  report(metric: MetricName, value: number, samples?: readonly number[]): void;
  /** Why there is no figure. */
  skip(metrics: readonly MetricName[], reason: string): void;
  /** Called after the contender has been closed. */
  afterClose(look: () => void): void;
}

/** Calls with so many callers until it is time; how many calls ended per second after the warm-up. */
export async function perSecond(
  callers: number,
  time: { readonly warmupMs: number; readonly ms: number },
  call: () => Promise<unknown>,
): Promise<number> {
  const beginMs = performance.now() + time.warmupMs;
  const endMs = beginMs + time.ms;
  let ended = 0;
  const caller = async (): Promise<void> => {
    for (;;) {
      await call();
      const nowMs = performance.now();
      if (nowMs >= endMs) return;
      if (nowMs >= beginMs) ended += 1;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return (ended * 1000) / time.ms;
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

/** Times one call after the other: milliseconds each, until there are enough or it took too long. */
export async function timeEach(
  limits: { readonly count: number; readonly msMax: number },
  call: () => Promise<unknown>,
): Promise<number[]> {
  const timesMs: number[] = [];
  const endMs = performance.now() + limits.msMax;
  while (timesMs.length < limits.count && performance.now() < endMs) {
    const startedMs = performance.now();
    await call();
    timesMs.push(performance.now() - startedMs);
  }
  return timesMs;
}

export async function warmUp({ contender, scale, key }: CaseContext): Promise<void> {
  await timeEach({ count: scale.warmupRuns, msMax: scale.latencyMsMax }, async () => {
    await contender.run("steps3", { key: key() });
  });
}
