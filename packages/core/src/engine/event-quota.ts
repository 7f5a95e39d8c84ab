// How many events are stored: the limit is held without asking the store for every event.
import { SluiceError } from "@sluice/protocol";
import type { RunStore } from "../kernel/run-store.ts";

export class EventQuota {
  readonly #store: Pick<RunStore, "stats">;
  readonly #eventsMax: number;
  #events = 0;

  constructor(store: Pick<RunStore, "stats">, limits: { readonly eventsMax: number }) {
    this.#store = store;
    this.#eventsMax = limits.eventsMax;
  }

  /** Counts anew: at the start, and when old events have been swept away. */
  async refresh(): Promise<void> {
    this.#events = (await this.#store.stats()).events;
  }

  added(events: number): void {
    this.#events += events;
  }

  /** Why no further event is taken; undefined while there is room. */
  get refusal(): SluiceError | undefined {
    if (this.#events < this.#eventsMax) return undefined;
    return new SluiceError({
      code: "events_full",
      message: `${this.#events} events are stored already; at most ${this.#eventsMax} are kept (eventsMax).`,
      hint: "Raise the setting limits.eventsMax, or keep events for a shorter time with limits.eventRetentionMs.",
    });
  }
}
