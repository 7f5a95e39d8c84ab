// One run, or what it streams, as one connection follows it: the events of its feed, at the pace the client takes them.
import type { HttpParts } from "../call.ts";
import { bodyOf, RunFeed } from "../run-feed.ts";
import { StreamFeed } from "../stream-feed.ts";
import type { Following, LiveConnection } from "./connection.ts";
import type { RunTopicKind } from "./topics.ts";

type TopicParts = Pick<HttpParts, "engine" | "clock" | "limits" | "log" | "metrics">;

interface Feed {
  /** What is told next; nothing when a heartbeat is due, undefined when there will be no more. */
  next(): Promise<readonly Told[] | undefined>;
  end(): void;
}

interface Told {
  readonly event: string;
  /** 0 for what has none. */
  readonly number: number;
  /** JSON. */
  readonly body: string;
}

export class RunTopic {
  readonly #parts: TopicParts;
  readonly #connection: LiveConnection;
  readonly #kind: RunTopicKind;
  readonly #run: string;
  #feed: Feed | undefined;
  /** Waits for what happens to a run that had ended. */
  #unwatch: () => void = () => undefined;
  /** Number of the last event that was sent. */
  #sent: number;
  #stopped = false;

  constructor(parts: TopicParts, connection: LiveConnection, p: Following) {
    this.#parts = parts;
    this.#connection = connection;
    this.#kind = p.kind;
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
    const feed = feedOf(this.#parts, { kind: this.#kind, run: this.#run, after: this.#sent });
    this.#feed = feed;
    this.#pump(feed).catch((error: unknown) => {
      const { engine, log } = this.#parts;
      if (!engine.draining)
        log("error", "a run could not be followed", { topic: this.#kind, run: this.#run, error: String(error) });
      this.#connection.restart();
    });
  }

  async #pump(feed: Feed): Promise<void> {
    for (;;) {
      const events = await feed.next();
      if (this.#stopped) return;
      if (events === undefined) break;
      for (const event of events) this.#connection.sendText(this.#textOf(event));
      if (!(await this.#connection.writable())) return;
    }
    // An ended run may be retried: then it goes on where it was.
    this.#unwatch = this.#parts.engine.watchers.watch(this.#run, () => this.#start());
    const now = await this.#parts.engine.store.getRuns({ runs: [this.#run] });
    if (now[0] !== undefined && now[0].endedAt === undefined && this.#feed === feed && !this.#stopped) this.#start();
    if (this.#stopped) this.#unwatch();
  }

  #textOf({ event, number, body }: Told): string {
    if (number > 0) this.#sent = number;
    const run = JSON.stringify(this.#run);
    return `{"type":"${this.#kind}","run":${run},"event":"${event}","number":${number},"data":${body}}`;
  }
}

function feedOf(parts: TopicParts, { kind, run, after }: Following): Feed {
  const closed = (): void => undefined;
  if (kind === "stream") {
    const feed = new StreamFeed(parts, { run, after, closed });
    return {
      next: async () => (await feed.next())?.map((told) => ({ ...told, body: JSON.stringify(told.data) })),
      end: () => feed.end(),
    };
  }
  const feed = new RunFeed(parts, { run, after, closed });
  return {
    next: async () =>
      (await feed.next())?.map((told) => ({ event: told.event, number: told.number ?? 0, body: bodyOf(told) })),
    end: () => feed.close(),
  };
}
