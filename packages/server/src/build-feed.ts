// What happens to one build for one client: every event that is kept, from where the client was, then each as it is stored.
import type { BuildEvent } from "@sluice/core";
import type { Fleet } from "@sluice/core/workers";
import type { HttpParts } from "./call.ts";
import { PulledFeed } from "./pulled-feed.ts";
import type { PulledParts } from "./pulled-feed.ts";

/** Events and bytes of output that are read and sent at once. */
const readMax = 500;
const readBytesMax = 256 * 1024;

type FeedParts = Pick<HttpParts, "store"> & PulledParts;

export class BuildFeed {
  readonly #parts: FeedParts;
  readonly #build: string;
  readonly #feed: PulledFeed;
  /** Number of the last event that was sent. */
  #sent: number;

  /** `after` is the number of the last event the client has seen; `closed` is called once, when nothing is sent any more. */
  constructor(
    parts: FeedParts,
    p: {
      readonly build: string;
      readonly builds: Fleet["builds"];
      readonly after: number;
      readonly closed: () => void;
    },
  ) {
    this.#parts = parts;
    this.#build = p.build;
    this.#sent = p.after;
    this.#feed = new PulledFeed(parts, { closed: p.closed, watch: (told) => [p.builds.watch(p.build, told)] });
  }

  /** As server-sent events named by their kind, with the event's number as id; `gap` where output is not kept any more. */
  stream(): ReadableStream<Uint8Array> {
    return this.#feed.stream(() => this.#next());
  }

  /** Ends it, though the build may go on. */
  end(): void {
    this.#feed.end();
  }

  async #next(): Promise<string> {
    const { builds } = this.#parts.store;
    while (!this.#feed.over) {
      this.#feed.reading();
      const events = await builds.readBuildEvents({
        build: this.#build,
        after: this.#sent,
        limit: readMax,
        bytesMax: readBytesMax,
      });
      if (events.length > 0) {
        this.#feed.mayHaveMore();
        return this.#textOf(events);
      }
      const record = await builds.getBuild({ build: this.#build });
      // What was not kept comes as no event: the end is told all the same.
      if (record === undefined || (record.endedAt !== undefined && record.events <= this.#sent)) {
        this.#feed.end();
        return "";
      }
      if (!(await this.#feed.something())) return ": still here\n\n";
    }
    return "";
  }

  #textOf(events: readonly BuildEvent[]): string {
    let text = "";
    for (const event of events) {
      const lost = event.no - this.#sent - 1;
      if (lost > 0) text += `event: gap\ndata: ${JSON.stringify({ lost, next: event.no })}\n\n`;
      this.#sent = event.no;
      text += eventText(event);
    }
    return text;
  }
}

/** Output is text where it is UTF-8, else base64: a piece may end inside of a character. */
function eventText({ no, at, kind, epoch, worker, stream, bytes, done, total, message }: BuildEvent): string {
  const output = bytes === undefined ? {} : outputOf(bytes);
  const body = { at, epoch, worker: worker ?? null, stream, ...output, done, total, message };
  return `id: ${no}\nevent: ${kind}\ndata: ${JSON.stringify(body)}\n\n`;
}

function outputOf(bytes: Uint8Array): { readonly text: string } | { readonly base64: string } {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { base64: Buffer.from(bytes).toString("base64") };
  }
}
