// Large values as JSON, piece by piece: each is read and turned on a thread of its own, which goes when it has been sent.
import { SluiceError } from "@sluice/protocol";
import type { ValueReply, ValueRequest } from "./value-thread.ts";

export interface ValueJsonLimits {
  /** Large values turned into JSON at once. */
  readonly valueThreadsMax: number;
  /** Requests that wait for their turn; further ones are refused for a while. */
  readonly valueThreadsWaitingMax: number;
}

export class ValueJson {
  readonly #limits: ValueJsonLimits;
  readonly #closing: AbortSignal;
  readonly #waiting: (() => void)[] = [];
  #threads = 0;

  constructor(p: { readonly limits: ValueJsonLimits; readonly closing: AbortSignal }) {
    this.#limits = p.limits;
    this.#closing = p.closing;
  }

  /** Threads there are now. */
  get threads(): number {
    return this.#threads;
  }

  /**
   * The value in a file as JSON. Rejects with `too_many_requests` when too many wait, and with `store_failed` when it cannot be
   * read. What is returned has to be read to its end or cancelled.
   */
  async read(file: string): Promise<ReadableStream<Uint8Array>> {
    await this.#turn();
    const thread = new ValueThread(this.#closing, () => this.#next());
    const reply = await thread.ask({ file });
    if ("ready" in reply) return streamOf(thread);
    thread.end();
    throw unreadable(reply);
  }

  #turn(): Promise<void> {
    const { valueThreadsMax, valueThreadsWaitingMax } = this.#limits;
    if (this.#threads < valueThreadsMax) {
      this.#threads++;
      return Promise.resolve();
    }
    if (this.#waiting.length < valueThreadsWaitingMax) return new Promise((resolve) => this.#waiting.push(resolve));
    const message = "Too many large values are being read (valueThreadsMax, valueThreadsWaitingMax).";
    throw new SluiceError({ code: "too_many_requests", message, hint: "Try again in a moment." });
  }

  /** A thread has ended: its place goes to the one that waits longest. */
  #next(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#threads--;
    else next();
  }
}

function unreadable(reply: ValueReply): SluiceError {
  const why = "failed" in reply ? reply.failed.message : "it was given in pieces before it was read";
  return new SluiceError({
    code: "store_failed",
    message: `A stored value cannot be read: ${why}`,
    hint: "Run `sluice doctor`; restore the blobs folder from a backup.",
  });
}

function streamOf(thread: ValueThread): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: async (controller) => {
      const reply = await thread.ask({ next: true });
      if ("piece" in reply) controller.enqueue(reply.piece);
      else {
        thread.end();
        if ("done" in reply) controller.close();
        else controller.error(unreadable(reply));
      }
    },
    cancel: () => thread.end(),
  });
}

/** One thread with one question at a time. */
class ValueThread {
  readonly #thread: Worker;
  readonly #closing: AbortSignal;
  readonly #onEnd: () => void;
  #answered: ((reply: ValueReply) => void) | undefined;
  #ended = false;

  constructor(closing: AbortSignal, onEnd: () => void) {
    this.#closing = closing;
    this.#onEnd = onEnd;
    // Bundled, the thread's file stands beside the bundle.
    const file = import.meta.url.endsWith(".ts") ? "./value-thread.ts" : "./value-thread.js";
    this.#thread = new Worker(new URL(file, import.meta.url));
    this.#thread.addEventListener("message", ({ data }: MessageEvent<ValueReply>) => this.#answer(data));
    this.#thread.addEventListener("error", ({ message }) => this.#answer({ failed: { code: "internal", message } }));
    closing.addEventListener("abort", this.end, { once: true });
  }

  ask(request: ValueRequest): Promise<ValueReply> {
    if (this.#ended) return Promise.resolve(stopped);
    const answered = Promise.withResolvers<ValueReply>();
    this.#answered = answered.resolve;
    this.#thread.postMessage(request);
    return answered.promise;
  }

  #answer(reply: ValueReply): void {
    const answered = this.#answered;
    this.#answered = undefined;
    answered?.(reply);
  }

  end = (): void => {
    if (this.#ended) return;
    this.#ended = true;
    this.#closing.removeEventListener("abort", this.end);
    this.#thread.terminate();
    this.#answer(stopped);
    this.#onEnd();
  };
}

const stopped: ValueReply = { failed: { code: "draining", message: "The server is stopping." } };
