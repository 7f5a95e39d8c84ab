// Where entries go that came without a request: into batches, which wait while the store cannot take them. Nobody is there to be told to
// come again, so whoever sends over TCP is simply not read from meanwhile.
import type { Clock, Logger } from "@sluice/core";
import type { Collector } from "@sluice/core/logs";
import { RefusedRequest } from "@sluice/core/logs";
import { SluiceError } from "@sluice/protocol";
import { hashOf } from "../log-body.ts";
import type { LogDesk } from "../log-desk.ts";

const againMs = 1_000;
/** Refusals that pass: too much at once, a full disk, a store that is being replaced. */
const passing: ReadonlySet<string> = new Set([
  "too_many_requests",
  "disk_full",
  "store_failed",
  "unavailable",
  "draining",
]);

export interface IntakeOptions {
  /** What is open now; another one after a restore. */
  readonly desk: () => Promise<LogDesk>;
  readonly tenant: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Intake {
  readonly clock: Clock;
  readonly #options: IntakeOptions;
  readonly #stopping = new AbortController();
  readonly #open = new Set<Promise<void>>();

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.clock = options.clock;
  }

  get stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /**
   * What is read here is on the disk when this resolves. `key`: under which it is taken once. Rejects with a `RefusedRequest` for what
   * cannot be read, and with `draining` where it could not be written before the end.
   */
  take(read: (collector: Collector) => void, key?: string): Promise<void> {
    const done = this.#take(read, key);
    this.#open.add(done);
    return done.finally(() => this.#open.delete(done));
  }

  async #take(read: (collector: Collector) => void, key: string | undefined): Promise<void> {
    for (;;) {
      try {
        const desk = await this.#options.desk();
        const { store } = desk;
        const { tenant } = this.#options;
        const collector = desk.collector(tenant);
        read(collector);
        if (collector.accepted === 0) return;
        const batch = collector.batch(tenant);
        const keyed = key === undefined ? batch : { ...batch, key: { name: key, hash: hashOf(batch.frame) } };
        const { outcome } = await store.append(keyed);
        // Somebody uses a name again for something else: that is no reason to lose it.
        if (outcome === "conflict") await store.append(batch);
        return;
      } catch (error) {
        if (!(error instanceof SluiceError) || !passing.has(error.code) || this.stopped) throw error;
        this.#options.log("warn", "log entries wait to be written", { reason: error.code });
        await this.#pause();
      }
    }
  }

  #pause(): Promise<void> {
    const { signal } = this.#stopping;
    return new Promise((resolve) => {
      const cancel = this.clock.after(againMs, () => {
        signal.removeEventListener("abort", end);
        resolve();
      });
      const end = (): void => {
        cancel();
        resolve();
      };
      signal.addEventListener("abort", end, { once: true });
    });
  }

  /** Nothing waits any longer; what is being written is written. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled(this.#open);
  }
}

/** Reads one message of many: what cannot be taken costs nobody else anything. */
export function readOne(collector: Collector, read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof RefusedRequest)) throw error;
    collector.reject("not_an_entry");
  }
}
