// Logs as the rest of the product uses them: entries go in and are durable when it says so, queries come out of threads, and what
// was committed is told in its order. Sealing and keeping less happen by themselves.
import { SluiceError } from "@sluice/protocol";
import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/log.ts";
import { usualPlace } from "../archive/archive-reads.ts";
import type { ArchiveFormat } from "../archive/catalog.ts";
import { LogArchive } from "../archive/log-archive.ts";
import type { ArchivePlace } from "../archive/target.ts";
import { archiveVerbs } from "./archive-verbs.ts";
import type { Appended, Labels, LogBatch, Place } from "../entry.ts";
import type { LogLimits } from "../limits.ts";
import type { QueryAnswer } from "../query/execute.ts";
import { parseQuery } from "../query/parse.ts";
import type { HeadState, Tombstone } from "./head.ts";
import type { FileOptions } from "./log-files.ts";
import type { LogQlAnswer, LogQlQuestion } from "../query/logql/answer.ts";
import { LogQuestions } from "./log-questions.ts";
import type { LogQuestion } from "./log-questions.ts";
import { Readers } from "./readers.ts";
import type { Rewritten } from "./rewriting.ts";
import type { Sealed } from "./sealing.ts";
import type { Span } from "./snapshot.ts";
import { CallThread } from "./thread-calls.ts";

/** Batches that became durable together, in the order of their numbers. */
export type Committed = readonly { readonly batch: LogBatch; readonly firstSeq: number }[];

export interface LogStoreOptions {
  readonly folder: string;
  readonly limits: LogLimits;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where entries go after `logArchiveAfterDays`; the folder `archives` beside the daily files without it. */
  readonly archive?: { readonly place?: ArchivePlace; readonly format?: ArchiveFormat } | undefined;
}

interface Waiting {
  readonly batch: LogBatch;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
}

/** How often it is looked whether days are too old. */
const retainEveryMs = 10 * 60_000;
/** A sealing that failed is tried again after this. */
const sealAgainMs = 30_000;

export class LogStore {
  readonly #options: LogStoreOptions;
  readonly #files: FileOptions;
  readonly #writer = new CallThread("log-writer-thread");
  readonly #readers: Readers;
  /** A thread of its own: sealing never waits for queries. */
  readonly #sealer: Readers;
  /** A thread that waits for archives. */
  readonly #archivist: Readers;
  readonly #questions: LogQuestions;
  readonly archive: LogArchive;
  readonly #listeners = new Set<(committed: Committed) => void>();
  #state: HeadState;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #committing: Promise<void> | undefined;
  #sealing: Promise<Sealed | undefined> | undefined;
  #sealDue: (() => void) | undefined;
  #retainDue: () => void = () => undefined;
  #rewriting: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(options: LogStoreOptions, state: HeadState) {
    this.#options = options;
    this.#state = state;
    const { limits, clock, folder } = options;
    this.#files = filesOf(folder, limits);
    const { logQueriesMax: threadsMax, logQueriesWaitingMax: waitingMax, logReaderIdleMs: idleMs } = limits;
    this.#readers = new Readers({ clock, limits: { threadsMax, waitingMax, idleMs } });
    this.#sealer = new Readers({ clock, limits: { threadsMax: 1, waitingMax: 3, idleMs } });
    this.#archivist = new Readers({ clock, limits: { threadsMax: 1, waitingMax: 1, idleMs } });
    const place = options.archive?.place ?? usualPlace(folder);
    this.#questions = new LogQuestions({ readers: this.#readers, limits, folder, place });
    const [writer, sealer, archivist] = [this.#writer, this.#sealer, this.#archivist];
    const format = options.archive?.format ?? "chunks";
    this.archive = new LogArchive({
      ...options,
      keeping: this.#files,
      readersMsMax: limits.logQueryMsMax * 2,
      verbs: archiveVerbs({
        folder,
        place,
        format,
        writer,
        sealer,
        archivist,
        sealed: () => this.#state.sealed,
      }),
      exclusive: (work) => this.#exclusive(work),
    });
  }

  /** Opens the folder, which is made where it is not there. Rejects with `store_failed` or `disk_full`. */
  static async open(options: LogStoreOptions): Promise<LogStore> {
    const none: HeadState = { lastSeq: 0, sealed: 0, rawBytes: 0, oldestMs: undefined, intent: undefined };
    const store = new LogStore(options, none);
    try {
      store.#state = await store.#writer.call<HeadState>("open", store.#files);
    } catch (error) {
      store.#writer.end();
      throw error;
    }
    store.#watchAge();
    store.#retainLater();
    return store;
  }

