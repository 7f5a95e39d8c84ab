// Moments to the nanosecond: milliseconds and what lies within one, since a double holds no nanoseconds since 1970.

export interface Moment {
  readonly ms: number;
  /** Nanoseconds within the millisecond, 0 to 999,999. */
  readonly subNs: number;
}

const nsInMs = 1_000_000n;

export function momentOfNs(ns: bigint): Moment {
  const ms = ns / nsInMs;
  const rest = ns % nsInMs;
  return rest < 0n ? { ms: Number(ms) - 1, subNs: Number(rest + nsInMs) } : { ms: Number(ms), subNs: Number(rest) };
}

export function nsOf({ ms, subNs }: Moment): bigint {
  return BigInt(ms) * nsInMs + BigInt(subNs);
}

/** Milliseconds may be broken. */
export function plus(moment: Moment, ms: number): Moment {
  return momentOfNs(nsOf(moment) + BigInt(Math.round(ms * 1e6)));
}

/** Below 0: the first is earlier. */
export function compareMoments(a: Moment, b: Moment): number {
  return a.ms - b.ms || a.subNs - b.subNs;
}
