// Which runs are over for good, as the engine knows: what is kept for them elsewhere may go.
import type { EngineToWorker, WorkerToEngine } from "@sluice/protocol";
import type { WorkerClock } from "./clock.ts";
import { Requests } from "./requests.ts";

type Passed = Extract<EngineToWorker, { type: "passed" }>;

export class PastRuns {
  readonly #requests: Requests<Passed>;

  constructor(send: (message: WorkerToEngine) => void, clock: WorkerClock) {
    this.#requests = new Requests(send, clock);
  }

  /** Those of the runs none of whose steps is executed again. Rejects when the engine does not say. */
  async of(runs: readonly string[]): Promise<ReadonlySet<string>> {
    const answer = await this.#requests.ask("runs that may be over", (request) => ({ type: "past", request, runs }));
    return new Set(answer.runs ?? []);
  }

  /** The engine's answer. */
  passed(answer: Passed): void {
    this.#requests.answered(answer);
  }
}
