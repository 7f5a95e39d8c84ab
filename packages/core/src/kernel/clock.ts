// Time as a constructor argument, so that a simulation can own it.

/** Wall time and timers. Times are milliseconds since 1970. */
export interface Clock {
  now(): number;
  /** Calls back once, not before `delayMs` has passed; returns how to take it back. */
  after(delayMs: number, callback: () => void): () => void;
  /** True where wall time cannot jump and timers take any delay: nobody has to look at it in between. */
  readonly steady?: boolean;
}

/** Longest delay the platform's timers take; longer ones fire early and are set again by their owner. */
export const timerDelayMsMax = 2_000_000_000;

/** Calls back once after any delay, however long; returns how to take it back. */
export function afterLong(clock: Clock, delayMs: number, callback: () => void): () => void {
  const leftMs = delayMs - timerDelayMsMax;
  if (leftMs <= 0) return clock.after(delayMs, callback);
  let cancel = clock.after(timerDelayMsMax, () => {
    cancel = afterLong(clock, leftMs, callback);
  });
  return () => cancel();
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.max(0, Math.min(delayMs, timerDelayMsMax)));
    return () => clearTimeout(timer);
  },
};