  /** Number of the last entry that was committed. */
  get lastSeq(): number {
    return this.#state.lastSeq;
  }

  get head(): HeadState {
    return this.#state;
  }

  /** Resolves when the batch is on the disk. Rejects with `too_many_requests` where too much waits. */
  append(batch: LogBatch): Promise<Appended> {
    const { logQueueBytesMax } = this.#options.limits;
    if (this.#closed) return Promise.reject(closedError());
    if (this.#waitingBytes > 0 && this.#waitingBytes + batch.frame.length > logQueueBytesMax) {
      return Promise.reject(
        new SluiceError({
          code: "too_many_requests",
          message: `${this.#waitingBytes} bytes of logs wait to be written (logQueueBytesMax).`,
          hint: "Send it again in a moment.",
          details: { retryAfterMs: 1_000 },
        }),
      );
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, resolve, reject });
      this.#waitingBytes += batch.frame.length;
      this.#committing ??= this.#commitAll();
    });
  }

  /** Those of these names that batches have brought and that are still kept. */
  places(names: readonly string[]): Promise<Place[]> {
    return this.#writer.call<Place[]>("places", names);
  }

  /** Those with more to come, in order of their names, behind one of them. */
  openPlaces(p: { readonly after: string; readonly limit: number }): Promise<Place[]> {
    return this.#writer.call<Place[]>("openPlaces", p);
  }

  /** One commit after the other; what comes meanwhile shares the next. */
  async #commitAll(): Promise<void> {
    // What comes in one turn shares the first one too.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const sent = this.#waiting;
      this.#waiting = [];
      await this.#commit(sent);
    }
    this.#committing = undefined;
  }

  async #commit(sent: readonly Waiting[]): Promise<void> {
    const nowMs = this.#options.clock.now();
    try {
      const batches = sent.map(({ batch }) => batch);
      const answer = await this.#writer.call<{ results: readonly Appended[]; state: HeadState }>("append", {
        batches,
        nowMs,
      });
      this.#state = answer.state;
      this.#tell(batches, answer.results);
      for (const [i, { resolve }] of sent.entries()) resolve(answer.results[i] ?? { outcome: "conflict" });
    } catch (error) {
      for (const { reject } of sent) reject(error);
    } finally {
      for (const { batch } of sent) this.#waitingBytes -= batch.frame.length;
    }
    if (this.#state.rawBytes >= this.#options.limits.logSealBytes) void this.#sealQuietly();
    else this.#watchAge();
  }

  #tell(batches: readonly LogBatch[], results: readonly Appended[]): void {
    if (this.#listeners.size === 0) return;
    const committed = batches.flatMap((batch, i) => {
      const result = results[i];
      return result?.outcome === "stored" && batch.entries > 0 ? [{ batch, firstSeq: result.firstSeq }] : [];
    });
    if (committed.length > 0) for (const listener of this.#listeners) listener(committed);
  }

  /** Hears of whatever is committed from here on; answers how to stop. */
  onCommitted(listener: (committed: Committed) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Answers a query as of now. Rejects with `too_many_requests`; what was too much otherwise is said in the answer. */
  query(p: LogQuestion): Promise<QueryAnswer> {
    return this.#questions.query(p);
  }

  /** Answers a question in LogQL as of now. Rejects with `invalid_filter` for one that cannot be answered. */
  logql(question: LogQlQuestion, signal?: AbortSignal): Promise<LogQlAnswer> {
    return this.#questions.logql(question, signal);
  }

  /** Labels of every stream of a tenant with entries in these days. */
  streams(span: Span): Promise<Labels[]> {
    return this.#questions.streams(span);
  }

  /** Masks what fits a filter, as of now. Throws a `QueryError` for what is no filter. */
  async bury(p: Omit<Tombstone, "id" | "upToSeq">): Promise<Tombstone> {
    if (parseQuery(p.query, 0).pipes.length > 0) {
      throw new SluiceError({ code: "invalid_filter", message: "What is deleted is named by a filter without pipes." });
    }
    const tombstone = await this.#writer.call<Tombstone>("bury", { ...p, nowMs: this.#options.clock.now() });
    void this.#inBackground("what was deleted could not be taken out of the files", () => this.rewrite());
    return tombstone;
  }

  /** Takes what is deleted out of the files; answers with how many entries are gone. What is under way is waited for. */
  rewrite(): Promise<number> {
    return this.#exclusive(() => this.#rewriteAll());
  }

  /** What changes files of days that are there comes one after the other. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const after = this.#rewriting.then(() => (this.#closed ? Promise.reject(closedError()) : work()));
    this.#rewriting = after.catch(() => undefined);
    return after;
  }

  async #rewriteAll(): Promise<number> {
    let gone = 0;
    for (const tombstone of await this.#writer.call<Tombstone[]>("buried", undefined)) {
      if (tombstone.upToSeq > this.#state.sealed) await this.seal();
      const { folder } = this.#options;
      const done = await this.#sealer.call<Rewritten>("rewrite", { folder, tombstone, sealed: this.#state.sealed });
      for (const each of done.damaged)
        this.#options.log("error", "a chunk with deleted entries is damaged", { ...each });
      gone += done.entries + (await this.archive.rewrite(tombstone));
      await this.#writer.call("rewritten", { id: tombstone.id, nowMs: this.#options.clock.now() });
    }
    return gone;
  }

  async #inBackground(failure: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#closed) return;
      this.#options.log("error", failure, { error: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Moves what stands in the head into chunks; undefined where there is nothing. */
  seal(): Promise<Sealed | undefined> {
    this.#sealing ??= this.#sealOnce().finally(() => (this.#sealing = undefined));
    return this.#sealing;
  }

  async #sealOnce(): Promise<Sealed | undefined> {
    this.#sealDue?.();
    this.#sealDue = undefined;
    const range = await this.#writer.call<{ from: number; to: number } | undefined>("beginSeal", undefined);
    if (range === undefined) return undefined;
    const nowMs = this.#options.clock.now();
    const sealed = await this.#sealer.call<Sealed>("seal", { ...this.#files, ...range, nowMs });
    const { damaged } = sealed;
    for (const each of damaged)
      this.#options.log("error", "entries of the head are damaged and were put aside", { ...each });
    this.#state = await this.#writer.call<HeadState>("endSeal", { to: range.to, damaged });
    this.#watchAge();
    return sealed;
  }

  async #sealQuietly(): Promise<void> {
    try {
      await this.seal();
    } catch (error) {
      if (this.#closed) return;
      const said = error instanceof Error ? error.message : String(error);
      this.#options.log("error", "the head of the logs could not be sealed", { error: said });
      this.#sealDue ??= this.#options.clock.after(sealAgainMs, () => this.#sealOnTime());
    }
  }

  #sealOnTime(): void {
    this.#sealDue = undefined;
    void this.#sealQuietly();
  }

  /** The oldest entry of the head is sealed when its time has come. */
  #watchAge(): void {
    const { oldestMs } = this.#state;
    if (oldestMs === undefined || this.#sealDue !== undefined || this.#closed) return;
    const { clock, limits } = this.#options;
    const dueMs = Math.max(0, oldestMs + limits.logSealAfterMs - clock.now());
    this.#sealDue = clock.after(Math.min(dueMs, limits.logSealAfterMs), () => this.#sealOnTime());
  }

  /** Removes days that are kept no longer; answers with them. */
  async retain(): Promise<string[]> {
    const nowMs = this.#options.clock.now();
    const gone = await this.#writer.call<string[]>("retain", nowMs);
    await this.#writer.call("unbury", nowMs - this.#options.limits.logQueryMsMax * 2);
    if (gone.length > 0) this.#options.log("info", "logs of old days were removed", { days: gone });
    return gone;
  }

  #retainLater(): void {
    this.#retainDue = this.#options.clock.after(retainEveryMs, () => {
      const work = async (): Promise<void> => {
        await this.archive.round();
        await this.retain();
        await this.rewrite();
      };
      void this.#inBackground("logs that are kept no longer could not be removed", work).then(() => {
        if (!this.#closed) this.#retainLater();
      });
    });
  }

  /** What was handed in is written; then files are closed and threads end. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#sealDue?.();
    this.#retainDue();
    await this.#committing;
    await this.#sealing?.catch(() => undefined);
    // Archiving may wait for long: it is taken up again where it was.
    this.#archivist.close();
    await this.#rewriting;
    this.#readers.close();
    this.#sealer.close();
    await this.#writer.call("close", undefined);
    this.#writer.end();
  }
}

function filesOf(folder: string, limits: LogLimits): FileOptions {
  return {
    folder,
    chunkBytesMax: limits.logChunkBytesMax,
    keysKeptMs: limits.logKeysKeptMs,
    keepDays: limits.logKeepDays,
    keepBytes: limits.logKeepBytes,
    archiveAfterDays: limits.logArchiveAfterDays,
    diskFreeBytesMin: limits.logDiskFreeBytesMin,
  };
}

function closedError(): SluiceError {
  return new SluiceError({ code: "draining", message: "The logs are being closed." });
}
