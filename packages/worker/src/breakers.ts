// Circuit breakers from a worker's side: the engine lets each attempt in or not, and hears with the attempt what it came to.
import { breakerPlanOf } from "@sluice/protocol";
import type { BreakerMark, EngineToWorker, WorkerToEngine } from "@sluice/protocol";
import { CircuitOpenError, countsFor } from "@sluice/sdk";
import type { CircuitBreaker } from "@sluice/sdk";
import type { WorkerClock } from "./clock.ts";
import { Requests } from "./requests.ts";
import type { Gate, Passage } from "./steps.ts";

type Admitted = Extract<EngineToWorker, { type: "admitted" }>;

export class Breakers {
  readonly #requests: Requests<Admitted>;

  constructor(send: (message: WorkerToEngine) => void, clock: WorkerClock) {
    this.#requests = new Requests(send, clock);
  }

  /** Asks for an attempt to be let in. Rejects with `CircuitOpenError` when it is not. */
  async enter(breaker: CircuitBreaker): Promise<Passage> {
    const plan = breakerPlanOf(breaker);
    const what = `the circuit breaker ${plan.name}`;
    const answer = await this.#requests.ask(what, (request) => ({ type: "admit", request, breaker: plan }));
    const { round } = answer;
    if (round === undefined) throw new CircuitOpenError(plan.name, answer.retry ?? 0);
    return (failed, error) => ({ ...plan, round, outcome: failed ? outcomeOf(breaker, error) : "ok" });
  }

  /** The gate of a step behind this breaker. Throws for a breaker that makes no sense. */
  gate(breaker: CircuitBreaker): Gate {
    breakerPlanOf(breaker);
    return () => this.enter(breaker);
  }

  /** The engine's answer. */
  admitted(answer: Admitted): void {
    this.#requests.answered(answer);
  }
}

/** A function of the user that throws says nothing about what is behind the breaker. */
function outcomeOf(breaker: CircuitBreaker, error: unknown): BreakerMark["outcome"] {
  try {
    return countsFor(breaker, error) ? "failed" : "ignored";
  } catch {
    return "ignored";
  }
}
