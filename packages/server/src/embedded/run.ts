// A run of an embedded engine, as its callers hold it.
import { systemClock, unwrap } from "@sluice/core";
import type { Actor, Engine, JournalCursor } from "@sluice/core";
import type { JoinReason, JournalEntry } from "@sluice/protocol";
import { decodeErrorValue, decodeValue, encodeValue, isFinalStatus } from "@sluice/protocol";
import { reviveError } from "@sluice/sdk";
import type { ForkOptions, RetryOptions, Run, RunHandle, RunUpdate, Step, StreamChunk } from "@sluice/sdk";
import { httpLimits } from "../limits.ts";
import { RunFeed } from "../run-feed.ts";
import { showRun, showStep } from "./view.ts";

const pieceBytesMax = 4 * 1024 * 1024;

/** What a start has led to. */
interface StartedAs {
  readonly id: string;
  readonly created: boolean;
  readonly joined?: JoinReason | undefined;
}

export class EmbeddedRun<O = unknown> implements RunHandle<O> {
  readonly id: string;
  readonly created: boolean;
  readonly joined: JoinReason | undefined;
  readonly #engine: Engine;
  readonly #by: Actor;

  constructor(engine: Engine, by: Actor, run: StartedAs) {
    this.#engine = engine;
    this.#by = by;
    this.id = run.id;
    this.created = run.created;
    this.joined = run.joined;
  }

  async result(options: { readonly signal?: AbortSignal } = {}): Promise<O> {
    let end = unwrap(await this.#engine.ended(this.id, options.signal));
    while (end.continuedTo !== undefined) end = unwrap(await this.#engine.ended(end.continuedTo, options.signal));
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

  async #journal(from?: JournalCursor): Promise<JournalEntry[]> {
    const entries: JournalEntry[] = [];
    let cursor = from;
    do {
      const where = cursor === undefined ? {} : { from: cursor };
      const piece = await this.#engine.store.readJournal({ run: this.id, bytesMax: pieceBytesMax, ...where });
      entries.push(...piece.entries);
      cursor = piece.next;
    } while (cursor !== undefined);
    return entries;
  }

  async *events(options: { readonly after?: number; readonly signal?: AbortSignal } = {}): AsyncIterable<RunUpdate> {
    unwrap(await this.#engine.getRun(this.id));
    const parts = { engine: this.#engine, clock: systemClock, limits: httpLimits };
    const feed = new RunFeed(parts, { run: this.id, after: options.after ?? 0, closed: () => undefined });
    const abort = (): void => feed.close();
    options.signal?.addEventListener("abort", abort, { once: true });
    try {
      while (options.signal?.aborted !== true) {
        const events = await feed.next();
        if (events === undefined) return;
        for (const { event, number, at, data } of events) {
          if (event === "end" || event === "stale") continue;
          yield { id: number ?? null, type: event, at, data };
        }
      }
    } finally {
      feed.close();
      options.signal?.removeEventListener("abort", abort);
    }
  }

  async *stream(options: { readonly after?: number; readonly signal?: AbortSignal } = {}): AsyncIterable<StreamChunk> {
    const { signal } = options;
    const news = new Signal();
    const { store, watchers } = this.#engine;
    const tell = (): void => news.set();
    const stops = [watchers.onStream(this.id, tell), watchers.watch(this.id, tell)];
    signal?.addEventListener("abort", tell, { once: true });
    try {
      let after = options.after ?? 0;
      for (;;) {
        if (signal?.aborted === true) return;
        // The run comes first: if it has ended by then, its output is complete.
        const ended = isFinalStatus(unwrap(await this.#engine.getRun(this.id)).status);
        const { chunks } = await store.readStream({ run: this.id, after, bytesMax: pieceBytesMax });
        for (const { no, step = null, index, at, value } of chunks) {
          after = no;
          yield { id: no, step, index, at, data: decodeValue(await this.#engine.values.load(value)) };
        }
        if (chunks.length > 0) continue;
        if (ended) return;
        await news.wait();
      }
    } finally {
      for (const stop of stops) stop();
      signal?.removeEventListener("abort", tell);
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

  async retry(options: RetryOptions = {}): Promise<void> {
    unwrap(await this.#engine.operations.retry(this.#by, this.id, options));
  }

  async fork(options: ForkOptions = {}): Promise<RunHandle<O>> {
    const run = unwrap(
      await this.#engine.operations.fork({
        by: this.#by,
        run: this.id,
        ...(options.from === undefined ? {} : { from: options.from }),
        ...("input" in options ? { input: encodeValue(options.input) } : {}),
        // Whoever has the engine in the own process may do everything.
        trustImported: true,
      }),
    );
    return new EmbeddedRun<O>(this.#engine, this.#by, { id: run.id, created: true });
  }

  async delete(): Promise<void> {
    unwrap(await this.#engine.operations.delete(this.#by, this.id));
  }
}

/** Remembers that something has happened until somebody has looked. */
class Signal {
  #set = false;
  #wake: () => void = () => undefined;

  set(): void {
    this.#set = true;
    this.#wake();
  }

  async wait(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#set) resolve();
    });
    this.#set = false;
  }
}
