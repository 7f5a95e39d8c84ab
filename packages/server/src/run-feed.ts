// The updates of one run for one follower, in this process or behind a connection: the journal from where the follower was, then
// what happens, without gap or repetition, and nothing about a step once its end was told.
import { decodeErrorValue, isFinalStatus, valueToJson } from "@sluice/protocol";
import type { JournalEntry } from "@sluice/protocol";
import type { JournalCursor, RunUpdate } from "@sluice/core";
import type { HttpParts } from "./call.ts";

/** The piece of a journal that is read at once. */
const pieceBytes = 256 * 1024;
const encoder = new TextEncoder();

export interface FeedParts extends Pick<HttpParts, "engine" | "clock"> {
  readonly limits: Pick<HttpParts["limits"], "heartbeatMs" | "watchBytesMax" | "watchUpdatesMax">;
}

/** One thing that happened to the run. */
export interface FeedEvent {
  readonly event: RunUpdate["type"] | "end";
  /** Its place in the journal's order; undefined for what is not journaled. */
  readonly number?: number | undefined;
  /** When it happened; milliseconds since 1970. */
  readonly at: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What an event says, as JSON. */
export function bodyOf({ event, at, data }: FeedEvent): string {
  return JSON.stringify(event === "end" ? data : { at, data: valueToJson(data) });
}

/**
 * Makes events on demand. Numbers are those of the journal's order, so a client that comes back with the last one it saw
 * misses nothing. What is not journaled (logs, progress, beginnings) has no number and is told as it happens only.
 */
export class RunFeed {
  readonly #parts: FeedParts;
  readonly #run: string;
  readonly #unwatch: () => void;
  readonly #closed: () => void;
  #updates: RunUpdate[] = [];
  /** Number of the last journal entry that was sent. */
  #sent: number;
  /** Where the journal is being read; undefined when the client has all of it. */
  #reading: JournalCursor | undefined;
  /** The journal has to be read again from `#sent` on. */
  #behind = true;
  /**
   * Steps whose end the journal has told, the last of them: what the engine tells of their beginnings may come later than that,
   * and is no news. Until something comes that the journal had not.
   */
  readonly #told = new Set<number>();
  /** Open entries are to be shown too. */
  #showOpen = true;
  #status = "";
  /** Set once the run's end is known and the journal is being read for the last time: what is to be said then. */
  #end: readonly FeedEvent[] | undefined;
  #wake: (() => void) | undefined;
  #over = false;
  /** The run has ended, and everything has been told. */
  #complete = false;
  /** It is over for our reasons, and the client has to be told. */
  #ended = false;

  /** `after` is the number of the last entry the client has seen; `closed` is called once, when nothing is sent any more. */
  constructor(parts: FeedParts, p: { readonly run: string; readonly after: number; readonly closed: () => void }) {
    this.#parts = parts;
    this.#run = p.run;
    this.#sent = p.after;
    this.#closed = p.closed;
    // Before anything is read: what happens meanwhile waits here.
    this.#unwatch = parts.engine.watchers.watch(p.run, (update) => this.#take(update));
  }

