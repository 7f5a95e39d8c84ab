// The streamed output of one run for one client: every piece that is kept, from where the client was, then each as it is stored.
import { decodeValue, isFinalStatus, valueToJson } from "@sluice/protocol";
import type { StreamChunk } from "@sluice/core";
import type { HttpParts } from "./call.ts";

/** Pieces that are read and sent at once. */
const readBytesMax = 256 * 1024;
const encoder = new TextEncoder();

type FeedParts = Pick<HttpParts, "engine" | "clock" | "limits">;

/** Reads on demand: a client that is slow holds nothing in memory but what is on its way. */
export class StreamFeed {
  readonly #parts: FeedParts;
  readonly #run: string;
  readonly #closed: () => void;
  readonly #unwatch: readonly (() => void)[];
  /** Number of the last piece that was sent. */
  #sent: number;
  #news = true;
  #wake: (() => void) | undefined;
  #over = false;

  /** `after` is the number of the last piece the client has seen; `closed` is called once, when nothing is sent any more. */
  constructor(parts: FeedParts, p: { readonly run: string; readonly after: number; readonly closed: () => void }) {
    this.#parts = parts;
    this.#run = p.run;
    this.#sent = p.after;
    this.#closed = p.closed;
    const { watchers } = parts.engine;
    // Before anything is read: what is stored meanwhile makes it read again.
    this.#unwatch = [
      watchers.onStream(p.run, () => this.#told()),
      watchers.watch(p.run, (update) => {
        if (update.type === "run" || update.type === "stale") this.#told();
      }),
    ];
  }

  #told(): void {
    this.#news = true;
    this.#wake?.();
  }

  /** As server-sent events: `chunk` with the piece's number as id, `gap` where pieces are not kept any more, `end`. */
  stream(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          try {
            const text = await this.#next();
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

  /** Ends it, though the run may go on. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    for (const stop of this.#unwatch) stop();
    this.#wake?.();
    this.#closed();
  }

  async #next(): Promise<string> {
    const { engine } = this.#parts;
    while (!this.#over) {
      this.#news = false;
      // The run comes first: if it has ended by then, its output is complete.
      const record = await engine.store.getRun({ run: this.#run });
      const { chunks, first } = await engine.store.readStream({
        run: this.#run,
        after: this.#sent,
        bytesMax: readBytesMax,
      });
      const text = await this.#textOf(chunks, first);
      if (chunks.length > 0) {
        this.#news = true;
        return text;
      }
      if (record === undefined || isFinalStatus(record.status)) {
        this.end();
        const end = { status: record?.status ?? "deleted", continuedTo: record?.continuedTo ?? null };
        return `${text}event: end\ndata: ${JSON.stringify(end)}\n\n`;
      }
      if (text !== "") return text;
      if (!(await this.#something())) return ": still here\n\n";
    }
    return "";
  }

  async #textOf(chunks: readonly StreamChunk[], first: number): Promise<string> {
    const lost = first - this.#sent - 1;
    if (lost > 0) this.#sent = first - 1;
    const gap = lost > 0 ? `id: ${this.#sent}\nevent: gap\ndata: ${JSON.stringify({ lost, next: first })}\n\n` : "";
    const last = chunks.at(-1);
    if (last !== undefined) this.#sent = last.no;
    const { values } = this.#parts.engine;
    const texts: string[] = [];
    for (const chunk of chunks) texts.push(eventText({ ...chunk, value: await values.load(chunk.value) }));
    return gap + texts.join("");
  }

  /** False when a heartbeat is due instead. */
  async #something(): Promise<boolean> {
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

function eventText({ no, step, index, at, value }: StreamChunk): string {
  const body = { at, step: step ?? null, index, data: valueToJson(decodeValue(value)) };
  return `id: ${no}\nevent: chunk\ndata: ${JSON.stringify(body)}\n\n`;
}
