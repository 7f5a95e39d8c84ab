// Collects what one turn says to each worker, so that a commit of many runs becomes one message a worker; and who waits until a
// worker has given back what it has.
import type { EngineToWorker } from "@sluice/protocol";
import type { Clock } from "../kernel/clock.ts";
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

/** A worker that says nothing after its time to drain is given up this much later. */
const drainGraceMs = 1_500;

export class Drains {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when the worker has given back what it has, is gone, or has had its time. */
  wait(worker: string, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(ms + drainGraceMs, resolve);
      this.#waiting.set(worker, () => {
        cancel();
        resolve();
      });
    });
  }

  /** The worker has given back what it has, or is gone. */
  over(worker: string): void {
    this.#waiting.get(worker)?.();
  }
}
