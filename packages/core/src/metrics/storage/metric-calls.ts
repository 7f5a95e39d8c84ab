// Questions to a thread of metrics and its answers: each has a number, and a thread that ends fails those that are open.
import { SluiceError } from "@sluice/protocol";
import type { WireError } from "@sluice/protocol";
import type { MetricVerb } from "./metric-service.ts";

export interface ThreadCall {
  readonly call: number;
  readonly verb: MetricVerb;
  readonly params: unknown;
}

type ThreadAnswer =
  | { readonly call: number; readonly value: unknown }
  | { readonly call: number; readonly failed: WireError };

export class MetricCalls {
  readonly #thread: Worker;
  readonly #open = new Map<number, { resolve: (value: unknown) => void; reject: (error: SluiceError) => void }>();
  #calls = 0;
  #ended: SluiceError | undefined;

  constructor() {
    const suffix = import.meta.url.endsWith(".ts") ? "ts" : "js";
    this.#thread = new Worker(new URL(`./metric-thread.${suffix}`, import.meta.url));
    this.#thread.addEventListener("message", ({ data }: MessageEvent<ThreadAnswer>) => {
      const waiting = this.#open.get(data.call);
      this.#open.delete(data.call);
      if ("failed" in data) waiting?.reject(new SluiceError(data.failed));
      else waiting?.resolve(data.value);
    });
    this.#thread.addEventListener("error", ({ message }) => this.#fail(`A thread of the metrics ended: ${message}`));
  }

  /** Calls that were not answered yet. */
  get waiting(): number {
    return this.#open.size;
  }

  call<T>(verb: MetricVerb, params: unknown): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const call = ++this.#calls;
    const answered = Promise.withResolvers<unknown>();
    this.#open.set(call, answered);
    this.#thread.postMessage({ call, verb, params } satisfies ThreadCall);
    return answered.promise as Promise<T>;
  }

  #fail(message: string): void {
    this.#ended ??= new SluiceError({ code: "store_failed", message });
    for (const { reject } of this.#open.values()) reject(this.#ended);
    this.#open.clear();
  }

  /** Ends the thread; calls that were not answered fail. */
  end(): void {
    this.#fail("The metrics are closed.");
    this.#thread.terminate();
  }
}
