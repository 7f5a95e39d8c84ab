// One connection of the live stream: what it is subscribed to, and how much of that it can take.
import type { Clock, RunSummary } from "@sluice/core";
import type { Principal } from "@sluice/core/identity";
import type { ErrorCode, LiveMessage, LiveRequest } from "@sluice/protocol";
import { Rates } from "../rate-limit.ts";
import { closeCodes } from "../sockets.ts";
import type { Socket, SocketSession } from "../sockets.ts";
import type { LiveLimits } from "./limits.ts";
import { missingFor, topicOf } from "./topics.ts";
import type { RunTopicKind, SharedTopic } from "./topics.ts";

/** What a connection asks of the hub. */
export interface LiveRoom {
  readonly clock: Clock;
  readonly limits: LiveLimits;
  /** What a client is greeted with. */
  hello(): LiveMessage;
  /** From now on the connection is told what happens to a topic. */
  join(connection: LiveConnection, topic: SharedTopic): void;
  leave(connection: LiveConnection, topic: SharedTopic): void;
  /** Resolves when nothing of the topics that were joined is missed any more. Rejects when the server is stopping. */
  caughtUp(): Promise<void>;
  /** How a run stands that this connection may hear of. */
  find(connection: LiveConnection, run: string): Promise<RunSummary | undefined>;
  /** Tells what happens to a run after a number; answers how to stop. */
  follow(connection: LiveConnection, p: Following): () => void;
  left(connection: LiveConnection): void;
}

/** A run that is followed, and from where on. */
export interface Following {
  readonly run: string;
  readonly kind: RunTopicKind;
  readonly after: number;
}

/** A topic that is subscribed to, or about to be. */
interface Subscription {
  stop: () => void;
}

/** An ended connection that its client does not close is cut off after this long. */
const goodbyeMs = 800;
const topicCharsMax = 256;

export class LiveConnection implements SocketSession {
  readonly principal: Principal;
  readonly #room: LiveRoom;
  readonly #rates: Rates;
  readonly #subscriptions = new Map<string, Subscription>();
  /** Topics of which something was left out because the client was slow. */
  readonly #behind = new Set<string>();
  #waiting: (() => void)[] = [];
  #socket: Socket | undefined;
  #unlisten: () => void = () => undefined;
  #stopTimer: () => void = () => undefined;
  /** Nothing is taken or sent any more. */
  #over = false;
  #left = false;

  constructor(room: LiveRoom, principal: Principal) {
    this.principal = principal;
    this.#room = room;
    const { clock, limits } = room;
    const perSecond = limits.liveMessagesPerSecondMax;
    this.#rates = new Rates({ clock, perSecond, capacity: perSecond + limits.liveTopicsMax, entriesMax: 1 });
  }

  /** `onEnded`: hears when whoever is connected is no longer let in. */
  listenTo(onEnded: (listener: (code: string) => void) => () => void): void {
    this.#unlisten = onEnded((code) => this.end(code));
  }

