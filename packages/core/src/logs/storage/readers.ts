// The threads that read: started when somebody asks, as many as may work at once, and gone after a while without work.
import { SluiceError } from "@sluice/protocol";
import type { Clock } from "../../kernel/clock.ts";
import { CallThread } from "./thread-calls.ts";

export interface ReaderLimits {
  /** Threads at once. */
  readonly threadsMax: number;
  /** Calls that wait for one; further ones are refused. */
  readonly waitingMax: number;
  readonly idleMs: number;
}

interface Thread {
  readonly calls: CallThread;
  /** Takes back the end that is due. */
  keep: () => void;
}

export class Readers {
  readonly #clock: Clock;
  readonly #limits: ReaderLimits;
  readonly #free: Thread[] = [];
  readonly #waiting: ((thread: Thread) => void)[] = [];
  readonly #all = new Set<Thread>();
  #closed = false;

  constructor(p: { readonly clock: Clock; readonly limits: ReaderLimits }) {
    this.#clock = p.clock;
    this.#limits = p.limits;
  }

  /** Threads there are now. */
  get threads(): number {
    return this.#all.size;
  }

  /** Rejects with `too_many_requests` where too many wait. */
  async call<T>(verb: string, params: unknown): Promise<T> {
    const thread = await this.#take();
    try {
      return await thread.calls.call<T>(verb, params);
    } finally {
      this.#give(thread);
    }
  }

  async #take(): Promise<Thread> {
    if (this.#closed) throw new SluiceError({ code: "store_failed", message: "The logs are closed." });
    const free = this.#free.pop();
    if (free !== undefined) {
      free.keep();
      return free;
    }
    if (this.#all.size < this.#limits.threadsMax) {
      const made: Thread = { calls: new CallThread("log-reader-thread"), keep: () => undefined };
      this.#all.add(made);
      return made;
    }
    if (this.#waiting.length >= this.#limits.waitingMax) {
      throw new SluiceError({
        code: "too_many_requests",
        message: `${this.#limits.threadsMax} queries run and ${this.#waiting.length} wait (logQueriesMax, logQueriesWaitingMax).`,
        hint: "Try again in a moment.",
      });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #give(thread: Thread): void {
    const next = this.#waiting.shift();
    if (next !== undefined) return next(thread);
    if (this.#closed) return this.#end(thread);
    thread.keep = this.#clock.after(this.#limits.idleMs, () => this.#end(thread));
    this.#free.push(thread);
    return undefined;
  }

  #end(thread: Thread): void {
    const at = this.#free.indexOf(thread);
    if (at >= 0) this.#free.splice(at, 1);
    this.#all.delete(thread);
    thread.keep();
    thread.calls.end();
  }

  /** Ends every thread; calls under way fail. */
  close(): void {
    this.#closed = true;
    for (const thread of this.#all) this.#end(thread);
  }
}
