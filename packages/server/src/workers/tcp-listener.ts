// Workers over TCP: a listener of its own, with or without TLS. Each connection is a stream of frames with their length before them.
import type { Socket, TCPSocketListener } from "bun";
import type { WorkerConnection, WorkerTransport } from "@sluice/core/workers";
import { encodeFrame, frameBytesMax, FrameDecoder, FrameError, SluiceError } from "@sluice/protocol";
import type { WireMessage } from "@sluice/protocol";
import { WireWriter } from "@sluice/worker/child";
import { plainAddress } from "../address.ts";
import type { TlsPair } from "../compose-tls.ts";

/** Longest frame of somebody who has not been let in. */
const helloBytesMax = 64 * 1024;
/** A connection that should end and whose other side takes nothing any more is cut after this long. */
const goodbyeMs = 1_000;
/** How soon a connection of which nothing is heard is asked for a sign of life by the system. */
const keepAliveMs = 30_000;

export interface TcpListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsPair | undefined;
  readonly after: (delayMs: number, callback: () => void) => () => void;
  /** A connection was opened. */
  readonly connect: (transport: WorkerTransport) => Promise<WorkerConnection>;
}

export interface TcpListener {
  readonly port: number;
  stop(): void;
}

/** Listens until `stop`. Throws `unavailable` when it cannot. */
export function listenForWorkers(options: TcpListenerOptions): TcpListener {
  const { host, port, tls } = options;
  try {
    const listener: TCPSocketListener<TcpConnection> = Bun.listen<TcpConnection>({
      hostname: host,
      port,
      ...(tls === undefined ? {} : { tls: { cert: tls.cert, key: tls.key } }),
      socket: {
        open: (socket) => {
          socket.data = new TcpConnection(socket, options);
        },
        data: (socket, chunk) => socket.data.received(chunk),
        drain: (socket) => socket.data.drained(),
        close: (socket) => socket.data.closed(),
        error: (socket) => socket.data.close(),
      },
    });
    return { port: listener.port, stop: () => listener.stop() };
  } catch (error) {
    throw new SluiceError({
      code: "unavailable",
      message: `Workers cannot be listened for on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`,
      hint: "Choose another port with --worker-port; 0 takes any that is free.",
    });
  }
}

class TcpConnection implements WorkerTransport {
  readonly kind = "tcp";
  readonly address: string;
  readonly #socket: Socket<TcpConnection>;
  readonly #options: TcpListenerOptions;
  readonly #writer: WireWriter;
  readonly #decoder = new FrameDecoder({ frameBytesMax: helloBytesMax });
  #connection: WorkerConnection | undefined;
  /** What came before there was somebody to tell. */
  #early: Uint8Array[] = [];
  #closed = false;
  #ending = false;

  constructor(socket: Socket<TcpConnection>, options: TcpListenerOptions) {
    this.#socket = socket;
    this.#options = options;
    this.address = plainAddress(socket.remoteAddress);
    this.#writer = new WireWriter(socket);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveMs);
    void this.#begin();
  }

  async #begin(): Promise<void> {
    this.pause();
    try {
      this.#connection = await this.#options.connect(this);
    } catch {
      // What serves is being put in its place: the worker tries again.
      this.close();
      return;
    }
    for (const chunk of this.#early.splice(0)) this.received(chunk);
    if (this.#closed) this.#connection.closed();
    else this.resume();
  }

  get waitingBytes(): number {
    return this.#closed ? 0 : this.#writer.pendingBytes;
  }

  send(message: WireMessage): void {
    if (!this.#closed) this.#writer.write([encodeFrame(message)]);
  }

  pause(): void {
    if (!this.#closed) this.#socket.pause();
  }

  resume(): void {
    if (!this.#closed) this.#socket.resume();
  }

  close(): void {
    if (this.#closed || this.#ending) return;
    this.#ending = true;
    // It has to be read to be heard closing.
    this.resume();
    if (this.#writer.pendingBytes === 0) this.#socket.end();
    this.#options.after(goodbyeMs, () => this.#cut());
  }

  #cut(): void {
    if (!this.#closed) this.#socket.terminate();
  }

  received(chunk: Uint8Array): void {
    if (this.#ending) return;
    const connection = this.#connection;
    if (connection === undefined) {
      this.#early.push(chunk.slice());
      return;
    }
    if (connection.known) this.#decoder.limitTo(frameBytesMax);
    try {
      const messages = this.#decoder.push(chunk);
      connection.received(messages, chunk.length);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      connection.garbled(error, chunk.length);
    }
  }

  drained(): void {
    this.#writer.drained();
    if (this.#ending && this.#writer.pendingBytes === 0) this.#socket.end();
    this.#connection?.drained();
  }

  closed(): void {
    this.#closed = true;
    this.#connection?.closed();
  }
}
