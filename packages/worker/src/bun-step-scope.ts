// The step scope of runtimes that have Node's asynchronous context: Bun, Node and Deno.
import { AsyncLocalStorage } from "node:async_hooks";
import type { RunningStep, StepScope } from "./step-scope.ts";

/** Follows a step function through its promises and timers. */
export class AsyncStepScope implements StepScope {
  readonly #storage = new AsyncLocalStorage<RunningStep>();

  run<T>(step: RunningStep, body: () => T): T {
    return this.#storage.run(step, body);
  }

  outside<T>(body: () => T): T {
    return this.#storage.exit(body);
  }

  get current(): RunningStep | undefined {
    return this.#storage.getStore();
  }
}
