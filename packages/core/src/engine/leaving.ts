// How an engine lets go of what is in memory: nothing more is handed out, workers end their steps and tasks and give the rest back.
import type { Dispatcher } from "./dispatcher.ts";
import type { Losses } from "./losses.ts";
import { Drains } from "./outbox.ts";
import type { EngineParts } from "./parts.ts";
import type { Tasks } from "./tasks/tasks.ts";

export class Leaving {
  readonly #parts: EngineParts;
  readonly #dispatcher: Dispatcher;
  readonly #losses: Losses;
  readonly #tasks: Tasks;
  readonly #drains: Drains;

  constructor(
    parts: EngineParts,
    p: { readonly dispatcher: Dispatcher; readonly losses: Losses; readonly tasks: Tasks },
  ) {
    this.#parts = parts;
    this.#dispatcher = p.dispatcher;
    this.#losses = p.losses;
    this.#tasks = p.tasks;
    this.#drains = new Drains(parts.clock);
  }

  /** Hands out nothing more and gives back what is in memory, running steps after `drainMs` at most. */
  async rest(drainMs: number): Promise<void> {
    const { deployments, hot } = this.#parts;
    this.#tasks.rest();
    await this.#dispatcher.places.rest();
    const workers = new Set([...deployments.workers, ...this.#tasks.workers].map(({ link }) => link.id));
    await Promise.all([...workers].map((worker) => this.#drain(worker, drainMs)));
    const left = hot.all();
    for (const { run, epoch } of left) hot.remove(run, epoch);
    // One that was to go on alone is still suspected, and no longer in the way of the next.
    for (const run of left) this.#dispatcher.left(run, false);
    await this.#losses.release(left);
  }

  /** Ends a rest. */
  wake(): void {
    this.#tasks.wake();
    this.#dispatcher.places.wake();
    this.#dispatcher.kick();
  }

  /** A worker has given back what it had, or is gone. */
  drained(worker: string): void {
    this.#drains.over(worker);
  }

  #drain(worker: string, ms: number): Promise<void> {
    const over = this.#drains.wait(worker, ms);
    this.#parts.send(worker, { type: "drain", ms });
    return over;
  }
}
