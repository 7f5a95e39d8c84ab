// The caller's side of the store's threads: verbs of a tick travel together, one batch at a time, the rest gathers meanwhile.
import { SluiceError, type WireError } from "@sluice/protocol";
import { brokenError, BrokenIncarnations } from "../../kernel/broken-incarnations.ts";
import type { SqliteLimits, WriterSettings } from "./database.ts";
import { fromWire } from "./failures.ts";
import { incarnationOf } from "./flat-append.ts";
import { WriterPace } from "./writer-pace.ts";
import { closedError, startThread, threadError, type ThreadMessage, type WriterRequest } from "./start-thread.ts";

interface Waiting {
  readonly verb: string;
  readonly params: unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: SluiceError) => void;
}

export interface WriterEvents {
  /** Nothing can be acknowledged any more: the process has to end. */
  readonly onFatal: (error: SluiceError) => void;
  /** The log has outgrown its limit: long reads have to be given up. */
  readonly onCrowded: () => void;
}

export class WriterClient {
  readonly #thread: Worker;
  readonly #limits: SqliteLimits;
  readonly #events: WriterEvents;
  readonly #broken = new BrokenIncarnations();
  readonly #pace = new WriterPace();
  #waiting: Waiting[] = [];
  #sent: Waiting[] = [];
  #scheduled = false;
  #busy = true;
  #isOpen = false;
  #failed: SluiceError | undefined;
  #opened: PromiseWithResolvers<string> = Promise.withResolvers();
  #drained: PromiseWithResolvers<void> | undefined;
  #closed: PromiseWithResolvers<void> | undefined;

  constructor(settings: WriterSettings, events: WriterEvents) {
    this.#limits = settings.limits;
    this.#events = events;
    this.#thread = startThread("writer");
    this.#thread.addEventListener("message", (event: MessageEvent<ThreadMessage>) => this.#receive(event.data));
    this.#thread.addEventListener("error", (event) => this.#fail(fromWire(threadError(event))));
    this.#post({ open: settings });
  }

  /** Resolves with the name of the data when the thread can take batches; rejects when the database cannot be opened. */
  opened(): Promise<string> {
    return this.#opened.promise;
  }

  call(verb: string, params: unknown): Promise<unknown> {
    if (this.#failed !== undefined) return Promise.reject(this.#failed);
    if (this.#drained !== undefined) return Promise.reject(closedError());
    if (this.#waiting.length >= this.#limits.writerQueueMax) {
      this.#noteBroken(verb, params);
      return Promise.reject(this.#overloaded());
    }
    const broken = this.#brokenBy(verb, params);
    if (broken !== undefined) return Promise.reject(brokenError(broken));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ verb, params, resolve, reject });
      if (this.#scheduled || this.#busy) return;
      this.#scheduled = true;
      queueMicrotask(() => this.#flush());
    });
  }

  #noteBroken(verb: string, params: unknown): void {
    const incarnation = incarnationOf(verb, params);
    if (incarnation !== undefined) this.#broken.note(incarnation.run, incarnation.epoch);
  }

