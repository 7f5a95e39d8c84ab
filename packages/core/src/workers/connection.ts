// One worker's connection, whatever carries it: nothing before HELLO, then its requests one after the other, as fast as they can be
// served. What arrives faster waits in its own socket.
import { frameVersion, workerMessageCodes } from "@sluice/protocol";
import type { FrameError, WireMessage } from "@sluice/protocol";
import { parseWorkerMessage } from "@sluice/protocol/worker-messages";
import type { WorkerMessage } from "@sluice/protocol/worker-messages";
import type { Clock } from "../kernel/clock.ts";
import type { Logger } from "../kernel/log.ts";
import type { FleetLimits } from "./limits.ts";
import type { WorkerTransport } from "./ports.ts";
import { isOurOwn } from "./remote-worker.ts";
import type { Hello, RemoteWorker, WorkerLine } from "./remote-worker.ts";

/** What a connection hands on to. */
export interface ConnectionOwner {
  /** Judges a HELLO and answers it with `accept` or `refuse`. */
  hello(connection: WorkerConnection, hello: Hello, runtime: string): Promise<void>;
  /** A message of somebody who was let in. While a promise is open, the next one waits. */
  message(worker: RemoteWorker, message: WorkerMessage): Promise<void> | undefined;
  /** The same for 0x60–0x7f. */
  otherWork(worker: RemoteWorker, message: WireMessage): Promise<void> | undefined;
  closed(connection: WorkerConnection, worker: RemoteWorker | undefined, why: string): void;
}

export interface ConnectionParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: FleetLimits;
  readonly newId: () => string;
  readonly owner: ConnectionOwner;
}

interface Received {
  readonly messages: readonly WireMessage[];
  readonly bytes: number;
}

const runtime = "bun";
/** A worker is not looked after more often, whatever it announces. */
const heartbeatMsMin = 20;

export class WorkerConnection implements WorkerLine {
  readonly #parts: ConnectionParts;
  readonly #transport: WorkerTransport;
  readonly #stopHello: () => void;
  #inbox: Received[] = [];
  #inboxBytes = 0;
  #pumping = false;
  #paused = false;
  #worker: RemoteWorker | undefined;
  #greeted = false;
  #over = false;
  #why = "the connection was closed";
  #stopBeat: () => void = () => undefined;
  #beats = 0;
  #drained: () => void = () => undefined;

