// The streamed output of one run as one connection follows it: piece by piece, at the pace the client takes them.
import type { HttpParts } from "../call.ts";
import { StreamFeed } from "../stream-feed.ts";
import type { LiveConnection } from "./connection.ts";

type TopicParts = Pick<HttpParts, "engine" | "clock" | "limits" | "log" | "metrics">;

export class StreamTopic {
  readonly #parts: TopicParts;
  readonly #connection: LiveConnection;
  readonly #run: string;
  #feed: StreamFeed | undefined;
  /** Waits for what happens to a run that had ended. */
  #unwatch: () => void = () => undefined;
  /** Number of the last piece that was sent. */
  #sent: number;
  #stopped = false;

  constructor(parts: TopicParts, connection: LiveConnection, p: { readonly run: string; readonly after: number }) {
    this.#parts = parts;
    this.#connection = connection;
    this.#run = p.run;
    this.#sent = p.after;
    parts.metrics.watching++;
    this.#start();
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#parts.metrics.watching--;
    this.#unwatch();
    this.#feed?.end();
  }

  #start(): void {
    this.#unwatch();
    const feed = new StreamFeed(this.#parts, { run: this.#run, after: this.#sent, closed: () => undefined });
    this.#feed = feed;
    this.#pump(feed).catch((error: unknown) => {
      const { engine, log } = this.#parts;
      if (!engine.draining) log("error", "a stream could not be followed", { run: this.#run, error: String(error) });
      this.#connection.restart();
    });
  }

  async #pump(feed: StreamFeed): Promise<void> {
    for (;;) {
      const events = await feed.next();
      if (this.#stopped) return;
      if (events === undefined) break;
      for (const { event, number, data } of events) {
        if (number > 0) this.#sent = number;
        this.#connection.send({ type: "stream", run: this.#run, event, number, data });
      }
      if (!(await this.#connection.writable())) return;
    }
    // An ended run may be retried: then it streams on.
    this.#unwatch = this.#parts.engine.watchers.watch(this.#run, () => this.#start());
    const now = await this.#parts.engine.store.getRuns({ runs: [this.#run] });
    if (now[0] !== undefined && now[0].endedAt === undefined && this.#feed === feed && !this.#stopped) this.#start();
    if (this.#stopped) this.#unwatch();
  }
}