  /** Refuses a verb; appends of the same incarnation that come after it are refused too. */
  #refuse(item: Waiting, error: SluiceError): void {
    this.#noteBroken(item.verb, item.params);
    item.reject(error);
  }

  /** The run whose incarnation may not write any more with this verb. */
  #brokenBy(verb: string, params: unknown): string | undefined {
    if (!this.#broken.some) return undefined;
    const incarnation = incarnationOf(verb, params);
    return incarnation !== undefined && this.#broken.has(incarnation.run, incarnation.epoch)
      ? incarnation.run
      : undefined;
  }

  /** Refuses those that come after a refused write of the same incarnation; answers with the others. */
  #withoutBroken(items: readonly Waiting[]): Waiting[] {
    return items.filter((item) => {
      const broken = this.#brokenBy(item.verb, item.params);
      if (broken !== undefined) item.reject(brokenError(broken));
      return broken === undefined;
    });
  }

  #overloaded(): SluiceError {
    return new SluiceError({
      code: "unavailable",
      message: `The writer is ${this.#limits.writerQueueMax} changes behind (writerQueueMax).`,
      hint: "Try again in a moment.",
    });
  }

  /** `answered`: verbs whose callers have just had their answer. */
  #flush(answered = 0): void {
    this.#scheduled = false;
    if (this.#busy || this.#waiting.length === 0) return;
    const max = Math.min(this.#limits.batchVerbsMax, this.#pace.next(this.#waiting.length, answered));
    this.#sent = this.#waiting.length > max ? this.#waiting.splice(0, max) : this.#waiting;
    if (this.#sent === this.#waiting) this.#waiting = [];
    const batch: unknown[] = [];
    for (const { verb, params } of this.#sent) batch.push(verb, params);
    this.#busy = true;
    try {
      this.#post({ batch });
    } catch (error) {
      this.#refuseUncloneable(error);
    }
  }

  /** What cannot be sent to another thread is the caller's mistake; nobody else's verb is lost for it. */
  #refuseUncloneable(error: unknown): void {
    const message = `A change cannot be handed to the writer: ${error instanceof Error ? error.message : String(error)}`;
    const refusal = new SluiceError({ code: "value_not_serializable", message }, { cause: error });
    const sound: Waiting[] = [];
    for (const item of this.#sent) {
      try {
        structuredClone(item.params);
        sound.push(...this.#withoutBroken([item]));
      } catch {
        this.#refuse(item, refusal);
      }
    }
    this.#waiting = [...sound, ...this.#withoutBroken(this.#waiting)];
    this.#sent = [];
    this.#busy = false;
    queueMicrotask(() => this.#flush());
  }

  #post(request: WriterRequest): void {
    this.#thread.postMessage(request);
  }

  #receive(message: ThreadMessage): void {
    if (message.crowded === true) this.#events.onCrowded();
    else if (message.opened === true) this.#open(message.instance ?? "");
    else if (message.closed === true) this.#closed?.resolve();
    else if (message.fatal === true || message.results === undefined)
      this.#fail(fromWire(message.failed ?? unexpected));
    else this.#settle(message.results, message);
  }

  #open(instance: string): void {
    this.#busy = false;
    this.#isOpen = true;
    this.#opened.resolve(instance);
    this.#flush();
    this.#noteDrained();
  }

  #settle(results: readonly unknown[], reply: ThreadMessage): void {
    const sent = this.#sent;
    this.#sent = [];
    this.#busy = false;
    if (reply.times !== undefined) this.#pace.note(reply.times);
    if (reply.failed !== undefined) {
      for (const item of sent) this.#refuse(item, fromWire(reply.failed));
    } else {
      const failures = new Map(reply.failures);
      for (const [index, item] of sent.entries()) {
        const failure = failures.size === 0 ? undefined : failures.get(index);
        if (failure === undefined) item.resolve(results[index]);
        else this.#refuse(item, fromWire(failure));
      }
    }
    if (this.#broken.some) this.#waiting = this.#withoutBroken(this.#waiting);
    this.#flush(sent.length);
    this.#noteDrained();
  }

  #fail(error: SluiceError): void {
    if (this.#failed !== undefined) return;
    this.#failed = error;
    this.#opened.reject(error);
    this.#closed?.resolve();
    for (const item of [...this.#sent, ...this.#waiting]) item.reject(error);
    this.#sent = [];
    this.#waiting = [];
    this.#noteDrained();
    this.#thread.terminate();
    // A database that could not be opened has acknowledged nothing: that is for the opener to tell.
    if (this.#isOpen) this.#events.onFatal(error);
  }

  /** Refuses newcomers from here on; resolves when what was handed in has been answered. */
  drain(): Promise<void> {
    this.#drained ??= Promise.withResolvers();
    this.#noteDrained();
    return this.#drained.promise;
  }

  #noteDrained(): void {
    const answered = this.#isOpen && !this.#busy && this.#waiting.length === 0;
    if (answered || this.#failed !== undefined) this.#drained?.resolve();
  }

  /** Lets what was handed in be committed, then closes the database and ends the thread. */
  async close(): Promise<void> {
    await this.drain();
    if (this.#failed === undefined) {
      this.#closed ??= Promise.withResolvers();
      this.#post({ close: true });
      await this.#closed.promise;
      this.#failed ??= closedError();
    }
    this.#thread.terminate();
  }
}

const unexpected: WireError = { code: "store_failed", message: "The writer thread gave an answer without a result." };
