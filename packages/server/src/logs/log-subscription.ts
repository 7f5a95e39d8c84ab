// One subscription of a connection: entries from a tail, sent as the client takes them.
import type { Tail } from "@sluice/core/logs";
import type { Socket } from "../sockets.ts";
import { shownEntry } from "./show-logs.ts";

/** More than this waiting for a client, and its tail is not read: what comes meanwhile is held, then counted. */
const waitingBytesMax = 1024 * 1024;
/** Messages shorter than this are not worth packing. */
const packedCharsMin = 512;
/** Entries of a tail that are sent before anything else has its turn. */
const sentAtOnceMax = 500;

export class LogSubscription {
  readonly topic: string;
  readonly #tail: Tail;
  readonly #socket: Socket;
  readonly #now: () => number;
  #drained: (() => void) | undefined;

  constructor(p: { readonly topic: string; readonly tail: Tail; readonly socket: Socket; readonly now: () => number }) {
    this.topic = p.topic;
    this.#tail = p.tail;
    this.#socket = p.socket;
    this.#now = p.now;
  }

  /** Sends until it ends. Entries that were there before it began have no `receivedAt`: nobody wrote down when they came. */
  async run(startSeq: number): Promise<void> {
    for (let piece = await this.#tail.next(); piece !== undefined; piece = await this.#tail.next()) {
      const receivedAt = new Date(this.#now()).toISOString();
      const { entries, missed } = piece;
      for (let at = 0; at < entries.length; at += sentAtOnceMax) {
        await this.#room();
        if (this.#tail.over) return;
        this.#socket.cork(() => {
          for (const entry of entries.slice(at, at + sentAtOnceMax)) {
            const clientId = entry.fields["clientId"] ?? null;
            const live = { receivedAt: entry.seq > startSeq ? receivedAt : null, clientId };
            const text = JSON.stringify({ type: "entry", topic: this.topic, ...shownEntry(entry), ...live });
            this.#socket.send(text, text.length >= packedCharsMin);
          }
        });
      }
      if (missed !== undefined) this.#socket.send(JSON.stringify({ type: "missed", topic: this.topic, ...missed }));
    }
  }

  async #room(): Promise<void> {
    while (!this.#tail.over && this.#socket.waitingBytes > waitingBytesMax) {
      await new Promise<void>((resolve) => (this.#drained = resolve));
    }
  }

  /** Some of what waited was sent. */
  drained(): void {
    this.#drained?.();
    this.#drained = undefined;
  }

  end(): void {
    this.#tail.end();
    this.drained();
  }
}
