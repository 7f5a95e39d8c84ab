// A link over the WebSocket that web standards know, as Bun, Deno and the package `ws` have it.

import { deferred } from "../deferred.ts";
import { RuntimeFailure } from "../failure.ts";
import type { Link, LinkEvents } from "./transport.ts";

/** What is used of a WebSocket. */
export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  addEventListener(name: string, listener: (event: unknown) => void): void;
  /** Of `ws` alone: stops reading from the network. */
  pause?(): void;
  resume?(): void;
}

/** Bytes that may wait in the socket before a write waits for them. */
const writtenBytesMax = 1024 * 1024;
/** Standard WebSockets tell nobody when they have sent: it is looked at this often. */
const lookEveryMs = 2;
/** Bytes that may wait for a slow listener. Above it reading stops, or where a socket cannot stop, the connection ends. */
const readBytesMax = 64 * 1024 * 1024;
const pauseAtBytes = 1024 * 1024;
const normalClosure = 1000;
const tooBig = 1009;

interface MessageEventLike {
  readonly data: unknown;
}

/** Resolves when the socket is open. */
export async function openWebSocketLink(socket: WebSocketLike, events: LinkEvents): Promise<Link> {
  socket.binaryType = "arraybuffer";
  const opened = deferred();
  const state = { open: true };
  let reading: Promise<void> = Promise.resolve();
  let waitingBytes = 0;
  let problem: RuntimeFailure | undefined;
  const closed = (): void => {
    state.open = false;
    opened.reject(problem ?? new RuntimeFailure("connection_failed", "the socket was closed before it was open"));
    // What has arrived before the end is heard before it.
    void reading.then(() => events.closed(problem));
  };
  socket.addEventListener("open", () => opened.resolve());
  socket.addEventListener("error", (event) => {
    const { message } = event as { readonly message?: unknown };
    problem ??= new RuntimeFailure("connection_failed", typeof message === "string" ? message : "the WebSocket failed");
  });
  socket.addEventListener("close", closed);
  socket.addEventListener("message", (event) => {
    const { data } = event as MessageEventLike;
    if (!(data instanceof ArrayBuffer)) {
      problem = new RuntimeFailure("bad_frame", "a message that is not binary");
      return socket.close(normalClosure);
    }
    waitingBytes += data.byteLength;
    if (waitingBytes > pauseAtBytes) socket.pause?.();
    if (waitingBytes > readBytesMax) {
      problem = new RuntimeFailure("too_large", `more than ${readBytesMax} bytes wait to be heard`);
      return socket.close(tooBig);
    }
    reading = reading.then(async () => {
      await events.data(new Uint8Array(data));
      waitingBytes -= data.byteLength;
      if (waitingBytes <= pauseAtBytes) socket.resume?.();
    });
  });
  await opened.promise;
  return {
    async write(bytes) {
      if (!state.open) throw new RuntimeFailure("closed", "the socket is closed");
      socket.send(bytes as Uint8Array<ArrayBuffer>);
      while (state.open && socket.bufferedAmount > writtenBytesMax) await look();
    },
    close: () => socket.close(normalClosure),
  };
}

async function look(): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, lookEveryMs);
  });
}
