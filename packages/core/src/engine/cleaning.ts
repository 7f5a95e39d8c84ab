// Keeps the store small: finished runs past their retention, old events, expired state; in small slices that block nobody.
import type { WorkflowManifest } from "@sluice/protocol";
import { cleaner } from "../kernel/inner-actor.ts";
import type { RetentionRecord } from "../kernel/run-store.ts";
import type { EngineParts } from "./parts.ts";

export class Cleaning {
  readonly #parts: EngineParts;
  /** Lets go of what is too old elsewhere; how many rows. */
  readonly #also: () => Promise<number>;
  #cancel: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(parts: EngineParts, also: () => Promise<number>) {
    this.#parts = parts;
    this.#also = also;
  }

  start(): void {
    this.#cancel = this.#parts.clock.after(this.#parts.limits.sweepIntervalMs, () => {
      this.#running = this.clean()
        .then(() => undefined)
        .catch((error: unknown) => this.#parts.log("error", "cleaning up failed", { error: String(error) }))
        .finally(() => {
          this.#running = undefined;
          if (!this.#stopped) this.start();
        });
    });
  }

  /** One round over everything. */
  async clean(): Promise<{ readonly runs: number; readonly rows: number }> {
    const { store, clock, limits } = this.#parts;
    let runs = 0;
    for (const retention of await store.listRetentions()) runs += await this.#purge(retention);
    let rows = 0;
    for (;;) {
      const now = clock.now();
      const { swept } = await store.sweep({
        by: cleaner,
        now,
        eventsBefore: now - limits.eventRetentionMs,
        figuresBefore: now - limits.figuresRetentionMs,
        cacheEntriesMax: limits.cacheEntriesMax,
        limit: limits.sweepBatchMax,
      });
      rows += swept;
      if (swept < limits.sweepBatchMax || this.#stopped) break;
    }
    if (rows > 0) await this.#parts.events.refresh();
    return { runs, rows: rows + (await this.#also()) };
  }

  async #purge({ workflow, ageMs, keep }: RetentionRecord): Promise<number> {
    const { store, clock, limits } = this.#parts;
    let total = 0;
    for (;;) {
      const { deleted } = await store.purgeRuns({
        by: cleaner,
        workflow,
        endedBefore: clock.now() - (ageMs ?? limits.runRetentionMs),
        limit: limits.sweepBatchMax,
        ...(keep === undefined ? {} : { keep }),
      });
      total += deleted;
      if (deleted < limits.sweepBatchMax || this.#stopped) return total;
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#running;
  }
}

/** What the code of workflows says about retention. */
export function retentionsOf(workflows: readonly WorkflowManifest[]): readonly RetentionRecord[] {
  return workflows.map(({ name, retention }) => ({ workflow: name, ageMs: retention?.age, keep: retention?.count }));
}
