// The live stream as a tab sees it: it says which topics it wants, and hears of them, whether it holds the one connection
// of this browser itself or another tab does.
import type { LiveMessage } from "@sluice/protocol";
import { LiveConnection } from "./connection.ts";
import type { LiveConnectionParts, LiveState } from "./connection.ts";
import type { Leadership, TabChannel } from "./leadership.ts";

export type LiveListener = (message: LiveMessage) => void;

export interface LiveHubParts extends Pick<LiveConnectionParts, "open" | "now" | "random"> {
  readonly leadership: Leadership;
  readonly channel: TabChannel | undefined;
  /** Of this tab; no other has it. */
  readonly tab: string;
}

/** Between tabs. */
type TabMessage =
  | { readonly type: "want"; readonly tab: string; readonly topics: readonly (readonly [string, number])[] }
  | { readonly type: "lead" }
  | { readonly type: "restart" }
  | { readonly type: "stop" }
  | { readonly type: "state"; readonly state: LiveState }
  | { readonly type: "live"; readonly message: LiveMessage };

interface Subscription {
  readonly topic: string;
  readonly listener: LiveListener;
  /** Number of the last event of a run that it has heard of. */
  after: number;
}

/** The topic a message is about; undefined for those that are about the connection. */
function topicOf(message: LiveMessage): string | undefined {
  switch (message.type) {
    case "runs":
      return "runs";
    case "run":
      return `run:${message.run}`;
    case "stream":
      return `stream:${message.run}`;
    case "subscribed":
    case "refused":
    case "changed":
    case "lagged":
      return message.topic;
    case "hello":
    case "pong":
    case "ended":
      return undefined;
    default:
      // A newer server may say more.
      return undefined;
  }
}

/** The live stream of one tab. It does nothing before `start`. */
export class LiveHub {
  readonly #parts: LiveHubParts;
  readonly #subscriptions = new Set<Subscription>();
  readonly #everything = new Set<LiveListener>();
  readonly #stateListeners = new Set<() => void>();
  /** What each tab wants; of the leader alone. */
  readonly #wanted = new Map<string, Map<string, number>>();
  #connection: LiveConnection | undefined;
  #state: LiveState = { status: "off", retryAt: null };
  #started = false;
  #telling = false;

  constructor(parts: LiveHubParts) {
    this.#parts = parts;
  }

  get state(): LiveState {
    return this.#state;
  }

  readonly subscribeState = (listener: () => void): (() => void) => {
    this.#stateListeners.add(listener);
    return () => this.#stateListeners.delete(listener);
  };

  /** Joins the tabs of this browser. Called again after signing in, it makes the connection new. */
  start(): void {
    if (this.#started) {
      this.#restart();
      return;
    }
    this.#started = true;
    const { channel, leadership, tab } = this.#parts;
    channel?.onMessage((message) => this.#hear(message as TabMessage));
    leadership.attend(tab);
    leadership.campaign(() => this.#lead());
    this.#tell();
  }

  /** Closes the connection of this browser until the next `start`, as after signing out. */
  stop(): void {
    if (this.#connection === undefined) this.#parts.channel?.post({ type: "stop" } satisfies TabMessage);
    else this.#connection.stop();
  }

  /** Tries to connect now instead of later. */
  hurry(): void {
    this.#connection?.hurry();
  }

  /** Hears of a topic until the returned function is called. `after`: the last number of a `run:ID` that is known. */
  subscribe(topic: string, listener: LiveListener, after = 0): () => void {
    const subscription: Subscription = { topic, listener, after };
    this.#subscriptions.add(subscription);
    this.#tellSoon();
    return () => {
      this.#subscriptions.delete(subscription);
      this.#tellSoon();
    };
  }

  /** Hears every message this tab hears, those about the connection included. */
  onMessage(listener: LiveListener): () => void {
    this.#everything.add(listener);
    return () => this.#everything.delete(listener);
  }

  #restart(): void {
    if (this.#connection === undefined) this.#parts.channel?.post({ type: "restart" } satisfies TabMessage);
    else {
      this.#connection.stop();
      this.#connection.start();
    }
  }

  #lead(): void {
    const { open, now, random, channel } = this.#parts;
    this.#connection = new LiveConnection({
      open,
      now,
      random,
      onMessage: (message) => {
        if (message.type === "run" || message.type === "stream")
          this.#advance(`${message.type}:${message.run}`, message.number);
        channel?.post({ type: "live", message } satisfies TabMessage);
        this.#deliver(message);
      },
      onState: (state) => {
        channel?.post({ type: "state", state } satisfies TabMessage);
        this.#use(state);
      },
    });
    channel?.post({ type: "lead" } satisfies TabMessage);
    this.#tell();
    this.#connection.start();
  }

  #hear(message: TabMessage): void {
    switch (message.type) {
      case "want":
        this.#attendTo(message.tab, message.topics);
        return;
      case "lead":
        this.#tell();
        return;
      case "restart":
        if (this.#connection !== undefined) this.#restart();
        return;
      case "stop":
        this.#connection?.stop();
        return;
      case "state":
        this.#use(message.state);
        return;
      case "live":
        this.#deliver(message.message);
        break;
      default:
        // A tab with a newer console may say more.
        break;
    }
  }

  #attendTo(tab: string, topics: LiveTopicList): void {
    if (this.#connection === undefined) return;
    if (!this.#wanted.has(tab) && tab !== this.#parts.tab) {
      this.#parts.leadership.whenGone(tab, () => {
        this.#wanted.delete(tab);
        this.#want();
      });
      // It has just come and has not heard how things stand.
      this.#parts.channel?.post({ type: "state", state: this.#state } satisfies TabMessage);
    }
    this.#wanted.set(tab, new Map(topics));
    this.#want();
  }

  /** Every tab has heard this, so that none needs it again when what is wanted changes. */
  #advance(topic: string, number: number): void {
    for (const wanted of this.#wanted.values()) {
      const after = wanted.get(topic);
      if (after !== undefined && after < number) wanted.set(topic, number);
    }
  }

  #want(): void {
    const topics = new Map<string, number>();
    for (const wanted of this.#wanted.values()) {
      for (const [topic, after] of wanted) topics.set(topic, Math.min(after, topics.get(topic) ?? after));
    }
    this.#connection?.want(topics);
  }

  /** Once for all that comes and goes in one turn: a screen that is left and one that opens. */
  #tellSoon(): void {
    if (this.#telling || !this.#started) return;
    this.#telling = true;
    queueMicrotask(() => {
      this.#telling = false;
      this.#tell();
    });
  }

  #tell(): void {
    const topics = new Map<string, number>();
    for (const { topic, after } of this.#subscriptions) topics.set(topic, Math.min(after, topics.get(topic) ?? after));
    const { tab, channel } = this.#parts;
    const list = [...topics];
    if (this.#connection === undefined) channel?.post({ type: "want", tab, topics: list } satisfies TabMessage);
    else this.#attendTo(tab, list);
  }

  #deliver(message: LiveMessage): void {
    for (const listener of this.#everything) listener(message);
    const topic = topicOf(message);
    if (topic === undefined) return;
    for (const subscription of this.#subscriptions) {
      if (subscription.topic !== topic) continue;
      // What has no number, a status or a log line, is never repeated. What has one, another tab may have asked for again.
      if (message.type === "run" && message.number > 0) {
        if (message.number <= subscription.after) continue;
        subscription.after = message.number;
      }
      subscription.listener(message);
    }
  }

  #use(state: LiveState): void {
    this.#state = state;
    for (const listener of this.#stateListeners) listener();
  }
}

type LiveTopicList = readonly (readonly [string, number])[];
