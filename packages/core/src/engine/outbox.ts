// Collects what one turn says to each worker, so that a commit of many runs becomes one message a worker.
import type { EngineToWorker } from "@sluice/protocol";
import type { WorkerLink } from "./worker-link.ts";

export class Outbox {
  readonly #link: (worker: string) => WorkerLink | undefined;
  readonly #pending = new Map<string, EngineToWorker[]>();
  #scheduled = false;

  constructor(link: (worker: string) => WorkerLink | undefined) {
    this.#link = link;
  }

  send(worker: string, message: EngineToWorker): void {
    const pending = this.#pending.get(worker);
    if (pending === undefined) this.#pending.set(worker, [message]);
    else pending.push(message);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    for (const [worker, messages] of this.#pending) {
      this.#pending.delete(worker);
      this.#link(worker)?.send(messages);
    }
  }
}
