// Workers over WebSocket: one frame a message, without the length before it.
import type { WorkerConnection, WorkerTransport } from "@sluice/core/workers";
import { decodeMessage, encodeMessage, frameBytesMax, FrameError } from "@sluice/protocol";
import type { WireMessage } from "@sluice/protocol";
import { closeCodes } from "../sockets.ts";
import type { Socket, SocketSession } from "../sockets.ts";

/** Longest message of somebody who has not been let in. */
const helloBytesMax = 64 * 1024;

export class SocketWorker implements SocketSession, WorkerTransport {
  readonly kind = "websocket";
  readonly messageBytesMax = frameBytesMax;
  readonly address: string | undefined;
  readonly #connect: (transport: WorkerTransport) => WorkerConnection;
  #socket: Socket | undefined;
  #connection: WorkerConnection | undefined;

  constructor(p: {
    readonly address: string | undefined;
    readonly connect: (transport: WorkerTransport) => WorkerConnection;
  }) {
    this.address = p.address;
    this.#connect = p.connect;
  }

  opened(socket: Socket): void {
    this.#socket = socket;
    this.#connection = this.#connect(this);
  }

  received(message: string | Uint8Array): void {
    const connection = this.#connection;
    if (connection === undefined || connection.over) return;
    if (typeof message === "string") {
      connection.end("frame_bad_msgpack", "Frames are binary messages.");
      return;
    }
    const limit = connection.known ? frameBytesMax : helloBytesMax;
    try {
      connection.received([decodeMessage(message, { frameBytesMax: limit })], message.length);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      connection.garbled(error, message.length);
    }
  }

  drained(): void {
    this.#connection?.drained();
  }

  closed(): void {
    this.#socket = undefined;
    this.#connection?.closed();
  }

  get waitingBytes(): number {
    return this.#socket?.waitingBytes ?? 0;
  }

  send(message: WireMessage): void {
    this.#socket?.sendBytes(encodeMessage(message));
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  close(): void {
    this.#socket?.resume();
    this.#socket?.close(closeCodes.refused, "see the last message");
  }
}
