// Remembers when a wait began. A workflow that left memory begins again from its first line, and the mark must be that
// of the first time: it is kept in the process that executes, not in the run.

import { preciseNow } from "../clock.ts";

export class Marks {
  readonly #at = new Map<string, number>();

  /** Marks now, unless this key is marked already. */
  set(key: string): void {
    if (!this.#at.has(key)) this.#at.set(key, preciseNow());
  }

  /** Milliseconds since the mark, which is forgotten. */
  take(key: string): number {
    const at = this.#at.get(key);
    if (at === undefined) throw new Error(`Nothing is marked for ${key}`);
    this.#at.delete(key);
    return preciseNow() - at;
  }
}

/** What the second step of a `gated` run does: nothing, for ever while the gate is closed. */
export async function passGate(open: boolean): Promise<number> {
  if (!open) await new Promise<never>(() => {});
  return 2;
}

/** Milliseconds that each of `count` steps took. */
export async function timeSteps(count: number, step: (index: number) => Promise<unknown>): Promise<number[]> {
  const timesMs: number[] = [];
  let beforeMs = performance.now();
  for (let index = 0; index < count; index += 1) {
    await step(index);
    const nowMs = performance.now();
    timesMs.push(nowMs - beforeMs);
    beforeMs = nowMs;
  }
  return timesMs;
}
