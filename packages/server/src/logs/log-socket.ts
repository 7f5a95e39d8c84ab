// The WebSocket of one client of logs: entries come in and are acknowledged once they are on the disk, entries it subscribes to go
// out. A message that cannot be taken is answered and changes nothing else.
import {
  addNative,
  Collector,
  levelNumber,
  parseQuery,
  QueryError,
  readNativeList,
  RefusedRequest,
} from "@sluice/core/logs";
import type { Appended, RejectCode } from "@sluice/core/logs";
import type { Clock } from "@sluice/core";
import { SluiceError, toWire } from "@sluice/protocol";
import type { ErrorCode } from "@sluice/protocol";
import { closeCodes } from "../sockets.ts";
import type { Socket, SocketSession } from "../sockets.ts";
import type { LogDesk } from "./log-desk.ts";
import { logMessage } from "./log-message.ts";
import type { LogMessage, SubscribeMessage } from "./log-message.ts";
import { LogSubscription } from "./log-subscription.ts";

export interface LogSocketParts {
  readonly desk: LogDesk;
  readonly clock: Clock;
  readonly clientId: string;
  /** Undefined where it may not send; the same for what it may see. */
  readonly writesTo: string | undefined;
  readonly reads: string | undefined;
  /** Hears when whoever connected is no longer let in. */
  readonly onEnded: (listener: () => void) => () => void;
  /** Runs something once everything that has come by now was looked at. */
  readonly soon: (run: () => void) => void;
}

/** A message that waits for the commit of what it brought. */
interface Unanswered {
  readonly id: string | undefined;
  readonly chars: number;
}

const codes = { ...closeCodes, normal: 1000, tryAgain: 1013 } as const;
const utf8 = new TextDecoder("utf-8", { fatal: true });
const clientTopic = "client:";
const allTopic = "logs";

export class LogSocket implements SocketSession {
  readonly compressed = true;
  readonly messageBytesMax: number;
  readonly clientId: string;
  readonly reads: string | undefined;
  readonly writesTo: string | undefined;
  readonly #parts: LogSocketParts;
  readonly #subscriptions = new Map<string, LogSubscription>();
  readonly #unlisten: () => void;
  #socket: Socket | undefined;
  #single: { readonly collector: Collector; readonly unanswered: Unanswered[] } | undefined;
  #commits = 0;
  #isDue = false;
  #messages = 0;
  #chars = 0;
  #heardMs = 0;
  #cancelIdle: () => void = () => undefined;
  #over = false;

  constructor(parts: LogSocketParts) {
    this.#parts = parts;
    this.clientId = parts.clientId;
    this.reads = parts.reads;
    this.writesTo = parts.writesTo;
    this.messageBytesMax = parts.desk.limits.logBodyBytesMax;
    this.#unlisten = parts.onEnded(() => this.end("ended", "not allowed any more"));
  }

  opened(socket: Socket): void {
    this.#socket = socket;
    if (this.#over) return socket.cut();
    const { desk, clientId, clock } = this.#parts;
    const { logWindowMessages: windowMessages, logWindowBytes: windowBytes } = desk.limits;
    desk.clients.join(this);
    this.#heardMs = clock.now();
    this.#watchIdle();
    this.#send({ type: "connection", clientId, timestamp: this.#timestamp(), windowMessages, windowBytes });
    return undefined;
  }

  received(message: string | Uint8Array): void {
    if (this.#over) return;
    this.#heardMs = this.#parts.clock.now();
    const text = typeof message === "string" ? message : textOf(message);
    const { logWindowMessages, logWindowBytes } = this.#parts.desk.limits;
    if (this.#messages >= logWindowMessages || this.#chars + (text?.length ?? 0) > logWindowBytes) {
      const said = "More is unacknowledged than the window allows (logWindowMessages, logWindowBytes).";
      this.#fail({ code: "too_many_requests", message: said });
      return this.end("tryAgain", "wait for acknowledgements");
    }
    if (text === undefined) return this.#fail({ code: "invalid_json", message: "The message is not UTF-8." });
    return this.#take(logMessage(text), text.length);
  }

  #take(message: LogMessage, chars: number): void {
    switch (message.kind) {
      case "entry":
        return this.#takeEntry(message, chars);
      case "batch":
        return this.#takeBatch(message, chars);
      case "subscribe":
        return this.#subscribe(message);
      case "unsubscribe":
        for (const topic of message.topics) this.#unsubscribe(topic);
        return this.#send({ type: "unsubscribed", topics: message.topics, timestamp: this.#timestamp() });
      default:
        return this.#fail({ code: message.code, message: message.message, logId: message.id });
    }
  }

  #takeEntry({ id, entry }: Extract<LogMessage, { kind: "entry" }>, chars: number): void {
    const { desk, clock, writesTo, clientId } = this.#parts;
    if (writesTo === undefined) return this.#fail({ ...mayNot("log:write"), logId: id });
    const single = (this.#single ??= { collector: new Collector(desk.limits), unanswered: [] });
    entry["clientId"] = clientId;
    // `type` is where clients of this kind say how bad it is.
    const { type } = entry;
    if (typeof type === "string" && entry["level"] === undefined && levelNumber(type) !== 0) entry["level"] = type;
    const problem = problemOf(() => addNative(single.collector, entry, clock.now()));
    if (problem !== undefined) return this.#fail({ ...problem, logId: id });
    single.unanswered.push({ id, chars });
    this.#count(chars);
    // Entries of one turn, and those that come while a commit is under way, share the next one.
    if (this.#isDue || this.#commits > 0) return undefined;
    this.#isDue = true;
    return this.#parts.soon(() => {
      this.#isDue = false;
      this.#commitSingle();
    });
  }