  opened(socket: Socket): void {
    this.#socket = socket;
    if (this.#over) socket.cut();
    else this.send(this.#room.hello());
  }

  received(message: string | Uint8Array): void {
    if (this.#over) return;
    if (typeof message !== "string") return this.#close(closeCodes.unsupported, "JSON only");
    if (this.#rates.take("") > 0) return this.#close(closeCodes.refused, "too many messages");
    const request = requestOf(message);
    if (request === undefined) return this.#close(closeCodes.malformed, "not a message of the live stream");
    switch (request.type) {
      case "ping":
        return this.send({ type: "pong", now: this.#room.clock.now() });
      case "unsubscribe":
        return this.#unsubscribe(request.topic);
      case "subscribe":
        void this.#subscribe(request.topic, request.after ?? 0);
    }
  }

  drained(): void {
    if (!this.ready || this.#over) return;
    for (const topic of this.#behind) this.send({ type: "lagged", topic });
    this.#behind.clear();
    for (const go of this.#waiting.splice(0)) go();
  }

  closed(): void {
    this.#stop();
    this.#stopTimer();
    if (this.#left) return;
    this.#left = true;
    this.#room.left(this);
  }

  /** The session is over: the client is told, and the connection closed. */
  end(code: string): void {
    if (this.#over) return;
    this.send({ type: "ended", code });
    this.#close(closeCodes.ended, code);
  }

  /** The server stops; clients come back. */
  restart(): void {
    this.#close(closeCodes.restarting, "the server is restarting");
  }

  /** Whether the client has taken most of what was sent. */
  get ready(): boolean {
    return (this.#socket?.waitingBytes ?? 0) < this.#room.limits.liveWaitingBytesMax;
  }

  /** Resolves when the client can take more; false when it never will. */
  async writable(): Promise<boolean> {
    if (!this.#over && !this.ready) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return !this.#over;
  }

  send(message: LiveMessage): void {
    this.sendText(JSON.stringify(message));
  }

  sendText(text: string): void {
    if (!this.#over) this.#socket?.send(text);
  }

  /** Sends what belongs to a topic, or remembers that it was left out because the client is slow. */
  tell(topic: SharedTopic, text: string): void {
    if (this.#over) return;
    if (this.ready) this.sendText(text);
    else this.#behind.add(topic);
  }

  async #subscribe(name: string, after: number): Promise<void> {
    const { limits } = this.#room;
    this.#unsubscribe(name);
    const found = topicOf(name);
    if (found === undefined) return this.#refuse(name, "not_found", `There is no topic ${JSON.stringify(name)}.`);
    const missing = missingFor("run" in found ? found.kind : found.topic, this.principal);
    if (missing !== undefined) return this.#refuse(name, "forbidden", `This needs the permission ${missing}.`);
    if (this.#subscriptions.size >= limits.liveTopicsMax) {
      const message = `A connection has at most ${limits.liveTopicsMax} topics (liveTopicsMax).`;
      return this.#refuse(name, "too_many_requests", message);
    }
    const subscription: Subscription = { stop: () => undefined };
    this.#subscriptions.set(name, subscription);
    const isWanted = (): boolean => this.#subscriptions.get(name) === subscription;
    try {
      if ("run" in found) await this.#enterRun({ ...found, after }, { subscription, isWanted });
      else await this.#enter(found.topic, { subscription, isWanted });
    } catch {
      // The store is being closed, and with it all this.
      this.restart();
    }
    return undefined;
  }

  async #enter(topic: SharedTopic, { subscription, isWanted }: Entering): Promise<void> {
    subscription.stop = () => this.#room.leave(this, topic);
    this.#room.join(this, topic);
    await this.#room.caughtUp();
    if (isWanted()) this.send({ type: "subscribed", topic });
  }

  async #enterRun(following: Following, p: Entering): Promise<void> {
    const { run, kind } = following;
    const topic = `${kind}:${run}`;
    const known = await this.#room.find(this, run);
    if (!p.isWanted()) return;
    if (known === undefined) {
      this.#subscriptions.delete(topic);
      this.#refuse(topic, "run_not_found", `There is no run ${JSON.stringify(run)}.`);
      return;
    }
    this.send({ type: "subscribed", topic });
    p.subscription.stop = this.#room.follow(this, following);
  }

  #unsubscribe(name: string): void {
    const subscription = this.#subscriptions.get(name);
    if (subscription === undefined) return;
    this.#subscriptions.delete(name);
    this.#behind.delete(name);
    subscription.stop();
  }

  #refuse(topic: string, code: ErrorCode, message: string): void {
    this.send({ type: "refused", topic, code, message });
  }

  #close(code: number, reason: string): void {
    if (this.#over) return;
    this.#stop();
    this.#socket?.close(code, reason);
    this.#stopTimer = this.#room.clock.after(goodbyeMs, () => this.#socket?.cut());
  }

  #stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#unlisten();
    for (const name of this.#subscriptions.keys()) this.#unsubscribe(name);
    for (const go of this.#waiting.splice(0)) go();
  }
}

interface Entering {
  readonly subscription: Subscription;
  /** Whether the topic is still subscribed to by this wish. */
  readonly isWanted: () => boolean;
}

/** What a client says; undefined for what no client of ours would say. */
function requestOf(text: string): LiveRequest | undefined {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof message !== "object" || message === null) return undefined;
  const { type, topic, after } = message as Readonly<Record<string, unknown>>;
  if (type === "ping") return { type };
  if (typeof topic !== "string" || topic.length > topicCharsMax) return undefined;
  if (type === "unsubscribe") return { type, topic };
  if (type !== "subscribe") return undefined;
  if (after === undefined || after === null) return { type, topic };
  return Number.isSafeInteger(after) && (after as number) >= 0 ? { type, topic, after: after as number } : undefined;
}
