// The streamed output of one run for one client: every piece that is kept, from where the client was, then each as it is stored.
import { decodeValue, isFinalStatus, valueToJson } from "@sluice/protocol";
import type { StreamChunk } from "@sluice/core";
import type { HttpParts } from "./call.ts";
import { PulledFeed } from "./pulled-feed.ts";
import type { PulledParts } from "./pulled-feed.ts";

/** Pieces that are read and sent at once. */
const readBytesMax = 256 * 1024;

type FeedParts = Pick<HttpParts, "engine"> & PulledParts;

/** One thing that is told of it; `number` is that of the last piece it is about, 0 for none. */
export interface StreamEvent {
  readonly event: "chunk" | "gap" | "end";
  readonly number: number;
  readonly data: unknown;
}

export class StreamFeed {
  readonly #parts: FeedParts;
  readonly #run: string;
  readonly #feed: PulledFeed;
  /** Number of the last piece that was sent. */
  #sent: number;

  /** `after` is the number of the last piece the client has seen; `closed` is called once, when nothing is sent any more. */
  constructor(parts: FeedParts, p: { readonly run: string; readonly after: number; readonly closed: () => void }) {
    this.#parts = parts;
    this.#run = p.run;
    this.#sent = p.after;
    const { watchers } = parts.engine;
    this.#feed = new PulledFeed(parts, {
      closed: p.closed,
      watch: (told) => [
        watchers.onStream(p.run, told),
        watchers.watch(p.run, (update) => {
          if (update.type === "run" || update.type === "stale") told();
        }),
      ],
    });
  }

  /** As server-sent events: `chunk` with the piece's number as id, `gap` where pieces are not kept any more, `end`. */
  stream(): ReadableStream<Uint8Array> {
    return this.#feed.stream(async () => {
      const events = await this.next();
      return events?.length === 0 ? ": still here\n\n" : (events ?? []).map(eventText).join("");
    });
  }

  /** Ends it, though the run may go on. */
  end(): void {
    this.#feed.end();
  }

  /** What comes next; nothing when a heartbeat is due, undefined when it is over. */
  async next(): Promise<readonly StreamEvent[] | undefined> {
    const { engine } = this.#parts;
    while (!this.#feed.over) {
      this.#feed.reading();
      // The run comes first: if it has ended by then, its output is complete.
      const record = await engine.store.getRun({ run: this.#run });
      const { chunks, first } = await engine.store.readStream({
        run: this.#run,
        after: this.#sent,
        bytesMax: readBytesMax,
      });
      const events = await this.#eventsOf(chunks, first);
      if (chunks.length > 0) {
        this.#feed.mayHaveMore();
        return events;
      }
      if (record === undefined || isFinalStatus(record.status)) {
        this.#feed.end();
        const data = { status: record?.status ?? "deleted", continuedTo: record?.continuedTo ?? null };
        return [...events, { event: "end", number: 0, data }];
      }
      if (events.length > 0) return events;
      if (!(await this.#feed.something())) return [];
    }
    return undefined;
  }

  async #eventsOf(chunks: readonly StreamChunk[], first: number): Promise<readonly StreamEvent[]> {
    const lost = first - this.#sent - 1;
    if (lost > 0) this.#sent = first - 1;
    const gap: StreamEvent[] = lost > 0 ? [{ event: "gap", number: this.#sent, data: { lost, next: first } }] : [];
    const last = chunks.at(-1);
    if (last !== undefined) this.#sent = last.no;
    const { values } = this.#parts.engine;
    const events: StreamEvent[] = [];
    for (const chunk of chunks) events.push(eventOf({ ...chunk, value: await values.load(chunk.value) }));
    return [...gap, ...events];
  }
}

function eventOf({ no, step, index, at, value }: StreamChunk): StreamEvent {
  return { event: "chunk", number: no, data: { at, step: step ?? null, index, data: valueToJson(decodeValue(value)) } };
}

function eventText({ event, number, data }: StreamEvent): string {
  return `${number > 0 ? `id: ${number}\n` : ""}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
