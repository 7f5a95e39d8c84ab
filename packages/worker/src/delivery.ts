// Hands settlements to a workflow: one a turn of the event loop, in commit order, so that the consequences of each run
// before the next one.
import type { Call, Settlement } from "./calls.ts";
import type { Incarnation } from "./incarnation.ts";
import { fingerprint } from "./replay.ts";
import type { Redo } from "./replay.ts";

/** Longest wait for the end of a sleep by a clock that may differ from the engine's, or may have been set back. */
const sleepHoldMsMax = 50;

export class Delivery {
  /** Open calls by their numbers. */
  readonly calls = new Map<number, Call>();
  readonly #run: Incarnation;
  /** A retry takes entries out of a journal: what was recorded after them may have to wait until they are there again. */
  readonly #gaps: boolean;
  #begun = false;
  /** Turn in which the workflow was last given something. */
  #turn = -1;
  #stall: (() => void) | undefined;
  #hold: (() => void) | undefined;
  /** The sleep whose end was waited for. */
  #awaited: number | undefined;

  constructor(run: Incarnation) {
    this.#run = run;
    this.#gaps = run.assignment.gaps === true;
  }

  /** The workflow function has been called: settlements may be handed out from the next turn on. */
  begin(): void {
    this.#begun = true;
    this.#turn = this.#run.host.turn();
    this.#run.host.pumpLater(this.#run);
  }

  /** Hands out the next settlement, unless this turn has had one. */
  pump(): void {
    const run = this.#run;
    while (this.#begun && run.phase !== "gone" && run.phase !== "finishing") {
      const { next } = run.replay;
      if (next === undefined && run.phase !== "replaying") return;
      if (this.#turn === run.host.turn()) {
        run.host.pumpLater(run);
        return;
      }
      if (next === undefined) {
        run.replayed();
        return;
      }
      const ready = this.#ready(next);
      if (ready !== undefined && this.#isEarly(ready)) return;
      if (ready === undefined && !this.#skips(next)) return;
      if (ready !== undefined) this.#deliver(ready);
    }
  }

  /** True when there is nothing to hand out now. */
  get quiet(): boolean {
    const { next } = this.#run.replay;
    return next === undefined || (this.#gaps && this.#run.phase === "running" && this.#ready(next) === undefined);
  }

  stop(): void {
    this.#stall?.();
    this.#stall = undefined;
    this.#hold?.();
    this.#hold = undefined;
  }

  /** True for a sleep that was written as over shortly before it is: it is handed out in time. */
  #isEarly({ seq, at }: Settlement): boolean {
    const { host } = this.#run;
    if (seq === this.#awaited || this.calls.get(seq)?.wait !== "sleeping") return false;
    const leftMs = at - host.clock.now();
    if (leftMs <= 0) return false;
    this.#hold ??= host.clock.after(Math.min(leftMs, sleepHoldMsMax), () => {
      this.#hold = undefined;
      this.#awaited = seq;
      this.pump();
    });
    return true;
  }

  /** The settlement whose turn it is, when its call has been made. */
  #ready(next: Settlement | Redo): Settlement | undefined {
    if (this.calls.has(next.seq)) return "again" in next ? undefined : next;
    return this.#gaps ? this.#run.replay.find((seq) => this.calls.has(seq)) : undefined;
  }

  /** The call of the next settlement has not been made, or is done again; true when that settlement is of no use to anybody. */
  #skips(next: Settlement | Redo): boolean {
    const run = this.#run;
    if (run.phase === "cancelling" || run.phase === "undoing") {
      run.replay.take(next);
      return true;
    }
    if (!this.#gaps || this.calls.size === 0) this.#armStall(next);
    else if (run.phase === "replaying") run.replayed();
    else run.standsStill();
    return false;
  }

  #deliver(settlement: Settlement): void {
    const run = this.#run;
    const call = this.calls.get(settlement.seq);
    if (call === undefined) return;
    this.stop();
    this.#turn = run.host.turn();
    run.replay.take(settlement);
    run.deliver(call, settlement);
  }

  #armStall(next: Settlement | Redo): void {
    const { host, replay } = this.#run;
    this.#stall ??= host.clock.after(host.limits.replayStallMs, () => {
      const entry = replay.entryAt(next.seq);
      this.#run.mismatch(next.seq, entry === undefined ? "a settled call" : fingerprint(entry), "nothing there");
    });
  }
}
