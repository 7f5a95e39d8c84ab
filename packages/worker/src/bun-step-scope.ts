// The step scope of runtimes that have Node's asynchronous context: Bun, Node and Deno.
import { AsyncLocalStorage } from "node:async_hooks";
import type { StepScope } from "./step-scope.ts";

/** Follows a step function through its promises and timers. */
export class AsyncStepScope implements StepScope {
  readonly #storage = new AsyncLocalStorage<true>();

  run<T>(body: () => T): T {
    return this.#storage.run(true, body);
  }

  get active(): boolean {
    return this.#storage.getStore() === true;
  }
}
