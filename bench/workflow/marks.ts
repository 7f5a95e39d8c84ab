// What the workflows of all contenders share. Marks remember when a run began: a workflow that left memory begins again
// from its first line, and what counts is the first time. They are kept in the process that executes, not in the run.

import { preciseNow } from "../clock.ts";

/** What a run that waited returns. */
export interface Woken {
  readonly lateMs: number;
  /** How often the workflow began: more than once when the run left memory while it waited. */
  readonly begun: number;
}

interface Mark {
  readonly at: number;
  begun: number;
}

export class Marks {
  readonly #marks = new Map<string, Mark>();

  begin(key: string): void {
    const mark = this.#marks.get(key);
    if (mark === undefined) this.#marks.set(key, { at: preciseNow(), begun: 1 });
    else mark.begun += 1;
  }

  /** Milliseconds since it first began. */
  since(key: string): number {
    return preciseNow() - (this.#marks.get(key)?.at ?? Number.NaN);
  }

  /** What the run returns. */
  woken(key: string, lateMs: number): Woken {
    const begun = this.#marks.get(key)?.begun ?? 0;
    return { lateMs, begun };
  }
}

/** What the second step of a `gated` run does: it does not end while the gate is closed. */
export async function passGate(open: boolean): Promise<number> {
  if (!open) await new Promise<never>(() => {});
  return 2;
}

/** Milliseconds that each of `count` steps took, from call to result. */
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