  /** As server-sent events. */
  stream(): ReadableStream<Uint8Array> {
    const strategy = new ByteLengthQueuingStrategy({ highWaterMark: this.#parts.limits.watchBytesMax });
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const events = await this.next();
          if (events === undefined) {
            if (this.#ended) controller.close();
            return;
          }
          controller.enqueue(encoder.encode(events.length === 0 ? ": still here\n\n" : events.map(eventText).join("")));
          if (this.#complete) controller.close();
        },
        cancel: () => this.close(),
      },
      strategy,
    );
  }

  /**
   * What has happened since it was asked for last, in order; waits until there is something. Nothing when a heartbeat is due,
   * undefined when there will be no more.
   */
  async next(): Promise<readonly FeedEvent[] | undefined> {
    if (this.#over) return undefined;
    try {
      const events = await this.#next();
      if (this.#over) return undefined;
      if (this.#complete) this.close();
      return events;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Ends the stream though the run goes on: the client comes back with the number of the last event it saw. */
  end(): void {
    this.#ended = !this.#over;
    this.close();
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#unwatch();
    this.#updates = [];
    this.#wake?.();
    this.#closed();
  }

  #take(update: RunUpdate): void {
    if (this.#updates.length < this.#parts.limits.watchUpdatesMax) this.#updates.push(update);
    else {
      this.#updates = [];
      this.#behind = true;
      this.#showOpen = true;
    }
    this.#wake?.();
  }

  async #next(): Promise<readonly FeedEvent[]> {
    for (;;) {
      if (this.#over) return [];
      let events: readonly FeedEvent[];
      if (this.#behind) events = await this.#begin();
      else if (this.#reading !== undefined) events = await this.#readOn(this.#reading);
      else {
        const updates = this.#updates;
        this.#updates = [];
        events = updates.flatMap((update) => this.#live(update));
      }
      if (this.#end !== undefined && !this.#behind && this.#reading === undefined) {
        this.#complete = true;
        return [...events, ...this.#end];
      }
      if (events.length > 0) return events;
      if (this.#behind || this.#reading !== undefined || this.#updates.length > 0) continue;
      if (!(await this.#somethingNew())) return [];
    }
  }

  /** False when a heartbeat is due instead. */
  async #somethingNew(): Promise<boolean> {
    let news = true;
    let cancel = (): void => undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      cancel = this.#parts.clock.after(this.#parts.limits.heartbeatMs, () => {
        news = false;
        resolve();
      });
    });
    cancel();
    this.#wake = undefined;
    return news;
  }

  /** Starts to read the journal. The run comes first: if it has ended by then, the journal is complete. */
  async #begin(): Promise<readonly FeedEvent[]> {
    this.#behind = false;
    const record = await this.#parts.engine.store.getRun({ run: this.#run });
    if (record === undefined) {
      this.#end = [endOf("deleted", null, this.#parts.clock.now())];
      return [];
    }
    // A number from the future must not hide what comes.
    this.#sent = Math.min(this.#sent, record.ord);
    this.#reading = { after: this.#sent, open: false };
    const { status, reason, endedAt } = record;
    if (!isFinalStatus(status)) return this.#statusEvent(status, reason ?? null, {});
    const data = { status, statusReason: reason ?? null };
    const at = endedAt ?? this.#parts.clock.now();
    this.#end = [feedEvent("run", { at, data }), endOf(status, data.statusReason, at)];
    return [];
  }

  #statusEvent(status: string, reason: string | null, more: Readonly<Record<string, unknown>>): readonly FeedEvent[] {
    const now = `${status} ${reason}`;
    if (now === this.#status) return [];
    this.#status = now;
    return [feedEvent("run", { at: this.#parts.clock.now(), data: { status, statusReason: reason, ...more } })];
  }

  async #readOn(from: JournalCursor): Promise<readonly FeedEvent[]> {
    const piece = await this.#parts.engine.store.readJournal({ run: this.#run, from, bytesMax: pieceBytes });
    const events: FeedEvent[] = [];
    for (const entry of piece.entries) {
      if (entry.ord > this.#sent) {
        this.#sent = entry.ord;
        this.#note(entry.seq);
        events.push(feedEvent("step", { at: entry.end, data: entryData(entry), number: entry.ord }));
      } else if (entry.ord === 0 && this.#showOpen) {
        events.push(feedEvent("step", { at: entry.at, data: entryData(entry) }));
      }
    }
    this.#reading = piece.next;
    if (piece.next === undefined) this.#showOpen = false;
    return events;
  }

  #note(seq: number): void {
    // As many beginnings as can be waiting.
    if (this.#told.size >= this.#parts.limits.watchUpdatesMax) {
      const [oldest] = this.#told;
      if (oldest !== undefined) this.#told.delete(oldest);
    }
    this.#told.add(seq);
  }

  /** An update as it comes. What the journal says better makes it be read again. */
  #live(update: RunUpdate): readonly FeedEvent[] {
    if (this.#behind) return [];
    const { type, data, id } = update;
    const at = update.at === 0 ? this.#parts.clock.now() : update.at;
    if (type === "stale") {
      this.#behind = true;
      return [];
    }
    if (type === "run") {
      const { status, statusReason, ...more } = data as { status?: string; statusReason?: string | null };
      if (status === undefined) return [];
      // Retried: what its journal has lost is done again.
      if (status === "queued") this.#told.clear();
      if (!isFinalStatus(status as Parameters<typeof isFinalStatus>[0])) {
        return this.#statusEvent(status, statusReason ?? null, more);
      }
      this.#behind = true;
      return [];
    }
    if (id === undefined)
      return type === "step" && this.#told.has(Number(data["seq"])) ? [] : [feedEvent(type, { at, data })];
    if (id <= this.#sent) return [];
    if (id !== this.#sent + 1 || data["name"] === undefined) {
      this.#behind = true;
      return [];
    }
    this.#sent = id;
    this.#told.clear();
    return [feedEvent(type, { at, data, number: id })];
  }
}

function feedEvent(event: FeedEvent["event"], shown: Omit<FeedEvent, "event">): FeedEvent {
  return { event, ...shown };
}

function endOf(status: string, statusReason: string | null, at: number): FeedEvent {
  return { event: "end", at, data: { status, statusReason } };
}

/** As the event stream format of HTML has it. */
function eventText(told: FeedEvent): string {
  const { event, number } = told;
  return `${number === undefined ? "" : `id: ${number}\n`}event: ${event}\ndata: ${bodyOf(told)}\n\n`;
}

/** First byte of what stands for a value that is kept as a blob. */
const referenceByte = 0xc1;

function entryData(entry: JournalEntry): Record<string, unknown> {
  const { seq, kind, name, status, attempt, error, due } = entry;
  return {
    seq,
    kind,
    name,
    status,
    attempt,
    ...(due === undefined || entry.ord > 0 ? {} : { dueAt: due }),
    ...(error === undefined ? {} : { error: errorData(error) }),
  };
}

function errorData(bytes: Uint8Array): unknown {
  if (bytes[0] === referenceByte) return { message: "too large to show here" };
  const { name, message, code } = decodeErrorValue(bytes);
  return { name, message, code: code ?? null };
}
