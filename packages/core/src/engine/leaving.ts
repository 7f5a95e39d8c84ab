// How an engine lets go of what is in memory: nothing more is handed out, workers end their steps and give their runs back.
import type { DeployedWorker } from "./deployments.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Losses } from "./losses.ts";
import type { EngineParts } from "./parts.ts";

/** A worker that says nothing after its time to drain is given up this much later. */
const drainGraceMs = 1_500;

export class Leaving {
  readonly #parts: EngineParts;
  readonly #dispatcher: Dispatcher;
  readonly #losses: Losses;
  readonly #drained = new Map<string, () => void>();

  constructor(parts: EngineParts, p: { readonly dispatcher: Dispatcher; readonly losses: Losses }) {
    this.#parts = parts;
    this.#dispatcher = p.dispatcher;
    this.#losses = p.losses;
  }

  /** Hands out nothing more and gives back what is in memory, running steps after `drainMs` at most. */
  async rest(drainMs: number): Promise<void> {
    const { deployments, hot } = this.#parts;
    await this.#dispatcher.places.rest();
    await Promise.all(deployments.workers.map((worker) => this.#drain(worker, drainMs)));
    await this.#losses.release(hot.all());
  }

  /** Ends a rest. */
  wake(): void {
    this.#dispatcher.places.wake();
    this.#dispatcher.kick();
  }

  /** A worker has given back what it had, or is gone. */
  drained(worker: string): void {
    this.#drained.get(worker)?.();
  }

  #drain({ link }: DeployedWorker, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.after(ms + drainGraceMs, resolve);
      this.#drained.set(link.id, () => {
        cancel();
        resolve();
      });
      this.#parts.send(link.id, { type: "drain", ms });
    });
  }
}
