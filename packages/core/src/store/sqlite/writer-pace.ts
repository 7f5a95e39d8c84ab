// How many of the verbs that wait go into the next commit. With all of them in one, the writer rests while their callers
// digest the answers, and the callers while the writer writes; in two halves both threads always have something to do.

/** How much a new measurement counts against those before. */
const weight = 0.2;
/** A batch is worth a commit of its own when its verbs take this many times as long as the commit. */
const workPerCommit = 3;
/** Fewer verbs than this are never worth one, whatever the first few took that found nothing in memory. */
const halfMin = 32;

/** What a batch took in the writer's thread. */
export interface BatchTimes {
  readonly verbs: number;
  /** Executing the verbs, milliseconds. */
  readonly workMs: number;
  /** Committing them, the sync included, milliseconds. */
  readonly commitMs: number;
}

export class WriterPace {
  #verbMs: number | undefined;
  #commitMs = 0;

  /** Takes down what the last batch took. */
  note(times: BatchTimes): void {
    const { verbs, workMs, commitMs } = times;
    if (verbs === 0) return;
    const verbMs = workMs / verbs;
    this.#commitMs = this.#verbMs === undefined ? commitMs : this.#commitMs + weight * (commitMs - this.#commitMs);
    this.#verbMs = this.#verbMs === undefined ? verbMs : this.#verbMs + weight * (verbMs - this.#verbMs);
  }

  /**
   * Verbs of `waiting` to commit next: all of them, or half of all callers, where that is work enough to be worth a commit of
   * its own. On a slow disk it is not: then a commit takes everything, as it does with few callers. `answered`: callers that
   * have just been answered, and are about to come again.
   */
  next(waiting: number, answered: number): number {
    const callers = waiting + answered;
    if (this.#verbMs === undefined || this.#verbMs === 0) return waiting;
    const half = Math.ceil(callers / 2);
    const worthIt = half >= halfMin && half * this.#verbMs >= workPerCommit * this.#commitMs;
    return worthIt ? Math.min(waiting, half) : waiting;
  }
}
