// Where a test lets its worker die: before a step, after its result is durable, or between its effect and its result.
import type { WorkerToEngine } from "@sluice/protocol";
import type { StepCall } from "@sluice/worker";
import type { StepName } from "./mocks.ts";
import type { Fate, WorkerSeat } from "./seat.ts";

export interface CrashOptions {
  /** False: the step has had its effect and its result is lost, so that the step is executed again. Default true. */
  readonly journaled?: boolean;
  /** Which step of this name in its run, from 0; any without it. */
  readonly occurrence?: number;
}

interface Planned extends CrashOptions {
  readonly when: "before" | "after";
  readonly step: StepName;
}

export class CrashPlan {
  #planned: Planned[] = [];
  #crash: () => void = () => undefined;

  /** Puts the plan into effect. */
  watch(seat: WorkerSeat): void {
    seat.judge = (message) => this.#judge(message);
    this.#crash = () => void seat.crash();
  }

  add(planned: Planned): void {
    this.#planned.push(planned);
  }

  /** Crashes that have not come about yet. */
  get pending(): number {
    return this.#planned.length;
  }

  /** Asked before a step's function is called: what is called instead when the worker dies there. */
  before(call: StepCall): (() => unknown) | undefined {
    if (this.#take("before", call) === undefined) return undefined;
    return () => {
      this.#crash();
      // A process that is dead answers nothing.
      return new Promise(() => undefined);
    };
  }

  #judge(message: WorkerToEngine): Fate {
    if (message.type !== "ops" || this.#planned.length === 0) return "passes";
    for (const op of message.ops) {
      if (op.op !== "done" || op.kind !== "step" || op.error !== undefined) continue;
      const planned = this.#take("after", op);
      if (planned !== undefined) return planned.journaled === false ? "lost" : "last";
    }
    return "passes";
  }

  #take(when: Planned["when"], { name, n }: { readonly name: string; readonly n: number }): Planned | undefined {
    const found = this.#planned.find((planned) => {
      if (planned.when !== when || (planned.occurrence !== undefined && planned.occurrence !== n)) return false;
      return typeof planned.step === "string" ? planned.step === name : new RegExp(planned.step).test(name);
    });
    if (found !== undefined) this.#planned = this.#planned.filter((planned) => planned !== found);
    return found;
  }
}
