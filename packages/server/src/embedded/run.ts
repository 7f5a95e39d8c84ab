// A run of an embedded engine, as its callers hold it.
import { unwrap } from "@sluice/core";
import type { Actor, Engine, JournalCursor, RunUpdate as EngineUpdate } from "@sluice/core";
import type { JoinReason, JournalEntry, RunStatus } from "@sluice/protocol";
import { decodeErrorValue, decodeValue, encodeValue, isFinalStatus } from "@sluice/protocol";
import { reviveError } from "@sluice/sdk";
import type { RetryOptions, Run, RunHandle, RunUpdate, Step, StreamChunk } from "@sluice/sdk";
import { showRun, showStep } from "./view.ts";

const pieceBytesMax = 4 * 1024 * 1024;
/** Updates kept for a reader that is slower than the run; past it the journal is read again. */
const bufferedUpdatesMax = 10_000;

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
    const news = new News();
    // Watching begins before the journal is read, so that nothing falls between the two.
    const stop = this.#engine.watchers.watch(this.id, (update) => news.add(update));
    const abort = (): void => news.wake();
    options.signal?.addEventListener("abort", abort, { once: true });
    try {
      let last = options.after ?? 0;
      while (options.signal?.aborted !== true) {
        // The run comes first: if it has ended by then, its journal is complete.
        const run = unwrap(await this.#engine.getRun(this.id));
        last = Math.min(last, run.ord);
        for (const update of news.take()) {
          if (update.id !== undefined && update.id <= last) continue;
          if (!isWhole(update, last)) news.behind = true;
          else if (!isEnd(update)) {
            last = update.id ?? last;
            yield live(update);
          }
        }
        const ended = isFinalStatus(run.status);
        if (news.behind || ended) {
          news.behind = false;
          for (const entry of await this.#journal({ after: last, open: false })) {
            if (entry.ord <= last) continue;
            last = entry.ord;
            yield recorded(entry);
          }
        }
        if (ended) {
          yield {
            id: null,
            type: "run",
            at: run.endedAt ?? 0,
            data: { status: run.status, statusReason: run.reason ?? null },
          };
          return;
        }
        await news.more(options.signal);
      }
    } finally {
      stop();
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
          yield { id: no, step, index, at, data: decodeValue(value) };
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

/** What the engine tells of a run while its journal is being read or its reader is busy. */
class News {
  /** The journal has to be read: something in it is not among the updates. */
  behind = true;
  wake: () => void = () => undefined;
  #updates: EngineUpdate[] = [];

  add(update: EngineUpdate): void {
    if (this.#updates.length < bufferedUpdatesMax) this.#updates.push(update);
    else this.behind = true;
    this.wake();
  }

  take(): EngineUpdate[] {
    return this.#updates.splice(0);
  }

  /** Resolves when there is something to look at, or when the caller has had enough. */
  async more(signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      if (this.behind || this.#updates.length > 0 || signal?.aborted === true) resolve();
    });
  }
}

/** False for what the journal says better: an entry after a gap, or one that something else than the run itself settled. */
function isWhole(update: EngineUpdate, last: number): boolean {
  if (update.type === "stale") return false;
  return update.id === undefined || (update.id === last + 1 && update.data["name"] !== undefined);
}

/** The end is told once, from the run itself. */
function isEnd({ type, data }: EngineUpdate): boolean {
  return type === "run" && isFinalStatus(data["status"] as RunStatus);
}

function live({ id, type, at, data }: EngineUpdate): RunUpdate {
  return { id: id ?? null, type: type === "stale" ? "run" : type, at, data };
}

function recorded(entry: JournalEntry): RunUpdate {
  const { seq, kind, name, status, attempt } = entry;
  return { id: entry.ord, type: "step", at: entry.end, data: { seq, kind, name, status, attempt } };
}
