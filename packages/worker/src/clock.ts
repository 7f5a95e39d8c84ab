// Time and turns of the event loop as constructor arguments, so that a simulation can own both.

/** Wall time in milliseconds since 1970, timers, and a turn of the event loop. */
export interface WorkerClock {
  now(): number;
  /** Calls back once, not before `delayMs` has passed; returns how to take it back. */
  after(delayMs: number, callback: () => void): () => void;
  /** Calls back in a later turn, when every microtask of this one has run. */
  turn(callback: () => void): void;
}

/** Bun, Node and Deno have it; the web's own globals have nothing that ends a turn as early. */
declare function setImmediate(callback: () => void): unknown;

const timerDelayMsMax = 2_000_000_000;

export const systemWorkerClock: WorkerClock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.max(0, Math.min(delayMs, timerDelayMsMax)));
    return () => clearTimeout(timer);
  },
  turn(callback) {
    setImmediate(callback);
  },
};