  #count(chars: number): void {
    this.#messages++;
    this.#chars += chars;
  }

  #commitSingle(): void {
    const single = this.#single;
    this.#single = undefined;
    const { writesTo } = this.#parts;
    if (single === undefined || writesTo === undefined) return;
    void this.#commit(single.unanswered, async () => {
      const appended = await this.#parts.desk.store.append(single.collector.batch(writesTo));
      const firstSeq = appended.outcome === "conflict" ? 0 : appended.firstSeq;
      const end = `,"accepted":1,"rejected":[],"timestamp":"${this.#timestamp()}"}`;
      return single.unanswered.map(({ id }, index) => {
        const seq = firstSeq + index;
        return `{"type":"ack","logId":${JSON.stringify(id ?? String(seq))},"seq":${seq}${end}`;
      });
    });
  }

  #takeBatch({ key, entries, labels }: Extract<LogMessage, { kind: "batch" }>, chars: number): void {
    const { desk, clock, writesTo, clientId } = this.#parts;
    if (writesTo === undefined) return this.#fail({ ...mayNot("log:write"), key });
    const collector = new Collector(desk.limits);
    const problem = problemOf(() =>
      readNativeList(collector, { entries, labels, nowMs: clock.now(), extra: { clientId } }),
    );
    if (problem !== undefined) return this.#fail({ ...problem, key });
    // In the order in which they came.
    this.#commitSingle();
    this.#count(chars);
    const named =
      key === undefined
        ? undefined
        : { name: `native:${key}`, hash: hashOf(JSON.stringify([labels ?? null, entries])) };
    void this.#commit([{ id: key, chars }], async () => {
      const appended = await desk.store.append(collector.batch(writesTo, named));
      return [this.#ackOf(appended, collector, key)];
    });
    return undefined;
  }

  #ackOf(appended: Appended, collector: Collector, key: string | undefined): string {
    if (appended.outcome === "conflict") {
      const message = "This key was used for other entries.";
      return JSON.stringify({ type: "error", code: "idempotency_conflict", message, key });
    }
    const firstSeq = collector.accepted === 0 ? null : appended.firstSeq;
    return JSON.stringify({
      type: "ack",
      key: key ?? String(firstSeq),
      accepted: collector.accepted,
      rejections: collector.rejections,
      rejected: collector.rejected,
      firstSeq,
      duplicate: appended.outcome === "duplicate",
      timestamp: this.#timestamp(),
    });
  }

  /** Answers messages when what they brought is durable, or says why it is not. */
  async #commit(unanswered: readonly Unanswered[], append: () => Promise<readonly string[]>): Promise<void> {
    this.#commits++;
    let answers: readonly string[];
    try {
      answers = await append();
    } catch (error) {
      const { code, message } = toWire(error);
      answers = unanswered.map(({ id }) => JSON.stringify({ type: "error", code, message, logId: id }));
    }
    this.#commits--;
    for (const { chars } of unanswered) {
      this.#messages--;
      this.#chars -= chars;
    }
    const socket = this.#socket;
    socket?.cork(() => {
      for (const text of answers) socket.send(text);
    });
    if (this.#commits === 0) this.#commitSingle();
  }

  #subscribe({ topics, last, after }: SubscribeMessage): void {
    const { desk, reads, clock } = this.#parts;
    if (reads === undefined) return this.#fail(mayNot("log:read"));
    const socket = this.#socket;
    if (socket === undefined) return undefined;
    for (const topic of topics) {
      if (this.#subscriptions.has(topic)) continue;
      if (this.#subscriptions.size >= desk.limits.logTopicsMax) {
        return this.#fail({
          code: "too_many_requests",
          message: `At most ${desk.limits.logTopicsMax} topics (logTopicsMax).`,
          topic,
        });
      }
      const problem = problemOf(() => {
        const { filter, pipes, fromMs, toMs } = parseQuery(queryOf(topic), clock.now());
        if (pipes.length > 0 || fromMs !== -Infinity || toMs !== Infinity) {
          throw new SluiceError({
            code: "invalid_filter",
            message: "A topic is a filter without pipes and without _time.",
          });
        }
        const startSeq = desk.store.lastSeq;
        const count = Math.min(last, desk.limits.logQueryRowsMax);
        const tail = desk.tails.tail({ tenant: reads, filter, after, last: count });
        const subscription = new LogSubscription({ topic, tail, socket, now: () => clock.now() });
        this.#subscriptions.set(topic, subscription);
        this.#send({ type: "subscribed", topics: [topic], timestamp: this.#timestamp() });
        subscription.run(startSeq).catch((error: unknown) => {
          this.#unsubscribe(topic);
          const { code, message } = toWire(error);
          this.#fail({ code, message, topic });
        });
        return undefined;
      });
      if (problem !== undefined) this.#fail({ ...problem, topic });
    }
    return undefined;
  }

  #unsubscribe(topic: string): void {
    this.#subscriptions.get(topic)?.end();
    this.#subscriptions.delete(topic);
  }

  /** Another client of the same tenant has gone. */
  gone(clientId: string): void {
    const hears = this.#subscriptions.has(allTopic) || this.#subscriptions.has(clientTopic + clientId);
    if (hears) this.#send({ type: "client_disconnect", clientId, timestamp: this.#timestamp() });
  }

  drained(): void {
    for (const subscription of this.#subscriptions.values()) subscription.drained();
  }

  end(why: "ended" | "restarting" | "tryAgain" | "normal", reason: string): void {
    if (this.#over) return;
    const socket = this.#socket;
    this.#leave();
    socket?.close(codes[why], reason);
  }

  closed(): void {
    this.#leave();
    this.#socket = undefined;
  }

  /** What it has sent is committed all the same. */
  #leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.#unlisten();
    this.#cancelIdle();
    this.#commitSingle();
    for (const topic of this.#subscriptions.keys()) this.#unsubscribe(topic);
    this.#parts.desk.clients.leave(this);
  }

  #watchIdle(): void {
    const { clock, desk } = this.#parts;
    const leftMs = this.#heardMs + desk.limits.logSocketIdleMs - clock.now();
    if (leftMs <= 0) return this.end("normal", "nothing was said for long");
    this.#cancelIdle = clock.after(leftMs, () => this.#watchIdle());
    return undefined;
  }

  #timestamp(): string {
    return new Date(this.#parts.clock.now()).toISOString();
  }

  #fail(p: { readonly code: ErrorCode; readonly message: string; readonly [more: string]: unknown }): void {
    this.#send({ type: "error", ...p });
  }

  #send(message: object): void {
    this.#heardMs = this.#parts.clock.now();
    this.#socket?.send(JSON.stringify(message));
  }
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function queryOf(topic: string): string {
  if (topic === allTopic) return "*";
  return topic.startsWith(clientTopic) ? `clientId:=${JSON.stringify(topic.slice(clientTopic.length))}` : topic;
}

function mayNot(permission: string): { readonly code: ErrorCode; readonly message: string } {
  return { code: "forbidden", message: `The token does not have ${permission}.` };
}

function hashOf(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}

/** Why something was not taken, as a client is told. */
function problemOf(
  take: () => RejectCode | undefined,
): { readonly code: ErrorCode; readonly message: string } | undefined {
  try {
    const rejected = take();
    return rejected === undefined
      ? undefined
      : { code: "invalid_input", message: `The entry was not taken: ${rejected}.` };
  } catch (error) {
    if (error instanceof RefusedRequest) return { code: error.code, message: error.message };
    if (error instanceof QueryError) return { code: "invalid_filter", message: error.message };
    if (error instanceof SluiceError) return { code: error.code, message: error.message };
    throw error;
  }
}
