// One verb at work: the tables it changes, the time it has, and what it does to runs on the way.
import type { RunEvent } from "@sluice/protocol";
import type { Delivery, Effects, FinishedRun } from "../../kernel/run-store.ts";
import type { RunRow } from "./rows.ts";
import type { Tables } from "./tables.ts";

export class Change {
  readonly tables: Tables;
  readonly now: number;
  /** Run whose operations are being appended: its events are answered, not delivered. */
  readonly appending: RunRow | undefined;
  /** For the appending run, in order. */
  readonly events: RunEvent[] = [];
  /** Children to be cancelled because the run that called them no longer wants them. */
  readonly orphans: RunRow[] = [];
  readonly #deliveries: Delivery[] = [];
  readonly #finished: FinishedRun[] = [];
  readonly #touched = new Set<string>();
  #ready = 0;
  #due: number | undefined;

  constructor(tables: Tables, now: number, appending?: RunRow) {
    this.tables = tables;
    this.now = now;
    this.appending = appending;
    tables.runs.now = now;
  }

  /** Tells a run in memory something: the appending one in its answer, others by a delivery. */
  tell(run: RunRow, event: RunEvent): void {
    if (run === this.appending) {
      this.events.push(event);
      return;
    }
    const { id, epoch, owner } = run.record;
    if (owner !== undefined) this.#deliveries.push({ run: id, epoch, owner, event });
  }

  /** Marks a run ready to be claimed and counts it when it now can be. */
  makeReady(run: RunRow): void {
    if (this.tables.runs.setReady(run, true)) this.#ready++;
  }

  countReady(): void {
    this.#ready++;
  }

  touch(run: RunRow): void {
    if (run !== this.appending) this.#touched.add(run.record.id);
  }

  finished(run: FinishedRun): void {
    this.#finished.push(run);
  }

  addDue(due: number | undefined): void {
    if (due !== undefined && (this.#due === undefined || due < this.#due)) this.#due = due;
  }

  effects(): Effects {
    const { runs, flow } = this.tables;
    runs.settleFlow();
    this.#ready += flow.takeOpened();
    this.addDue(flow.takeDue());
    return {
      deliveries: this.#deliveries,
      finished: this.#finished,
      ready: this.#ready,
      due: this.#due,
      touched: [...this.#touched],
    };
  }
}
