// A worker's end of its connection to the engine: sends batches, hands on what arrives, keeps the heartbeat.
import { workerMessageCodes } from "@sluice/protocol";
import type { EngineToWorker, WireMessage, WorkerToEngine } from "@sluice/protocol";
import { blockedInstead, WireDecoder, WireEncoder, WireWriter } from "./wire.ts";
import type { ByteSink, RunMessage, WireOptions } from "./wire.ts";
import type { WorkerClock } from "./clock.ts";

export interface WorkerConnectionOptions extends Omit<WireOptions, "now"> {
  readonly sink: ByteSink;
  readonly clock: WorkerClock;
  readonly heartbeatMs: number;
  readonly hello: Readonly<Record<string, unknown>>;
  /** The engine has accepted this worker, with what its HELLO_ACK says. */
  readonly onAccepted: (ack: Readonly<Record<string, unknown>>) => void;
  /** The engine says why it ends the connection, or what it did not understand. */
  readonly onError?: ((error: Readonly<Record<string, unknown>>) => void) | undefined;
  readonly onRefused: (reason: string) => void;
  /** A message of another kind; false where nobody here knows it. */
  readonly onOther?: ((message: WireMessage) => boolean) | undefined;
  /** Called once a turn of the event loop at most. */
  readonly onMessages: (messages: readonly EngineToWorker[]) => void;
}

/** Neutral: whoever owns the socket calls `received` and `drained`. */
export class WorkerConnection {
  readonly #options: WorkerConnectionOptions;
  readonly #encoder: WireEncoder;
  readonly #decoder: WireDecoder;
  readonly #writer: WireWriter;
  #outgoing: WorkerToEngine[] = [];
  #flushWanted = false;
  #incoming: EngineToWorker[] = [];
  #handled = false;
  #closed = false;

  constructor(options: WorkerConnectionOptions) {
    this.#options = options;
    this.#encoder = new WireEncoder({ ...options, now: () => options.clock.now() });
    this.#decoder = new WireDecoder(options);
    this.#writer = new WireWriter(options.sink);
    this.control(workerMessageCodes.HELLO, options.hello);
  }

  /** Sends with everything else of this turn. */
  send(message: WorkerToEngine): void {
    this.#outgoing.push(message);
    if (this.#flushWanted) return;
    this.#flushWanted = true;
    this.#options.clock.turn(() => this.flush());
  }

  /** Sends what has been collected now. */
  flush(): void {
    this.#flushWanted = false;
    const messages = this.#outgoing;
    if (messages.length === 0) return;
    this.#outgoing = [];
    const refused: RunMessage[] = [];
    const frames = this.#encoder.encode(messages, (message, fault) => {
      const instead = blockedInstead(message, fault);
      if (instead !== undefined) refused.push(instead);
    });
    this.#writer.write([...frames, ...this.#encoder.encode(refused, () => undefined)]);
  }

  /** Says that this worker cannot go on. */
  fail(error: Readonly<Record<string, unknown>>): void {
    this.flush();
    this.control(workerMessageCodes.ERROR, error);
  }

  /** Bytes that the socket has not taken yet. */
  get pendingBytes(): number {
    return this.#writer.pendingBytes;
  }

  drained(): void {
    this.#writer.drained();
  }

  close(): void {
    this.#closed = true;
  }

  /** Takes bytes from the socket. Throws `FrameError` or `WireFault` when they cannot be understood. */
  received(chunk: Uint8Array): void {
    const { runs, controls } = this.#decoder.push(chunk);
    for (const control of controls) this.#handleControl(control);
    if (runs.length === 0) return;
    for (const message of runs) this.#incoming.push(message as EngineToWorker);
    this.#hand();
  }

  /** The first chunk of a turn is handled at once, further ones in the next turn. */
  #hand(): void {
    if (this.#handled) return;
    this.#handled = true;
    const messages = this.#incoming;
    this.#incoming = [];
    this.#options.onMessages(messages);
    this.#options.clock.turn(() => {
      this.#handled = false;
      if (this.#incoming.length > 0) this.#hand();
    });
  }

  #handleControl(message: WireMessage): void {
    const { type, id, payload } = message;
    switch (type) {
      case workerMessageCodes.HELLO_ACK:
        if (payload["accepted"] === true) {
          this.#beat();
          this.#options.onAccepted(payload);
        } else this.#options.onRefused(typeof payload["reason"] === "string" ? payload["reason"] : "no reason given");
        break;
      case workerMessageCodes.ERROR:
        this.#options.onError?.(payload);
        break;
      case workerMessageCodes.HEARTBEAT:
      case workerMessageCodes.HEARTBEAT_ACK:
        break;
      default:
        if (this.#options.onOther?.(message) === true) return;
        this.control(workerMessageCodes.ERROR, {
          request_id: id,
          code: "message_unknown_type",
          message: `message type ${type} is not known here`,
        });
    }
  }

  #beat(): void {
    if (this.#closed) return;
    this.control(workerMessageCodes.HEARTBEAT, { worker_id: this.#options.hello["worker_id"] });
    this.#options.clock.after(this.#options.heartbeatMs, () => this.#beat());
  }

  /** Sends a message of its own, at once. */
  control(type: number, payload: Readonly<Record<string, unknown>>): void {
    this.#writer.write([this.#encoder.control(type, payload)]);
  }
}
