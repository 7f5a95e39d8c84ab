// One WebSocket to the server that comes back by itself: backoff with jitter, a heartbeat that notices dead lines, and
// everything that was subscribed subscribed again, from the last number seen.
import type { LiveMessage, LiveRequest } from "@sluice/protocol";

/** `off`: nobody is signed in. `lost`: the server does not answer now. */
export type LiveStatus = "off" | "connecting" | "open" | "lost";

export interface LiveState {
  readonly status: LiveStatus;
  /** Milliseconds since 1970 of the next try, while it is lost. */
  readonly retryAt: number | null;
}

/** A topic with the number of the last event of it that was seen; 0 before the first. */
export type LiveTopics = ReadonlyMap<string, number>;

export interface LiveConnectionParts {
  readonly open: () => WebSocket;
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly onMessage: (message: LiveMessage) => void;
  readonly onState: (state: LiveState) => void;
}

export const retryMsMin = 500;
export const retryMsMax = 15_000;
const pingEveryMs = 20_000;
const silenceMsMax = 35_000;

/** How long to wait before try number `attempt`, from 0: doubling, and anywhere in the upper half of that. */
export function retryMs(attempt: number, random: () => number): number {
  const full = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(attempt, 10));
  return Math.round(full / 2 + (full / 2) * random());
}

/** The connection of the tab that leads. */
export class LiveConnection {
  readonly #parts: LiveConnectionParts;
  readonly #topics = new Map<string, number>();
  #socket: WebSocket | undefined;
  #attempt = 0;
  #heardAt = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #running = false;

  constructor(parts: LiveConnectionParts) {
    this.#parts = parts;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#attempt = 0;
    this.#connect();
  }

  stop(): void {
    this.#running = false;
    this.#drop();
    this.#parts.onState({ status: "off", retryAt: null });
  }

  /** Tries now instead of later, as when the network is back. */
  hurry(): void {
    if (!this.#running || this.#socket !== undefined) return;
    clearTimeout(this.#retry);
    this.#connect();
  }

  /** Subscribes to these and to nothing else. A topic that is asked for from an earlier number is subscribed again. */
  want(topics: LiveTopics): void {
    for (const topic of this.#topics.keys()) {
      if (topics.has(topic)) continue;
      this.#topics.delete(topic);
      this.#send({ type: "unsubscribe", topic });
    }
    for (const [topic, after] of topics) {
      const known = this.#topics.get(topic);
      if (known !== undefined && known <= after) continue;
      if (known !== undefined) this.#send({ type: "unsubscribe", topic });
      this.#topics.set(topic, after);
      this.#send(subscribe(topic, after));
    }
  }

  #connect(): void {
    this.#parts.onState({ status: this.#attempt === 0 ? "connecting" : "lost", retryAt: null });
    const socket = this.#parts.open();
    this.#socket = socket;
    this.#heardAt = this.#parts.now();
    socket.addEventListener("open", () => {
      if (this.#socket !== socket) return;
      for (const [topic, after] of this.#topics) this.#send(subscribe(topic, after));
    });
    socket.addEventListener("message", (event: MessageEvent<unknown>) => {
      if (this.#socket === socket && typeof event.data === "string") this.#receive(event.data);
    });
    socket.addEventListener("close", () => {
      if (this.#socket === socket) this.#lost();
    });
    clearInterval(this.#heartbeat);
    this.#heartbeat = setInterval(() => this.#beat(), pingEveryMs);
  }

  #receive(text: string): void {
    const message = JSON.parse(text) as LiveMessage;
    this.#heardAt = this.#parts.now();
    if (message.type === "hello") {
      this.#attempt = 0;
      this.#parts.onState({ status: "open", retryAt: null });
    }
    if (message.type === "run") {
      const topic = `run:${message.run}`;
      const seen = this.#topics.get(topic);
      if (seen !== undefined && message.number > seen) this.#topics.set(topic, message.number);
    }
    this.#parts.onMessage(message);
    // With other rights one comes back at once; any other end is the end of the session.
    if (message.type === "ended" && message.code !== "access_changed") this.stop();
  }

  #beat(): void {
    if (this.#parts.now() - this.#heardAt > silenceMsMax) {
      this.#socket?.close();
      this.#lost();
    } else this.#send({ type: "ping" });
  }

  #lost(): void {
    this.#drop();
    if (!this.#running) return;
    const ms = retryMs(this.#attempt++, this.#parts.random);
    this.#parts.onState({ status: "lost", retryAt: this.#parts.now() + ms });
    this.#retry = setTimeout(() => this.#connect(), ms);
  }

  #drop(): void {
    clearTimeout(this.#retry);
    clearInterval(this.#heartbeat);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #send(request: LiveRequest): void {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(request));
  }
}

function subscribe(topic: string, after: number): LiveRequest {
  return after > 0 ? { type: "subscribe", topic, after } : { type: "subscribe", topic };
}
