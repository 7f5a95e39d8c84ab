// A run of an embedded engine, as its callers hold it.
import { unwrap } from "@sluice/core";
import type { Actor, Engine, JournalCursor, RunUpdate as EngineUpdate } from "@sluice/core";
import type { JournalEntry } from "@sluice/protocol";
import { decodeErrorValue, decodeValue, encodeValue, isFinalStatus } from "@sluice/protocol";
import { reviveError } from "@sluice/sdk";
import type { Run, RunHandle, RunUpdate, Step } from "@sluice/sdk";
import { showRun, showStep } from "./view.ts";

const pieceBytesMax = 4 * 1024 * 1024;
/** Updates kept for a reader that is slower than the run; then it is sent on to what is stored. */
const bufferedUpdatesMax = 10_000;

export class EmbeddedRun<O = unknown> implements RunHandle<O> {
  readonly id: string;
  readonly created: boolean;
  readonly #engine: Engine;
  readonly #by: Actor;

  constructor(engine: Engine, by: Actor, run: { readonly id: string; readonly created: boolean }) {
    this.#engine = engine;
    this.#by = by;
    this.id = run.id;
    this.created = run.created;
  }

  async result(options: { readonly signal?: AbortSignal } = {}): Promise<O> {
    const end = unwrap(await this.#engine.ended(this.id, options.signal));
    const { values } = this.#engine;
    if (end.status === "completed") {
      return (end.output === undefined ? undefined : decodeValue(await values.load(end.output))) as O;
    }
    throw reviveError(
      end.error === undefined
        ? { name: "Error", message: `The run ended as ${end.status}.` }
        : decodeErrorValue(await values.load(end.error)),
    );
  }

  async get(): Promise<Run<unknown, O>> {
    return (await showRun(this.#engine.values, unwrap(await this.#engine.getRun(this.id)))) as Run<unknown, O>;
  }

  async steps(): Promise<readonly Step[]> {
    unwrap(await this.#engine.getRun(this.id));
    const entries = await this.#journal();
    return Promise.all(entries.map((entry) => showStep(this.#engine.values, entry)));
  }

  async #journal(): Promise<JournalEntry[]> {
    const entries: JournalEntry[] = [];
    let cursor: JournalCursor | undefined;
    do {
      const from = cursor === undefined ? {} : { from: cursor };
      const piece = await this.#engine.store.readJournal({ run: this.id, bytesMax: pieceBytesMax, ...from });
      entries.push(...piece.entries);
      cursor = piece.next;
    } while (cursor !== undefined);
    return entries;
  }

  async *events(options: { readonly after?: number; readonly signal?: AbortSignal } = {}): AsyncIterable<RunUpdate> {
    const queue: EngineUpdate[] = [];
    let wake = (): void => undefined;
    // Watching begins before the journal is read, so that nothing falls between the two.
    const stop = this.#engine.watchers.watch(this.id, (update) => {
      if (queue.length < bufferedUpdatesMax) queue.push(update);
      wake();
    });
    const abort = (): void => wake();
    options.signal?.addEventListener("abort", abort, { once: true });
    try {
      let last = options.after ?? 0;
      for (const entry of await this.#journal()) {
        if (entry.ord <= last) continue;
        last = entry.ord;
        yield recorded(entry);
      }
      for (;;) {
        const run = unwrap(await this.#engine.getRun(this.id));
        for (const update of queue.splice(0)) {
          if (update.id !== undefined && update.id <= last) continue;
          last = update.id ?? last;
          yield {
            id: update.id ?? null,
            type: update.type === "stale" ? "run" : update.type,
            at: update.at,
            data: update.data,
          };
        }
        if (isFinalStatus(run.status)) {
          yield {
            id: null,
            type: "run",
            at: run.endedAt ?? 0,
            data: { status: run.status, statusReason: run.reason ?? null },
          };
          return;
        }
        if (queue.length > 0) continue;
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (queue.length > 0 || options.signal?.aborted === true) resolve();
        });
        if (options.signal?.aborted === true) return;
      }
    } finally {
      stop();
      options.signal?.removeEventListener("abort", abort);
    }
  }

  async cancel(reason?: string): Promise<void> {
    unwrap(await this.#engine.operations.cancel({ by: this.#by, run: this.id, reason }));
  }

  async pause(): Promise<void> {
    unwrap(await this.#engine.operations.pause(this.#by, this.id));
  }

  async resume(): Promise<void> {
    unwrap(await this.#engine.operations.resume(this.#by, this.id));
  }

  async retry(options: { readonly code?: "current" | "pinned" } = {}): Promise<void> {
    unwrap(await this.#engine.operations.retry(this.#by, this.id, options.code));
  }

  async fork(options: { readonly from?: string | number; readonly input?: unknown } = {}): Promise<RunHandle<O>> {
    const run = unwrap(
      await this.#engine.operations.fork({
        by: this.#by,
        run: this.id,
        ...(options.from === undefined ? {} : { from: options.from }),
        ...("input" in options ? { input: encodeValue(options.input) } : {}),
      }),
    );
    return new EmbeddedRun<O>(this.#engine, this.#by, { id: run.id, created: true });
  }

  async delete(): Promise<void> {
    unwrap(await this.#engine.operations.delete(this.#by, this.id));
  }
}

function recorded(entry: JournalEntry): RunUpdate {
  const { seq, kind, name, status, attempt } = entry;
  return { id: entry.ord, type: "step", at: entry.end, data: { seq, kind, name, status, attempt } };
}
