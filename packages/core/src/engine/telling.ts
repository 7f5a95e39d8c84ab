// Brings events to the worker that holds a run, in order, with their values loaded.
import type { EngineToWorker, RunEvent } from "@sluice/protocol";
import type { Logger } from "../kernel/log.ts";
import type { HotRun } from "./hot-runs.ts";
import { journalOf } from "./hot-runs.ts";
import type { Outbox } from "./outbox.ts";
import type { Values } from "./values.ts";

export class Telling {
  readonly #values: Values;
  readonly #outbox: Outbox;
  readonly #log: Logger;
  /** Given a run whose worker cannot be told what has happened: it has to go on from its journal. */
  readonly #lost: (hot: HotRun) => void;

  constructor(values: Values, outbox: Outbox, p: { readonly log: Logger; readonly lost: (hot: HotRun) => void }) {
    this.#values = values;
    this.#outbox = outbox;
    this.#log = p.log;
    this.#lost = p.lost;
  }

  /** At once, unless a value has to be loaded or one before it is. */
  tell(hot: HotRun, events: readonly RunEvent[]): void {
    const { worker } = hot;
    hot.idle = false;
    if (worker === undefined) {
      hot.early = [...hot.early, ...events];
      return;
    }
    const send = (ready: readonly RunEvent[]): void => {
      const message: EngineToWorker = { type: "events", run: hot.run, epoch: hot.epoch, events: ready };
      this.#outbox.send(worker, message);
    };
    if (hot.sending === undefined && !this.#values.needsLoading(events)) {
      send(events);
      return;
    }
    const sending: Promise<void> = (hot.sending ?? Promise.resolve())
      .then(async () => send(await this.#values.loadEvents(events, journalOf(hot))))
      .catch((error: unknown) => {
        this.#log("error", "a value could not be loaded", { run: hot.run, error: String(error) });
        send([{ event: "drop" }]);
        this.#lost(hot);
      })
      .then(() => {
        if (hot.sending === sending) hot.sending = undefined;
      });
    hot.sending = sending;
  }
}
