// What follows something for one client: it is read when the client takes more, and waited for when there is nothing new.
import type { HttpParts } from "./call.ts";

const encoder = new TextEncoder();

export type PulledParts = Pick<HttpParts, "clock" | "limits">;

/** Read on demand: a client that is slow holds nothing in memory but what is on its way. */
export class PulledFeed {
  readonly #parts: PulledParts;
  readonly #closed: () => void;
  readonly #unwatch: readonly (() => void)[];
  #news = true;
  #wake: (() => void) | undefined;
  #over = false;

  /**
   * `watch` is called at once, before anything is read: what is stored meanwhile makes it read again. `closed` is called once,
   * when nothing is sent any more.
   */
  constructor(
    parts: PulledParts,
    p: { readonly watch: (told: () => void) => readonly (() => void)[]; readonly closed: () => void },
  ) {
    this.#parts = parts;
    this.#closed = p.closed;
    this.#unwatch = p.watch(() => {
      this.#news = true;
      this.#wake?.();
    });
  }

  get over(): boolean {
    return this.#over;
  }

  /** As server-sent events; `next` answers with the text of those that come next. */
  stream(next: () => Promise<string>): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          try {
            const text = await next();
            if (text !== "") controller.enqueue(encoder.encode(text));
            if (this.#over) controller.close();
          } catch (error) {
            this.end();
            throw error;
          }
        },
        cancel: () => this.end(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: this.#parts.limits.watchBytesMax }),
    );
  }

  /** Ends it, though what it follows may go on. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    for (const stop of this.#unwatch) stop();
    this.#wake?.();
    this.#closed();
  }

  /** It is being read now: only what is told from here on is news. */
  reading(): void {
    this.#news = false;
  }

  /** There was something to read: there may be more. */
  mayHaveMore(): void {
    this.#news = true;
  }

  /** Waits for news; false when a heartbeat is due instead. */
  async something(): Promise<boolean> {
    if (this.#news || this.#over) return true;
    let cancel = (): void => undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      cancel = this.#parts.clock.after(this.#parts.limits.heartbeatMs, resolve);
    });
    cancel();
    this.#wake = undefined;
    return this.#news || this.#over;
  }
}
