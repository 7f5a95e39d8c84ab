// What the function of a step is given, for one attempt.
import { formatTraceparent, parseTraceparent, spanIdOf } from "@sluice/protocol";
import { callService } from "@sluice/sdk";
import type { StepContext } from "@sluice/sdk";
import type { Incarnation } from "./incarnation.ts";
import type { Scope } from "./scope.ts";
import { callWithin } from "./service-within.ts";

/** What the function of one attempt gets; the signal is made when it is asked for. */
export class Attempt implements StepContext {
  readonly idempotencyKey: string;
  readonly attempt: number;
  readonly #run: Incarnation;
  readonly #scope: Scope;
  readonly #seq: number;
  #controller: AbortController | undefined;

  constructor(run: Incarnation, p: { readonly scope: Scope; readonly seq: number; readonly attempt: number }) {
    this.#run = run;
    this.#scope = p.scope;
    this.#seq = p.seq;
    this.idempotencyKey = run.idempotencyKey(p.seq);
    this.attempt = p.attempt;
  }

  /** Made when it is asked for, so that it can be taken out of the context and costs nothing where it is not. */
  get secret(): StepContext["secret"] {
    const { secrets } = this.#run.host;
    return (ref) => secrets.read(typeof ref === "string" ? { from: "store", name: ref } : ref);
  }

  /** Within this attempt: a service is started where it is not yet. */
  get [callService](): NonNullable<StepContext[typeof callService]> {
    return (...call) => callWithin(this.#run, this, call);
  }

  /** Its own span, in the trace that the run is part of. */
  get traceparent(): string | undefined {
    const { run, trace } = this.#run.assignment;
    const began = parseTraceparent(trace);
    return began && formatTraceparent({ ...began, spanId: spanIdOf(run, this.#seq, this.attempt) });
  }

  get signal(): AbortSignal {
    this.#controller ??= this.#scope.follow(new AbortController());
    return this.#controller.signal;
  }

  /** The attempt is over: the scope has nothing to tell it any more. */
  end(): void {
    if (this.#controller !== undefined) this.#scope.unfollow(this.#controller);
  }

  abort(reason: unknown): void {
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }
}