  constructor(parts: ConnectionParts, transport: WorkerTransport) {
    this.#parts = parts;
    this.#transport = transport;
    this.#stopHello = parts.clock.after(parts.limits.remoteHelloMs, () =>
      this.end("hello_missing", "No HELLO came in time."),
    );
  }

  get kind(): WorkerTransport["kind"] {
    return this.#transport.kind;
  }

  get address(): string | undefined {
    return this.#transport.address;
  }

  get waitingBytes(): number {
    return this.#transport.waitingBytes;
  }

  /** Whether a worker was let in: others send nothing but HELLO. */
  get known(): boolean {
    return this.#worker !== undefined;
  }

  /** Whether it is over: nothing is read or sent any more. */
  get over(): boolean {
    return this.#over;
  }

  /** Messages that came together, and how many bytes they were. */
  received(messages: readonly WireMessage[], bytes: number): void {
    if (this.#over) return;
    const { clock, limits } = this.#parts;
    this.#beats = 0;
    if (this.#worker !== undefined) this.#worker.heardAt = clock.now();
    this.#inbox.push({ messages, bytes });
    this.#inboxBytes += bytes;
    if (!this.#pumping) void this.#pump();
    if (!this.#paused && this.#inboxBytes > limits.workerInboxBytesMax) this.#pause();
  }

  /** What arrived is no frame: the good ones before it are served, then it is over. */
  garbled({ code, message, received }: FrameError, bytes: number): void {
    if (received.length > 0) this.received(received, bytes);
    this.end(code, message);
  }

  /** The other side has taken bytes that waited. */
  drained(): void {
    if (this.#transport.waitingBytes <= this.#parts.limits.workerOutboxBytesMax) this.#drained();
  }

  /** The transport is closed. */
  closed(): void {
    this.#finish();
  }

  /** Tells the worker why, and ends the connection. */
  end(code: string, message: string): void {
    if (this.#over) return;
    this.#why = message;
    this.send(workerMessageCodes.ERROR, { code, message });
    this.#close();
  }

  accept(worker: RemoteWorker, ack: Readonly<Record<string, unknown>>): void {
    this.#worker = worker;
    this.#stopHello();
    this.send(workerMessageCodes.HELLO_ACK, { accepted: true, ...ack });
    this.#beat(worker);
  }

  refuse(reason: string): void {
    if (this.#over) return;
    this.#why = reason;
    this.send(workerMessageCodes.HELLO_ACK, { accepted: false, reason });
    this.#close();
  }

  /** Sends a message; its id, undefined when it is over. */
  send(type: number, payload: Readonly<Record<string, unknown>>): string | undefined {
    if (this.#over) return undefined;
    const { clock, newId } = this.#parts;
    const id = newId();
    this.#transport.send({ version: frameVersion, type, id, timestamp: clock.now(), runtime, payload });
    return id;
  }

  #close(): void {
    this.#transport.close();
    this.#finish();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#inbox = [];
    this.#stopHello();
    this.#stopBeat();
    this.#drained();
    this.#parts.owner.closed(this, this.#worker, this.#why);
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    try {
      for (let batch = this.#inbox[0]; batch !== undefined && !this.#over; batch = this.#inbox[0]) {
        for (const message of batch.messages) {
          if (this.#over) return;
          const served = this.#take(message);
          if (served !== undefined) await served;
          if (this.#transport.waitingBytes > this.#parts.limits.workerOutboxBytesMax) await this.#outboxRoom();
        }
        this.#inbox.shift();
        this.#inboxBytes -= batch.bytes;
        if (this.#paused && this.#inboxBytes * 2 <= this.#parts.limits.workerInboxBytesMax) this.#resume();
      }
    } catch (error) {
      this.#parts.log("error", "a request of a worker failed", {
        worker: this.#worker?.id,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      this.end("internal", "Something went wrong inside the server; its log has the details.");
    } finally {
      this.#pumping = false;
    }
  }

  #take(message: WireMessage): Promise<void> | undefined {
    const { owner } = this.#parts;
    const worker = this.#worker;
    if (worker !== undefined && !worker.basic && isOurOwn(message.type)) return owner.otherWork(worker, message);
    const parsed = parseWorkerMessage(message, "worker");
    if (worker === undefined) return this.#first(message, parsed);
    if (!parsed.ok) {
      this.send(workerMessageCodes.ERROR, { request_id: message.id, code: parsed.code, message: parsed.message });
      return undefined;
    }
    if (parsed.message.name === "HELLO") {
      this.end("hello_twice", "HELLO comes once, as the first message.");
      return undefined;
    }
    return owner.message(worker, parsed.message);
  }

  /** Nothing before HELLO. */
  #first(message: WireMessage, parsed: ReturnType<typeof parseWorkerMessage>): Promise<void> | undefined {
    if (message.type !== workerMessageCodes.HELLO || this.#greeted) {
      this.end("hello_missing", "The first message is HELLO.");
      return undefined;
    }
    this.#greeted = true;
    if (!parsed.ok || parsed.message.name !== "HELLO") {
      this.refuse(parsed.ok ? "The first message is HELLO." : parsed.message);
      return undefined;
    }
    const { payload } = parsed.message;
    return this.#parts.owner.hello(this, payload, payload.runtime ?? message.runtime);
  }

  /** Asks whether the worker is there, and gives it up when it promised to say so and does not. */
  #beat(worker: RemoteWorker): void {
    const { clock, limits } = this.#parts;
    const { heartbeat_ms: promisedMs } = worker.hello;
    const everyMs = promisedMs === undefined ? limits.remoteHeartbeatMs : Math.max(promisedMs, heartbeatMsMin);
    this.#stopBeat = clock.after(everyMs, () => {
      // One whose socket is not read cannot be heard.
      if (promisedMs !== undefined && !this.#paused && !this.#pumping) this.#beats++;
      if (this.#beats > limits.heartbeatsMissedMax) {
        this.end("heartbeats_missed", `Nothing was heard for ${limits.heartbeatsMissedMax} heartbeats.`);
        return;
      }
      if (this.#transport.waitingBytes === 0) this.send(workerMessageCodes.HEARTBEAT, { worker_id: worker.id });
      this.#beat(worker);
    });
  }

  async #outboxRoom(): Promise<void> {
    if (this.#over) return;
    this.#pause();
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
    this.#drained = () => undefined;
    this.#resume();
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#transport.pause();
  }

  #resume(): void {
    if (!this.#paused || this.#over) return;
    this.#paused = false;
    this.#beats = 0;
    this.#transport.resume();
  }
}
