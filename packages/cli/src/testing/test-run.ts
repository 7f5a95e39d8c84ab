// A run as a test holds it: a handle like every other, that says at once when waiting for its result would be for ever.
import { isFinalStatus } from "@sluice/protocol";
import type { JournalEntry } from "@sluice/protocol";
import type { RetryOptions, Run, RunHandle, RunUpdate, StreamChunk, Step } from "@sluice/sdk";
import type { TestHost } from "./engine.ts";
import { journalText } from "./journal-text.ts";

const pieceBytesMax = 4 * 1024 * 1024;

/** How a run is waited for by a test. */
export class TestRun<O = unknown> implements RunHandle<O> {
  readonly id: string;
  readonly created: boolean;
  readonly #handle: RunHandle<O>;
  readonly #host: TestHost;

  constructor(host: TestHost, handle: RunHandle<O>) {
    this.#host = host;
    this.#handle = handle;
    this.id = handle.id;
    this.created = handle.created;
  }

  /**
   * The run's result, or its error. Rejects when the run waits for something that only the test can bring about: on virtual
   * time it would be waited for in vain.
   */
  async result(options: { readonly signal?: AbortSignal } = {}): Promise<O> {
    await this.#host.settle();
    const run = await this.#handle.get();
    if (this.#host.pace !== undefined && (run.status === "waiting" || run.status === "paused")) {
      throw new Error(`The run of ${run.workflow} has not ended: ${await this.standing()}.`);
    }
    return this.#handle.result(options);
  }

  /** What the run does now, in words. */
  async standing(): Promise<string> {
    const run = await this.#handle.get();
    if (isFinalStatus(run.status)) return run.error === null ? run.status : `${run.status}: ${run.error.message}`;
    const open = (await this.#handle.steps()).filter((step) => step.status === "running");
    const waits = open.map(({ kind, name, dueAt }) => {
      const due = dueAt === null ? "" : ` until ${new Date(dueAt).toISOString()}`;
      return `${kind} "${name}"${due}`;
    });
    const reason = run.statusReason === null ? run.status : `${run.status} (${run.statusReason})`;
    const evidence = run.error === null ? "" : `: ${run.error.message}`;
    return waits.length === 0 ? `${reason}${evidence}` : `${reason}, ${waits.join(", ")}${evidence}`;
  }

  /** The run as it is now. */
  get(): Promise<Run<unknown, O>> {
    return this.#handle.get();
  }

  /** Its journal: what has settled in that order, then what is open. */
  async steps(): Promise<readonly Step[]> {
    await this.#host.settle();
    return this.#handle.steps();
  }

  /** The journal as it is stored: encoded values, undos with negative numbers. */
  async journal(): Promise<readonly JournalEntry[]> {
    await this.#host.settle();
    const entries: JournalEntry[] = [];
    let from: { readonly after: number; readonly open: boolean } | undefined;
    do {
      const where = from === undefined ? {} : { from };
      const piece = await this.#host.engine.store.readJournal({ run: this.id, bytesMax: pieceBytesMax, ...where });
      entries.push(...piece.entries);
      from = piece.next;
    } while (from !== undefined);
    return entries;
  }

  /** The run and its journal as text, the same each time: for snapshots. */
  async snapshot(): Promise<string> {
    return journalText(await this.#handle.get(), await this.steps());
  }

  /** What happened and what happens, until the run ends. */
  events(options: { readonly after?: number; readonly signal?: AbortSignal } = {}): AsyncIterable<RunUpdate> {
    return this.#handle.events(options);
  }

  /** What it has streamed and streams, until it ends. */
  stream(options: { readonly after?: number; readonly signal?: AbortSignal } = {}): AsyncIterable<StreamChunk> {
    return this.#handle.stream(options);
  }

  /** Ends it early, its undos first, and lets happen what follows from it at once. */
  async cancel(reason?: string): Promise<void> {
    await this.#handle.cancel(reason);
    await this.#host.settle();
  }

  /** Lets it begin nothing new until it is resumed. */
  async pause(): Promise<void> {
    await this.#handle.pause();
    await this.#host.settle();
  }

  /** Lets it go on after a pause, or after what parked it was dealt with. */
  async resume(): Promise<void> {
    await this.#handle.resume();
    await this.#host.settle();
  }

  /** Runs it again from the step that failed. */
  async retry(options: RetryOptions = {}): Promise<void> {
    await this.#handle.retry(options);
    await this.#host.settle();
  }

  /** Starts a new run with its journal up to `from`, and another input where one is given. */
  async fork(options: { readonly from?: string | number; readonly input?: unknown } = {}): Promise<TestRun<O>> {
    const forked = new TestRun(this.#host, await this.#handle.fork(options));
    await this.#host.settle();
    return forked;
  }

  /** Deletes it once it has ended. */
  async delete(): Promise<void> {
    await this.#handle.delete();
  }
}
