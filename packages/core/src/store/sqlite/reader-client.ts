// The caller's side of the reader thread, which is there only while somebody reads: at rest it would cost memory.
import { SluiceError } from "@sluice/protocol";
import type { WriterSettings } from "./database.ts";
import { fromWire } from "./failures.ts";
import type { OtherReadVerb, ReadVerb } from "./reads.ts";
import { closedError, startThread, threadError, type ReaderRequest, type ThreadMessage } from "./start-thread.ts";

interface Waiting {
  readonly verb: ReadVerb | OtherReadVerb;
  readonly params: unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: SluiceError) => void;
}

export class ReaderClient {
  readonly #settings: WriterSettings;
  readonly #waiting: Waiting[] = [];
  #current: Waiting | undefined;
  #thread: Worker | undefined;
  /** The thread has the database open. */
  #opened = false;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(settings: WriterSettings) {
    this.#settings = settings;
  }

  /** Reads are answered one after the other. */
  call(verb: ReadVerb | OtherReadVerb, params: unknown): Promise<unknown> {
    if (this.#closed) return Promise.reject(closedError());
    if (this.#waiting.length >= this.#settings.limits.readerQueueMax) return Promise.reject(this.#overloaded());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ verb, params, resolve, reject });
      this.#next();
    });
  }

  #overloaded(): SluiceError {
    return new SluiceError({
      code: "unavailable",
      message: `${this.#settings.limits.readerQueueMax} reads are waiting already (readerQueueMax).`,
      hint: "Try again in a moment.",
    });
  }

  /** True while the thread exists. */
  get running(): boolean {
    return this.#thread !== undefined;
  }

  #next(): void {
    if (this.#current !== undefined) return;
    this.#current = this.#waiting.shift();
    if (this.#current === undefined) {
      this.#rest();
      return;
    }
    clearTimeout(this.#idle);
    this.#thread ??= this.#start();
    const { verb, params } = this.#current;
    this.#post({ read: verb, params });
  }

  #start(): Worker {
    const thread = startThread("reader");
    thread.addEventListener("message", (event: MessageEvent<ThreadMessage>) => {
      if (thread === this.#thread) this.#receive(event.data);
    });
    thread.addEventListener("error", (event) => {
      if (thread === this.#thread) this.#giveUp(fromWire(threadError(event)));
    });
    this.#thread = thread;
    this.#opened = false;
    this.#post({ open: this.#settings });
    return thread;
  }

  #post(request: ReaderRequest): void {
    this.#thread?.postMessage(request);
  }

  #receive(message: ThreadMessage): void {
    if (message.opened === true) {
      this.#opened = true;
      return;
    }
    if (!this.#opened) {
      // What it says of the read after this would be taken for the answer to another.
      this.#giveUp(fromWire(message.failed ?? { code: "store_failed", message: "A reader could not be opened." }));
      return;
    }
    const current = this.#current;
    this.#current = undefined;
    if (message.failed === undefined) current?.resolve(message.value);
    else current?.reject(fromWire(message.failed));
    this.#next();
  }

  #rest(): void {
    clearTimeout(this.#idle);
    if (this.#thread === undefined) return;
    this.#idle = setTimeout(() => void this.#end(), this.#settings.limits.readerIdleMs);
    this.#idle.unref();
  }

  /** Ends the thread: politely when it has nothing to do, so that its connection is closed when this resolves. */
  #end(): Promise<void> {
    clearTimeout(this.#idle);
    const thread = this.#thread;
    this.#thread = undefined;
    if (thread === undefined) return Promise.resolve();
    if (this.#current !== undefined) {
      thread.terminate();
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      thread.addEventListener("message", (event: MessageEvent<ThreadMessage>) => {
        if (event.data.closed !== true) return;
        thread.terminate();
        resolve();
      });
      const request: ReaderRequest = { close: true };
      thread.postMessage(request);
    });
  }

  /** Ends the read under way because it keeps the log from being emptied. */
  interrupt(): void {
    if (this.#current === undefined) return;
    const message = "The read took so long that the write-ahead log outgrew its limit (walBytesMax).";
    this.#giveUp(new SluiceError({ code: "unavailable", message, hint: "Ask for less, or when there is less to do." }));
  }

  #giveUp(error: SluiceError): void {
    void this.#end();
    const current = this.#current;
    this.#current = undefined;
    current?.reject(error);
    this.#next();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const item of this.#waiting.splice(0)) item.reject(closedError());
    const ending = this.#end();
    this.#current?.reject(closedError());
    this.#current = undefined;
    await ending;
  }
}
