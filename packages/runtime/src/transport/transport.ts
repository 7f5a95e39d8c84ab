// How a worker reaches its master: whole messages in order, over whatever carries bytes, with back-pressure both ways.

import { encodeFrame, encodeMessage, FrameDecoder, FrameError, decodeMessage, frameBytesMax } from "@sluice/protocol";
import type { WireMessage } from "@sluice/protocol";
import { deferred } from "../deferred.ts";
import { failureOf, RuntimeFailure } from "../failure.ts";

export interface Transport {
  /** Fails with `connection_failed` (or what the platform says) when nobody is there. Can be called again after an end. */
  connect(): Promise<void>;
  /** Sends what was given to `send`, then closes. Fine when there is no connection. */
  disconnect(): Promise<void>;
  /** Resolves when the connection has taken the message: whoever waits for it is slowed by a slow peer. */
  send(message: WireMessage): Promise<void>;
  /** The next message comes when all listeners are done with this one: who takes long slows the peer. */
  onMessage(listener: (message: WireMessage) => void | Promise<void>): void;
  /** Told once for each connection that was there: with the failure, unless this side or the peer simply closed it. */
  onDisconnect(listener: (failure: RuntimeFailure | undefined) => void): void;
  isConnected(): boolean;
}

export interface TcpOptions {
  readonly host: string;
  readonly port: number;
  /** TLS, checked against the system's authorities or `ca` (PEM). */
  readonly tls?: { readonly ca?: string; readonly serverName?: string };
}

export interface WebSocketOptions {
  /** `ws:` or `wss:`. */
  readonly url: string;
}

export interface TransportProvider {
  /** Frames with a length before them. */
  tcp(options: TcpOptions): Transport;
  /** One frame, without the length, in each binary message. */
  webSocket(options: WebSocketOptions): Transport;
}

/** A connection of the platform. */
export interface Link {
  /** Resolves when the system has taken all of it. */
  write(bytes: Uint8Array): Promise<void>;
  /** Closes after what was written. */
  close(): void;
}

/** What a connection tells. `data` has to be waited for before more is read; after `closed` nothing comes. */
export interface LinkEvents {
  data(bytes: Uint8Array): Promise<void>;
  closed(error?: unknown): void;
}

export type OpenLink = (events: LinkEvents) => Promise<Link>;

/** Whether the connection keeps messages apart by itself. */
export type Framing = "length" | "message";

/** Bytes that may wait to be sent for somebody who does not wait for `send`. */
const sendBytesMax = 4 * frameBytesMax;

interface Connection {
  readonly link: Link;
  readonly ended: Promise<void>;
}

/** Frames over a link: the same on every runtime. */
export class FramedTransport implements Transport {
  readonly #open: OpenLink;
  readonly #framing: Framing;
  readonly #messageListeners: ((message: WireMessage) => void | Promise<void>)[] = [];
  readonly #endListeners: ((failure: RuntimeFailure | undefined) => void)[] = [];
  #connection: Connection | undefined;
  #sending: Promise<void> = Promise.resolve();
  #waitingBytes = 0;

  constructor(open: OpenLink, framing: Framing) {
    this.#open = open;
    this.#framing = framing;
  }

  async connect(): Promise<void> {
    if (this.#connection !== undefined) throw new RuntimeFailure("already_exists", "the transport is connected");
    const decoder = new FrameDecoder();
    const ended = deferred();
    let over = false;
    const end = (error?: unknown): void => {
      if (over) return;
      over = true;
      this.#connection = undefined;
      ended.resolve();
      const failure = error === undefined ? undefined : failureOf(error, "the connection");
      for (const listener of this.#endListeners) listener(failure);
    };
    let link: Link | undefined;
    const data = async (bytes: Uint8Array): Promise<void> => {
      try {
        await this.#take(decoder, bytes);
      } catch (error) {
        end(error instanceof FrameError ? new RuntimeFailure("bad_frame", error.message, { cause: error }) : error);
        link?.close();
      }
    };
    try {
      link = await this.#open({ data, closed: end });
    } catch (error) {
      over = true;
      const failure = failureOf(error, "connecting");
      throw failure.code === "io_failed"
        ? new RuntimeFailure("connection_failed", failure.message, { cause: error })
        : failure;
    }
    // What arrived at once may have been no message.
    if (over) link.close();
    else this.#connection = { link, ended: ended.promise };
    this.#sending = Promise.resolve();
    this.#waitingBytes = 0;
  }

  async disconnect(): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return;
    // What cannot be sent any more was told to whoever sent it.
    await this.#sending.catch(() => undefined);
    connection.link.close();
    await connection.ended;
  }

  async send(message: WireMessage): Promise<void> {
    const link = this.#connection?.link;
    if (link === undefined) throw new RuntimeFailure("not_connected", "there is no connection to send over");
    const bytes = this.#encode(message);
    if (this.#waitingBytes + bytes.length > sendBytesMax)
      throw new RuntimeFailure("too_large", `more than ${sendBytesMax} bytes wait to be sent`);
    this.#waitingBytes += bytes.length;
    const sent = this.#sending.then(async () => link.write(bytes));
    this.#sending = sent.catch(() => undefined);
    try {
      await sent;
    } catch (error) {
      throw failureOf(error, "sending");
    } finally {
      this.#waitingBytes -= bytes.length;
    }
  }

  onMessage(listener: (message: WireMessage) => void | Promise<void>): void {
    this.#messageListeners.push(listener);
  }

  onDisconnect(listener: (failure: RuntimeFailure | undefined) => void): void {
    this.#endListeners.push(listener);
  }

  isConnected(): boolean {
    return this.#connection !== undefined;
  }

  #encode(message: WireMessage): Uint8Array {
    try {
      return this.#framing === "length" ? encodeFrame(message) : encodeMessage(message);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      const code = error.code === "frame_too_large" ? "too_large" : "bad_frame";
      throw new RuntimeFailure(code, `sending: ${error.message}`, { cause: error });
    }
  }

  async #take(decoder: FrameDecoder, bytes: Uint8Array): Promise<void> {
    if (this.#framing === "message") return this.#deliver([decodeMessage(bytes)]);
    let messages: readonly WireMessage[];
    try {
      messages = decoder.push(bytes);
    } catch (error) {
      if (error instanceof FrameError) await this.#deliver(error.received);
      throw error;
    }
    await this.#deliver(messages);
  }

  async #deliver(messages: readonly WireMessage[]): Promise<void> {
    for (const message of messages) for (const listener of this.#messageListeners) await listener(message);
  }
}
