// One client that follows a log query as it follows Grafana Loki's: lines by their labels, and which ones it was too slow for.
import type { LogQlTail, Tail } from "@sluice/core/logs";
import type { Clock } from "@sluice/core";
import { closeCodes } from "../sockets.ts";
import type { Socket, SocketSession } from "../sockets.ts";

/** More than this waiting for a client, and its tail is not read. */
const waitingBytesMax = 1024 * 1024;
/** Entries of one message. */
const entriesMax = 500;

export interface LokiTailParts {
  readonly tail: Tail;
  readonly show: LogQlTail["show"];
  /** What happened before is left out, though it is among the latest. */
  readonly fromMs: number;
  /** What was there when it began: later entries are live, whenever they happened. */
  readonly startSeq: number;
  readonly clock: Clock;
  readonly onEnded: (listener: () => void) => () => void;
}

export class LokiTail implements SocketSession {
  readonly #p: LokiTailParts;
  readonly #unlisten: () => void;
  #socket: Socket | undefined;
  #drained: (() => void) | undefined;

  constructor(p: LokiTailParts) {
    this.#p = p;
    this.#unlisten = p.onEnded(() => this.#end(closeCodes.ended, "not allowed any more"));
  }

  opened(socket: Socket): void {
    this.#socket = socket;
    if (this.#p.tail.over) return socket.cut();
    void this.#run(socket).catch(() => this.#end(closeCodes.failed, "the logs could not be read"));
    return undefined;
  }

  async #run(socket: Socket): Promise<void> {
    const { tail, show, fromMs, startSeq } = this.#p;
    for (let piece = await tail.next(); piece !== undefined; piece = await tail.next()) {
      const { entries, missed } = piece;
      const wanted = entries.filter(({ seq, timeMs }) => seq > startSeq || timeMs >= fromMs);
      for (let at = 0; at < wanted.length; at += entriesMax) {
        await this.#room();
        if (tail.over) return;
        const streams = new Map<string, { readonly stream: object; readonly values: [string, string][] }>();
        for (const entry of wanted.slice(at, at + entriesMax)) {
          const shown = show(entry);
          if (shown === undefined) continue;
          const key = JSON.stringify(shown.labels);
          const found = streams.get(key) ?? { stream: shown.labels, values: [] };
          streams.set(key, found);
          const ns = BigInt(entry.timeMs) * 1_000_000n + BigInt(entry.subNs);
          found.values.push([String(ns), shown.line]);
        }
        if (streams.size > 0) socket.send(JSON.stringify({ streams: [...streams.values()] }));
      }
      if (missed !== undefined)
        socket.send(JSON.stringify({ streams: [], dropped_entries: this.#dropped(missed.count) }));
    }
  }

  /** Loki names each; of those that were not kept only their number is known. */
  #dropped(count: number): object[] {
    const timestamp = String(BigInt(this.#p.clock.now()) * 1_000_000n);
    return [{ labels: JSON.stringify({ missed: String(count) }), timestamp }];
  }

  async #room(): Promise<void> {
    while (!this.#p.tail.over && (this.#socket?.waitingBytes ?? 0) > waitingBytesMax) {
      await new Promise<void>((resolve) => (this.#drained = resolve));
    }
  }

  /** Clients of Loki's say nothing. */
  received(): void {}

  drained(): void {
    this.#drained?.();
    this.#drained = undefined;
  }

  #end(code: number, reason: string): void {
    this.#socket?.close(code, reason);
    this.closed();
  }

  closed(): void {
    this.#unlisten();
    this.#p.tail.end();
    this.drained();
    this.#socket = undefined;
  }
}
