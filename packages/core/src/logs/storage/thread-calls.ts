// Questions to a thread and its answers: each call has a number, and a thread that ends fails them all.
import { SluiceError, toWire } from "@sluice/protocol";
import type { WireError } from "@sluice/protocol";
import { answerRange } from "../archive/range-bridge.ts";
import type { RangeAsked } from "../archive/range-bridge.ts";
import { storageFailure } from "./database.ts";

export interface ThreadCall {
  readonly call: number;
  readonly verb: string;
  readonly params: unknown;
}

export type ThreadAnswer =
  | { readonly call: number; readonly value: unknown }
  | { readonly call: number; readonly failed: WireError };

/** What a thread can be asked, by name. */
export type Verbs = Readonly<Record<string, (params: never) => unknown>>;

/** Answers one call; what is thrown becomes a failure with a code. */
export function answerCall(verbs: Verbs, { call, verb, params }: ThreadCall): ThreadAnswer {
  try {
    const handler = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
    if (handler === undefined) throw new Error(`the thread has no verb ${verb}`);
    return { call, value: handler(params as never) };
  } catch (error) {
    return { call, failed: toWire(storageFailure(error)) };
  }
}

/** The same for verbs that may wait for something outside. One call at a time: whoever calls waits for the answer. */
export async function answerCallLater(verbs: Verbs, { call, verb, params }: ThreadCall): Promise<ThreadAnswer> {
  const answered = answerCall(verbs, { call, verb, params });
  if ("failed" in answered) return answered;
  try {
    return { call, value: await answered.value };
  } catch (error) {
    return { call, failed: toWire(storageFailure(error)) };
  }
}

/** A thread that answers calls in the order in which they come. */
export class CallThread {
  readonly #thread: Worker;
  readonly #open = new Map<number, { resolve: (value: unknown) => void; reject: (error: SluiceError) => void }>();
  #calls = 0;
  #ended: SluiceError | undefined;

  /** `file` stands beside this one; bundled, beside the bundle. */
  constructor(file: "log-writer-thread" | "log-reader-thread") {
    const suffix = import.meta.url.endsWith(".ts") ? "ts" : "js";
    this.#thread = new Worker(new URL(`./${file}.${suffix}`, import.meta.url));
    this.#thread.addEventListener("message", ({ data }: MessageEvent<ThreadAnswer | RangeAsked>) => {
      if ("fetch" in data) void answerRange(data);
      else this.#settle(data);
    });
    this.#thread.addEventListener("error", ({ message }) => {
      this.#end(new SluiceError({ code: "store_failed", message: `A thread of the logs ended: ${message}` }));
    });
  }

  /** Calls that were not answered yet. */
  get waiting(): number {
    return this.#open.size;
  }

  call<T>(verb: string, params: unknown): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const call = ++this.#calls;
    const answered = Promise.withResolvers<unknown>();
    this.#open.set(call, answered);
    this.#thread.postMessage({ call, verb, params } satisfies ThreadCall);
    return answered.promise as Promise<T>;
  }

  #settle(answer: ThreadAnswer): void {
    const waiting = this.#open.get(answer.call);
    this.#open.delete(answer.call);
    if ("failed" in answer) waiting?.reject(new SluiceError(answer.failed));
    else waiting?.resolve(answer.value);
  }

  #end(error: SluiceError): void {
    this.#ended ??= error;
    for (const { reject } of this.#open.values()) reject(error);
    this.#open.clear();
  }

  /** Ends the thread; calls that were not answered fail. */
  end(): void {
    this.#end(new SluiceError({ code: "store_failed", message: "The logs are closed." }));
    this.#thread.terminate();
  }
}
